"""The distribution strategy: MirroredStrategy over every device that TensorFlow sees."""

from __future__ import annotations

import tensorflow as tf

from inpainting.errors import InputError


def make_strategy(batch_size: int) -> tf.distribute.Strategy:
    """MirroredStrategy over all visible GPUs, or over all logical CPUs where there is no GPU.

    Raises:
        InputError: the devices don't divide the global batch.
    """
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if batch_size % len(devices):
        raise InputError(
            f"--batch_size={batch_size} cannot be split evenly over {len(devices)} devices"
        )
    return tf.distribute.MirroredStrategy([device.name for device in devices])
