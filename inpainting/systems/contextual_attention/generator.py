"""The generator of DeepFill v1: the two stages with plain convolutions."""

from __future__ import annotations

import tensorflow as tf

from inpainting.systems.contextual_attention.two_stage import TwoStageGenerator


@tf.keras.utils.register_keras_serializable("inpainting")
class ContextualAttentionGenerator(TwoStageGenerator):
    """The two-stage network with plain convolutions; values are clipped to [-1, 1].

    Both stages see the image, a plane of ones (by which a layer can tell the border) and the mask.

    Source: Yu et al., "Generative Image Inpainting with Contextual Attention" (2018). Arguments and
    outputs are those of `TwoStageGenerator`; at base 32, the published width, it has 3,601,542
    parameters.
    """

    def __init__(self, base: int = 32, align_corners: bool = True, **kwargs):
        super().__init__(base, align_corners, **kwargs)

    def _conv(self, filters, kernel_size=3, strides=1, dilation_rate=1, activation="elu", name=""):
        return tf.keras.layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="same",
            dilation_rate=dilation_rate,
            activation=activation,
            name=name,
        )

    def _bound(self, outputs):
        return tf.clip_by_value(outputs, -1, 1)

    def _refine_inputs(self, filled, ones, mask):
        return tf.concat((filled, ones, mask), axis=-1)
