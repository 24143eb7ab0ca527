"""Small systems and batches, for what holds for every system."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.systems import registry

PLAIN = {"perceptual_weight": 0.0, "low_pass_perceptual_weight": 0.0, "style_weight": 0.0}
SETTINGS = {
    "recurrent": {"base": 4, "edge_weight": 10.0, **PLAIN},
    "gated": {"base": 2},
    "contextual_attention": {"base": 2, "critic_updates": 2},
}


def _build(model, vgg=None, **changes):
    tf.keras.utils.set_random_seed(0)
    config = registry.preset(model, "paper", SETTINGS[model] | changes)
    options = {"vgg": vgg} if vgg else {}
    system = registry.build(model, config, image_size=32, **options)
    system.compile(steps=10)
    return system


def _batch(count, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.random((count, 32, 32, 3), np.float32)
    mask = np.zeros((count, 32, 32, 1), np.float32)
    for index in range(count):
        mask[index, 4 + index : 18, 6 : 18 + index] = 1
    return tf.constant(image), tf.constant(mask)


@pytest.fixture
def build():
    return _build


@pytest.fixture
def batch():
    return _batch
