"""A generator small enough that a test of serving takes no longer than serving itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.serving.export import export


class TinyGenerator(tf.keras.Model):
    """Two passes of one 5x5 convolution: the contract of a generator, at any size.

    Every sample gets the mean of its own known pixels added, so that a sample which sees another's
    pixels, or its own hole's, comes out different.
    """

    def __init__(self):
        super().__init__()
        initializer = tf.keras.initializers.RandomNormal(stddev=0.3, seed=1)
        self.conv = tf.keras.layers.Conv2D(3, 5, padding="same", kernel_initializer=initializer)

    def call(self, image, mask, training=None):
        known = 1 - mask
        mean = tf.reduce_sum(image * known, axis=(1, 2), keepdims=True)
        mean /= 1 + tf.reduce_sum(known, axis=(1, 2), keepdims=True)
        coarse = tf.sigmoid(self.conv(tf.concat([image * known + mask, mask], axis=-1)) + mean)
        filled = image * known + coarse * mask
        refined = tf.sigmoid(self.conv(tf.concat([filled, mask], axis=-1)) + mean)
        return {"coarse": coarse, "refined": refined}


@pytest.fixture(scope="session")
def generator():
    """A TinyGenerator with its variables made."""
    model = TinyGenerator()
    model(tf.zeros((1, 8, 8, 3)), tf.zeros((1, 8, 8, 1)))
    return model


@pytest.fixture(scope="session")
def exported(generator, tmp_path_factory):
    """The folder of a SavedModel's version 1."""
    folder = str(tmp_path_factory.mktemp("exported"))
    return export(generator, folder, {"name": "tiny", "weights_hash": "none"})


@pytest.fixture
def rng():
    return np.random.default_rng(0)
