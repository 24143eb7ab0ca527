"""The generator of DeepFill v2: the two stages with gated convolutions."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.gated_conv import GatedConv2D
from inpainting.systems.contextual_attention.two_stage import TwoStageGenerator


@tf.keras.utils.register_keras_serializable("inpainting")
class GatedGenerator(TwoStageGenerator):
    """The two-stage network with gated convolutions; tanh keeps values in [-1, 1].

    The coarse stage sees the image, a plane of ones and the mask; the refine stage the image with
    the coarse fill, and nothing else, as in the published code. User guidance by sketches, which
    the paper offers too, is left out.

    Source: Yu et al., "Free-Form Image Inpainting with Gated Convolution" (2019). Arguments and
    outputs are those of `TwoStageGenerator`; at base 24 (the published code counts features and
    gates, 48) it has 4,052,478 parameters.
    """

    def __init__(self, base: int = 24, align_corners: bool = True, **kwargs):
        super().__init__(base, align_corners, **kwargs)

    def _conv(self, filters, kernel_size=3, strides=1, dilation_rate=1, activation="elu", name=""):
        return GatedConv2D(filters, kernel_size, strides, dilation_rate, activation, name=name)

    def _bound(self, outputs):
        return tf.tanh(outputs)

    def _refine_inputs(self, filled, ones, mask):
        return filled
