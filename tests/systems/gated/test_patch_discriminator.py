import numpy as np
import tensorflow as tf

from inpainting.systems.gated.discriminator import PatchDiscriminator

RANDOM = np.random.default_rng(0)


def _built():
    tf.keras.utils.set_random_seed(0)
    discriminator = PatchDiscriminator()
    discriminator(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    return discriminator


def test_decisions_by_size():
    discriminator = _built()
    for (height, width), decisions in (((64, 64), (1, 1)), ((65, 130), (2, 3)), ((1, 1), (1, 1))):
        image = tf.zeros((2, height, width, 3))
        mask = tf.zeros((2, height, width, 1))
        assert discriminator(image, mask).shape == (2, *decisions, 256)


def test_parameters():
    # 5x5 kernels from 4, 64, 128 and three times 256 channels, with biases; u and v of each.
    channels = (4, 64, 128, 256, 256, 256, 256)
    pairs = list(zip(channels[:-1], channels[1:]))
    expected = sum(25 * before * after + after for before, after in pairs)
    vectors = sum(25 * before + after for before, after in pairs)
    assert _built().count_params() == expected + vectors


def test_the_mask_is_seen_and_kernels_are_normalised():
    discriminator = _built()
    image = RANDOM.uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    empty, hole = np.zeros((1, 64, 64, 1), np.float32), np.ones((1, 64, 64, 1), np.float32)
    before = discriminator(image, hole)
    assert np.abs(before - discriminator(image, empty)).max() > 1e-3
    # All kernels ten times as large change nothing.
    for conv in discriminator.convs:
        conv.kernel.assign(10 * conv.kernel)
        conv.update()
    np.testing.assert_allclose(discriminator(image, hole), before, atol=1e-2)
