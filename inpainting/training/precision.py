"""Mixed precision: networks compute in half precision, weights and losses stay float32.

What a network's layers compute in is decided when they are made. Colours, norms, the attention's
softmax, Gram matrices and losses are float32 in any case, and so is all that a generator puts out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from inpainting.training.config import PRECISIONS


@contextlib.contextmanager
def layer_precision(precision: str) -> Iterator[None]:
    """Layers made inside compute in `precision`, one of `PRECISIONS`, with float32 weights."""
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {PRECISIONS}; got {precision!r}")
    if precision == "off":
        yield
        return
    before = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy(f"mixed_{precision}")
    try:
        yield
    finally:
        tf.keras.mixed_precision.set_global_policy(before)


def scaled_optimizer(
    optimizer: tf.keras.optimizers.Optimizer, network: tf.keras.Model
) -> tf.keras.optimizers.Optimizer:
    """`optimizer` with loss scaling, where `network` computes in float16; else as it is.

    float16 ends at 6e-8, below which many gradients lie; bfloat16 has float32's range. The scale
    grows until gradients overflow, skips that update and falls by half. A checkpoint of the one
    that scales holds what the plain one's does, and the scale besides.
    """
    if network.compute_dtype != "float16":
        return optimizer
    return tf.keras.mixed_precision.LossScaleOptimizer(optimizer)
