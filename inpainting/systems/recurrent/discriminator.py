"""The paper's discriminator: a patch branch joined with a branch that sees Sobel edges.

Source: J. W. Baik, "Image Inpainting" (Stanford), appendix B.
"""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.filters import sobel_energy
from inpainting.layers.spectral_conv import SpectralConv2D

PATCH_FILTERS = (48, 96, 192, 192, 192, 384)
EDGE_FILTERS = (24, 48, 96, 192, 192)
EDGE_FIRST_STRIDE = 4
DECISION_FILTERS = 576
SLOPE = 0.2


@tf.keras.utils.register_keras_serializable("inpainting")
class RecurrentDiscriminator(tf.keras.Model):
    """Judges an image and its edges as real or filled, once for every 64x64 pixels.

    Both branches divide height and width by 64; their ends are concatenated and pass one 5x5
    convolution to the decision map. Every convolution is spectrally normalised.

    Args:
        edge_branch: False leaves the edge branch out (the paper's ablation); the decision map then
            rests on the patch branch alone.

    Call arguments:
        image: `(B, H, W, 3)` in [0, 1], H and W at least 1.
        mask: `(B, H, W, 1)`, 1 = hole.

    Returns:
        `(decision, (feature1, feature2))`: the decision map `(B, ceil(H / 64), ceil(W / 64), 576)`,
        unbounded, and the outputs of the patch branch's first two layers for feature matching,
        `(B, ceil(H / 2), ceil(W / 2), 48)` and `(B, ceil(H / 4), ceil(W / 4), 96)`.
    """

    def __init__(self, edge_branch: bool = True, **kwargs):
        # Edges are float32 under mixed precision; each layer casts what it is given by itself.
        super().__init__(autocast=False, **kwargs)
        self.edge_branch = edge_branch
        self.patch_convs = [
            SpectralConv2D(filters, strides=2, name=f"patch{number + 1}")
            for number, filters in enumerate(PATCH_FILTERS)
        ]
        self.edge_convs = [
            SpectralConv2D(
                filters, strides=2 if number else EDGE_FIRST_STRIDE, name=f"edge{number + 1}"
            )
            for number, filters in enumerate(EDGE_FILTERS if edge_branch else ())
        ]
        self.decision = SpectralConv2D(DECISION_FILTERS, name="decision")

    def call(self, image, mask):
        image, mask = (tf.cast(part, self.variable_dtype) for part in (image, mask))
        matched = self.features(image, mask)
        features = matched[-1]
        for conv in self.patch_convs[len(matched) :]:
            features = tf.nn.leaky_relu(conv(features), SLOPE)
        if self.edge_branch:
            edges = tf.concat((sobel_energy(image), mask), axis=-1)
            for conv in self.edge_convs:
                edges = tf.nn.leaky_relu(conv(edges), SLOPE)
            features = tf.concat((features, edges), axis=-1)
        return self.decision(features), matched

    def features(self, image, mask):
        """The two features alone, which is all that feature matching needs of the real image."""
        inputs = tf.concat((image, tf.cast(mask, image.dtype)), axis=-1)
        first = tf.nn.leaky_relu(self.patch_convs[0](inputs), SLOPE)
        return first, tf.nn.leaky_relu(self.patch_convs[1](first), SLOPE)

    def update_spectral_norm(self) -> None:
        """One power iteration on every kernel; once a discriminator step, before its losses."""
        for conv in (*self.patch_convs, *self.edge_convs, self.decision):
            conv.update()

    def get_config(self):
        config = super().get_config()
        config.update(edge_branch=self.edge_branch)
        return config
