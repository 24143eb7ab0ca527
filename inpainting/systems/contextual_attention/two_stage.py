"""The two-stage network that both DeepFill systems are made of.

The coarse stage fills the hole by dilated convolutions at a quarter of the size. The refine stage
sees the image with that fill through two encoders: one dilated, one with contextual attention. What
they put out is joined and decoded. Layer for layer the two systems differ only in the kind of their
convolutions, in how values are kept in [-1, 1], and in what the refine stage is shown.

Conventions: image `(B, H, W, 3)` in [0, 1] outside and [-1, 1] inside; mask `(B, H, W, 1)` of 0 and
1, 1 = hole. Sources: Yu et al., "Generative Image Inpainting with Contextual Attention" (2018) and
"Free-Form Image Inpainting with Gated Convolution" (2019); the tables follow the published code.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from inpainting.layers.contextual_attention import ContextualAttention
from inpainting.layers.padding import pad_to_multiple
from inpainting.layers.resizing import shrink_nearest

# Two halvings in an encoder and one in the attention.
SIZE_MULTIPLE = 8
FEATURE_STRIDE = 4
ATTENTION_RATE = 2
FUSION_SIZE = 3
DILATION_RATES = (2, 4, 8, 16)

# Encoders: (multiple of the base width, kernel size, stride).
COARSE_ENCODER = ((1, 5, 1), (2, 3, 2), (2, 3, 1), (4, 3, 2), (4, 3, 1), (4, 3, 1))
DILATED_ENCODER = ((1, 5, 1), (1, 3, 2), (2, 3, 1), (2, 3, 2), (4, 3, 1), (4, 3, 1))
ATTENTION_ENCODER = ((1, 5, 1), (1, 3, 2), (2, 3, 1), (4, 3, 2), (4, 3, 1), (4, 3, 1))


class TwoStageGenerator(tf.keras.Model):
    """Fills the holes of images of any size; a subclass says by which convolutions.

    Args:
        base: channels of the first layer, an even number.
        align_corners: how the mask and the attention's features are shrunk, see
            `inpainting.layers.resizing.shrink_nearest`. True as in the published code.

    Call arguments:
        image: `(B, H, W, 3)` in [0, 1], H and W at least 1. What it holds inside the hole has no
            influence.
        mask: `(B, H, W, 1)`, 1 = hole; each sample has its own.
        training: makes no difference.

    Returns:
        `{"coarse", "refined"}`: full frames `(B, H, W, 3)` in [0, 1].
    """

    def __init__(self, base: int, align_corners: bool = True, **kwargs):
        # Colours stay float32 under mixed precision; each layer casts what it is given by itself.
        super().__init__(autocast=False, **kwargs)
        if base < 2 or base % 2:
            raise ValueError(f"base must be even and at least 2, got {base}")
        self.base = base
        self.align_corners = align_corners
        self.coarse_encoder = self._encoder(COARSE_ENCODER, "coarse_encoder")
        self.coarse_dilated = self._dilated("coarse_dilated")
        self.coarse_decoder = self._decoder("coarse_decoder")
        self.dilated_encoder = self._encoder(DILATED_ENCODER, "dilated_encoder")
        self.dilated = self._dilated("dilated")
        # Not negative, so that similarity can be told by a scalar product.
        self.attention_encoder = self._encoder(ATTENTION_ENCODER, "attention_encoder", "relu")
        self.attention = ContextualAttention(
            rate=ATTENTION_RATE,
            fusion_size=FUSION_SIZE,
            align_corners=align_corners,
            name="attention",
        )
        self.after_attention = [
            self._conv(4 * base, name=f"after_attention{number}") for number in (1, 2)
        ]
        self.decoder = self._decoder("decoder")

    def _conv(self, filters, kernel_size=3, strides=1, dilation_rate=1, activation="elu", name=""):
        """One hidden convolution, "SAME" padded as TensorFlow does, with its activation."""
        raise NotImplementedError

    def _bound(self, outputs):
        """The output layer's values brought into [-1, 1]."""
        raise NotImplementedError

    def _refine_inputs(self, filled, ones, mask):
        """What the refine stage sees; `filled` is the image with the coarse fill, in [-1, 1]."""
        raise NotImplementedError

    def call(self, image, mask, training: bool | None = None):
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        image, mask = (tf.cast(part, self.variable_dtype) for part in (image, mask))
        masked = (2 * image - 1) * (1 - mask)
        masked = pad_to_multiple(masked, SIZE_MULTIPLE, SIZE_MULTIPLE)
        mask = pad_to_multiple(mask, SIZE_MULTIPLE, SIZE_MULTIPLE)
        ones = tf.ones_like(mask)

        coarse = self._coarse_stage(tf.concat((masked, ones, mask), axis=-1))
        filled = masked + coarse * mask
        refined = self._refine_stage(self._refine_inputs(filled, ones, mask), self._holes(mask))
        frames = {"coarse": coarse, "refined": refined}
        return {name: (frame[:, :height, :width] + 1) / 2 for name, frame in frames.items()}

    def _coarse_stage(self, inputs):
        layers = (*self.coarse_encoder, *self.coarse_dilated, *self.coarse_decoder)
        return self._bound(tf.cast(_run(layers, inputs), inputs.dtype))

    def _refine_stage(self, inputs, holes):
        dilated = _run((*self.dilated_encoder, *self.dilated), inputs)
        attended = self.attention(_run(self.attention_encoder, inputs), holes)
        attended = _run(self.after_attention, attended)
        outputs = _run(self.decoder, tf.concat((dilated, attended), axis=-1))
        return self._bound(tf.cast(outputs, inputs.dtype))

    def _holes(self, mask):
        """The mask on the attention's grid, shrunk in two steps as features are."""
        shrunk = shrink_nearest(mask, FEATURE_STRIDE, self.align_corners)
        return shrink_nearest(shrunk, ATTENTION_RATE, self.align_corners)

    def _encoder(self, table, name, last_activation="elu"):
        activations = ["elu"] * (len(table) - 1) + [last_activation]
        return [
            self._conv(
                multiple * self.base,
                kernel_size,
                strides,
                activation=activation,
                name=f"{name}{number + 1}",
            )
            for number, ((multiple, kernel_size, strides), activation) in enumerate(
                zip(table, activations)
            )
        ]

    def _dilated(self, name):
        return [
            self._conv(4 * self.base, dilation_rate=rate, name=f"{name}{rate}")
            for rate in DILATION_RATES
        ]

    def _decoder(self, name):
        base = self.base
        double = functools.partial(tf.keras.layers.UpSampling2D, interpolation="nearest")
        return [
            self._conv(4 * base, name=f"{name}1"),
            self._conv(4 * base, name=f"{name}2"),
            double(name=f"{name}_double1"),
            self._conv(2 * base, name=f"{name}3"),
            self._conv(2 * base, name=f"{name}4"),
            double(name=f"{name}_double2"),
            self._conv(base, name=f"{name}5"),
            self._conv(base // 2, name=f"{name}6"),
            tf.keras.layers.Conv2D(3, 3, padding="same", name=f"{name}7"),
        ]

    def get_config(self):
        config = super().get_config()
        config.update(base=self.base, align_corners=self.align_corners)
        return config


def _run(layers, inputs):
    for layer in layers:
        inputs = layer(inputs)
    return inputs
