"""The dense multi-scale fusion block."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.instance_norm import instance_norm
from inpainting.layers.padded_conv import PaddedConv2D

DILATION_RATES = (1, 2, 4, 8)


@tf.keras.utils.register_keras_serializable("inpainting")
class DenseMultiScaleFusion(tf.keras.layers.Layer):
    """Four dilated convolutions whose sums are fused step by step, added to the input.

    The input is squeezed to a quarter of its channels and seen at dilations 1, 2, 4 and 8; each
    scale is added to the fusion of the smaller ones and passes a 3x3 convolution. The four results
    are concatenated, mixed by a 1x1 convolution and added to the input. Zero padding. Source: Hui
    et al., "Image Fine-grained Inpainting" (2020), with the instance norms of the paper.

    Args:
        filters: channels of the input and the output, a multiple of 4.

    Call arguments:
        inputs: `(B, H, W, filters)`.

    Returns:
        `(B, H, W, filters)`.
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        if filters % 4:
            raise ValueError(f"filters must be a multiple of 4, got {filters}")
        self.filters = filters
        quarter = filters // 4
        self.squeeze = PaddedConv2D(quarter, padding="ZERO", before_norm=True, name="squeeze")
        self.squeeze_norm = instance_norm("squeeze_norm")
        self.scales = [
            PaddedConv2D(quarter, dilation_rate=rate, padding="ZERO", name=f"scale{rate}")
            for rate in DILATION_RATES
        ]
        # Between the last fusion and the instance norm stands only the 1x1 convolution, through
        # which a constant stays a constant: this bias is cancelled too. Not so the others', which
        # pass a zero-padded 3x3 convolution.
        self.fusions = [
            PaddedConv2D(
                quarter,
                padding="ZERO",
                before_norm=rate == DILATION_RATES[-1],
                name=f"fusion{rate}",
            )
            for rate in DILATION_RATES[1:]
        ]
        self.mix = PaddedConv2D(filters, 1, padding="ZERO", before_norm=True, name="mix")
        self.mix_norm = instance_norm("mix_norm")

    def call(self, inputs):
        squeezed = tf.nn.relu(self.squeeze_norm(self.squeeze(inputs)))
        first, *larger = [scale(squeezed) for scale in self.scales]
        fused = [first]
        for fusion, scale in zip(self.fusions, larger):
            fused.append(fusion(fused[-1] + scale))
        return inputs + tf.nn.relu(self.mix_norm(self.mix(tf.concat(fused, axis=-1))))

    def get_config(self):
        config = super().get_config()
        config.update(filters=self.filters)
        return config
