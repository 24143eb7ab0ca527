"""The parts of the paper's generator: encoder, decoder and the two routes between them.

Layer tables: the paper's appendix B. `base` is the paper's c, the channels of the first layer.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from inpainting.layers.contextual_attention import ContextualAttention
from inpainting.layers.dense_fusion import DenseMultiScaleFusion
from inpainting.layers.instance_norm import instance_norm
from inpainting.layers.padded_conv import PaddedConv2D
from inpainting.layers.recurrent_conv import RecurrentConv2D
from inpainting.layers.residual import ResidualBlock

RESIDUAL_BLOCKS = 8
FUSION_BLOCKS = 4


@tf.keras.utils.register_keras_serializable("inpainting")
class Encoder(tf.keras.layers.Layer):
    """Six recurrent convolutions down to a quarter of height and width.

    Deviation from the paper's Table B.6, which prints stride 1 for the fourth: the decoder doubles
    twice, so the encoder has to halve twice, as the reference code does.

    Args:
        base: channels of the first layer.
        padding: "SYMMETRIC" or "REFLECT".

    Call arguments:
        inputs: `(B, H, W, 4)`, image ++ mask, H and W multiples of 4.
        state: this layer's state of the pass before, or None in the first.

    Returns:
        `(features, skips, new_state)`: features `(B, H / 4, W / 4, 4 base)`; skips, the outputs at
        full and at half size, `(B, H, W, base)` and `(B, H / 2, W / 2, 2 base)`; the state, a tuple
        with each layer's output.
    """

    def __init__(self, base: int = 16, padding: str = "SYMMETRIC", **kwargs):
        super().__init__(**kwargs)
        self.base = base
        self.padding = padding
        plain = functools.partial(RecurrentConv2D, padding=padding)
        normalized = functools.partial(RecurrentConv2D, padding=padding, normalize=True)
        self.layers = [
            plain(base, 5, name="conv1"),
            plain(2 * base, strides=2, name="conv2"),
            plain(2 * base, name="conv3"),
            normalized(4 * base, strides=2, name="conv4"),
            normalized(4 * base, name="conv5"),
            normalized(4 * base, name="conv6"),
        ]

    def call(self, inputs, state=None):
        features, new_state = inputs, []
        for layer, buffer in zip(self.layers, state or (None,) * len(self.layers)):
            features, buffer = layer(features, buffer)
            new_state.append(buffer)
        return features, (new_state[0], new_state[2]), tuple(new_state)

    def get_config(self):
        config = super().get_config()
        config.update(base=self.base, padding=self.padding)
        return config


@tf.keras.utils.register_keras_serializable("inpainting")
class Decoder(tf.keras.layers.Layer):
    """Eight recurrent convolutions back to full size, with the encoder's skips.

    Args:
        base: channels of the encoder's first layer.
        padding: "SYMMETRIC" or "REFLECT".
        output_scale: factor on the standard deviation with which the last layer's kernels start.

    Call arguments:
        features: `(B, H / 4, W / 4, 4 base)`.
        skips: from the encoder, `(B, H, W, base)` and `(B, H / 2, W / 2, 2 base)`.
        known: `(B, H, W, 1)`, 1 minus the mask.
        state: this layer's state of the pass before, or None in the first.

    Returns:
        `(outputs, new_state)`: outputs `(B, H, W, 3)` before any activation; the state, a tuple
        with each layer's output.
    """

    def __init__(
        self,
        base: int = 16,
        padding: str = "SYMMETRIC",
        output_scale: float = 1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.base = base
        self.padding = padding
        self.output_scale = output_scale
        plain = functools.partial(RecurrentConv2D, padding=padding)
        normalized = functools.partial(RecurrentConv2D, padding=padding, normalize=True)
        # Glorot-normal with its standard deviation times `output_scale`.
        last_kernels = tf.keras.initializers.VarianceScaling(output_scale**2, "fan_avg")
        self.layers = [
            normalized(4 * base, name="conv1"),
            normalized(4 * base, name="conv2"),
            normalized(2 * base, upsample=2, name="conv3"),
            plain(2 * base, name="conv4"),
            plain(base, upsample=2, name="conv5"),
            plain(base, name="conv6"),
            plain(base // 2, name="conv7"),
            plain(
                3,
                activation=None,
                kernel_initializer=last_kernels,
                name="conv8",
            ),
        ]

    def call(self, features, skips, known, state=None):
        full_size, half_size = skips
        # Keras casts a call's first argument alone.
        joined = {3: (half_size,), 5: (full_size, tf.cast(known, features.dtype))}
        new_state = []
        for index, layer in enumerate(self.layers):
            if index in joined:
                features = tf.concat((features, *joined[index]), axis=-1)
            features, buffer = layer(features, state[index] if state else None)
            new_state.append(buffer)
        return features, tuple(new_state)

    def get_config(self):
        config = super().get_config()
        config.update(base=self.base, padding=self.padding, output_scale=self.output_scale)
        return config


@tf.keras.utils.register_keras_serializable("inpainting")
class ResidualRoute(tf.keras.layers.Layer):
    """What stands between encoder and decoder in the coarse pass: eight residual blocks.

    Args:
        filters: channels of the features.
        padding: "SYMMETRIC" or "REFLECT".

    Call arguments:
        features: `(B, h, w, filters)`, h and w at least 2 ("SYMMETRIC") or 3 ("REFLECT").

    Returns:
        `(B, h, w, filters)`.
    """

    def __init__(self, filters: int, padding: str = "SYMMETRIC", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.padding = padding
        self.blocks = [
            ResidualBlock(filters, padding=padding, name=f"block{number + 1}")
            for number in range(RESIDUAL_BLOCKS)
        ]

    def call(self, features):
        for block in self.blocks:
            features = block(features)
        return features

    def get_config(self):
        config = super().get_config()
        config.update(filters=self.filters, padding=self.padding)
        return config


@tf.keras.utils.register_keras_serializable("inpainting")
class AttentionRoute(tf.keras.layers.Layer):
    """What stands between encoder and decoder in the refine pass.

    Residual blocks, contextual attention and dense multi-scale fusion blocks see the same features;
    their results are concatenated and merged by two convolutions.

    Args:
        filters: channels of the features, a multiple of 4.
        padding: of the residual blocks, "SYMMETRIC" or "REFLECT".

    Call arguments:
        features: `(B, h, w, filters)`, h and w even.
        holes: `(B, h / 2, w / 2, 1)`, the mask on the attention's grid.

    Returns:
        `(B, h, w, filters)`.
    """

    def __init__(self, filters: int, padding: str = "SYMMETRIC", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.padding = padding
        self.residual = ResidualRoute(filters, padding, name="residual")
        self.attention = ContextualAttention(name="attention")
        self.fusion = [
            DenseMultiScaleFusion(filters, name=f"fusion{number + 1}")
            for number in range(FUSION_BLOCKS)
        ]
        self.merge1 = PaddedConv2D(2 * filters, padding="ZERO", before_norm=True, name="merge1")
        self.norm1 = instance_norm("norm1")
        self.merge2 = PaddedConv2D(filters, padding="ZERO", before_norm=True, name="merge2")
        self.norm2 = instance_norm("norm2")

    def call(self, features, holes):
        fused = features
        for block in self.fusion:
            fused = block(fused)
        routes = (self.residual(features), self.attention(features, holes), fused)
        merged = tf.nn.elu(self.norm1(self.merge1(tf.concat(routes, axis=-1))))
        return tf.nn.elu(self.norm2(self.merge2(merged)))

    def get_config(self):
        config = super().get_config()
        config.update(filters=self.filters, padding=self.padding)
        return config
