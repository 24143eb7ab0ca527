"""The machine's own ceiling: a large matrix product, a large convolution, a copy of memory.

All in TensorFlow (hence oneDNN on x86), float32, with the threads that the networks have.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from inpainting.benchmark.networks import Work

MATRIX_SIDE = 2048
IMAGE_SIDE, CHANNELS = 64, 256
COPIED_BYTES = 2**28


def sgemm() -> Work:
    """A product of two matrices of 2048 x 2048."""
    matrix = tf.random.stateless_uniform((MATRIX_SIDE, MATRIX_SIDE), (0, 0))
    multiply = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0], autograph=False)
    return Work(lambda: multiply().numpy(), lambda: 2 * MATRIX_SIDE**3)


def convolution() -> Work:
    """A 3x3 convolution of 256 to 256 channels at 64 x 64 pixels, four images."""
    images = tf.random.stateless_uniform((4, IMAGE_SIDE, IMAGE_SIDE, CHANNELS), (0, 0))
    kernel = tf.random.stateless_uniform((3, 3, CHANNELS, CHANNELS), (0, 1))
    convolve = tf.function(
        lambda: tf.nn.conv2d(images, kernel, 1, "SAME")[0, 0, 0, 0], autograph=False
    )
    return Work(lambda: convolve().numpy(), lambda: 2 * 4 * IMAGE_SIDE**2 * 9 * CHANNELS**2)


def copy() -> Work:
    """256 MB of memory copied by one thread; the bytes copied stand for operations."""
    source = np.ones(COPIED_BYTES, np.uint8)
    target = np.empty_like(source)
    return Work(lambda: np.copyto(target, source), lambda: COPIED_BYTES)
