import numpy as np
import pytest
import tensorflow as tf

from inpainting.systems.contextual_attention.critics import Critic, CriticPair


def test_parameters_at_the_published_size():
    pair = CriticPair()
    scores = pair(tf.zeros((2, 256, 256, 3)), tf.zeros((2, 128, 128, 3)))
    assert [score.shape for score in scores] == [(2, 1), (2, 1)]
    both = 25 * (3 * 64 + 64 * 128 + 128 * 256) + 64 + 128 + 256
    last = {"global": 25 * 256 * 256 + 256, "local": 25 * 256 * 512 + 512}
    score = {"global": 16 * 16 * 256 + 1, "local": 8 * 8 * 512 + 1}
    assert pair.global_critic.count_params() == both + last["global"] + score["global"]
    assert pair.local_critic.count_params() == both + last["local"] + score["local"]


def test_each_critic_sees_its_own_input():
    tf.keras.utils.set_random_seed(0)
    pair = CriticPair()
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)
    windows = rng.uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)
    before = pair(images, windows)
    after = pair(images, -windows)
    np.testing.assert_array_equal(before[0], after[0])
    assert np.abs(before[1] - after[1]).item() > 1e-4


def test_a_critic_is_made_for_one_size():
    critic = Critic((2, 2))
    critic(tf.zeros((1, 32, 32, 3)))
    with pytest.raises(ValueError, match="expected axis -1"):
        critic(tf.zeros((1, 64, 64, 3)))


def test_config_round_trip():
    critic = Critic((4, 8))
    copy = Critic.from_config(critic.get_config())
    assert copy.filters == (4, 8)
