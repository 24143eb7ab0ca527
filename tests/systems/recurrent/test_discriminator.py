import numpy as np
import pytest
import tensorflow as tf

from inpainting.systems.recurrent.discriminator import RecurrentDiscriminator


@pytest.fixture(scope="module")
def discriminator():
    tf.keras.utils.set_random_seed(0)
    network = RecurrentDiscriminator()
    network(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    return network


def _count(network):
    return sum(np.prod(variable.shape) for variable in network.trainable_variables)


def test_parameters_are_the_papers(discriminator):
    assert _count(discriminator) == 14_092_632


@pytest.mark.parametrize(("height", "width"), [(1, 1), (64, 64), (65, 130)])
def test_shapes(discriminator, height, width):
    decision, features = discriminator(
        tf.ones((2, height, width, 3)), tf.ones((2, height, width, 1))
    )
    rows, columns = -(-height // 64), -(-width // 64)
    assert decision.shape == (2, rows, columns, 576)
    assert features[0].shape == (2, -(-height // 2), -(-width // 2), 48)
    assert features[1].shape == (2, -(-height // 4), -(-width // 4), 96)


def test_features_are_the_first_two_patch_layers(discriminator):
    random = np.random.default_rng(0)
    image, mask = random.random((1, 12, 8, 3), np.float32), np.ones((1, 12, 8, 1), np.float32)
    expected = np.concatenate([image, mask], axis=-1)
    _, features = discriminator(image, mask)
    for conv, feature in zip(discriminator.patch_convs, features):
        expected = np.pad(expected, ((0, 0), (2, 2), (2, 2), (0, 0)))
        expected = tf.nn.conv2d(expected, conv.kernel / conv.sigma(), 2, "VALID").numpy()
        expected = np.maximum(expected, 0.2 * expected)
        np.testing.assert_allclose(feature, expected, atol=1e-5)


def test_edge_branch_sees_edges_and_the_mask(discriminator):
    # With the patch branch's share of the last kernel at zero the edge branch alone decides. It
    # has no bias yet, so it answers nothing to an image without edges.
    last = discriminator.decision
    original = last.kernel.numpy()
    last.kernel.assign(np.concatenate([0 * original[:, :, :384], original[:, :, 384:]], axis=2))
    black = np.zeros((1, 64, 64, 3), np.float32)
    edge = black.copy()
    edge[:, :, 32:] = 1
    no_mask, mask = tf.zeros((1, 64, 64, 1)), tf.ones((1, 64, 64, 1))
    try:
        flat, stepped, inverse, masked = [
            discriminator(*pair)[0].numpy()
            for pair in ((black, no_mask), (edge, no_mask), (-edge, no_mask), (black, mask))
        ]
    finally:
        last.kernel.assign(original)
    assert np.abs(flat).max() == 0
    assert np.abs(stepped).max() > 1e-3
    assert np.abs(masked).max() > 1e-4
    # An edge is as strong from dark to light as from light to dark; the colours differ.
    np.testing.assert_array_equal(inverse, stepped)


def test_without_the_edge_branch():
    network = RecurrentDiscriminator(edge_branch=False)
    decision, _ = network(tf.ones((1, 64, 64, 3)), tf.ones((1, 64, 64, 1)))
    assert decision.shape == (1, 1, 1, 576)
    # Less the five edge layers and the final kernel's share of them.
    edges = sum(25 * i * o + o for i, o in ((4, 24), (24, 48), (48, 96), (96, 192), (192, 192)))
    assert _count(network) == 14_092_632 - edges - 25 * 192 * 576


def test_update_reaches_every_kernel():
    network = RecurrentDiscriminator()
    network(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    convs = (*network.patch_convs, *network.edge_convs, network.decision)
    assert len(convs) == 12
    before = [conv.u.numpy() for conv in convs]
    tf.function(network.update_spectral_norm)()
    assert all(np.abs(conv.u - old).max() > 0 for conv, old in zip(convs, before))


def test_gradients_reach_every_trainable_variable(discriminator):
    random = np.random.default_rng(0)
    image, mask = random.random((1, 64, 64, 3), np.float32), np.ones((1, 64, 64, 1), np.float32)
    with tf.GradientTape() as tape:
        decision, features = discriminator(image, mask)
        loss = tf.reduce_mean(decision**2) + tf.reduce_mean(features[0])
    variables = discriminator.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        assert np.abs(gradient).max() > 0, variable.name


def test_config_round_trip():
    network = RecurrentDiscriminator(edge_branch=False, name="discriminator")
    copy = RecurrentDiscriminator.from_config(network.get_config())
    assert copy.get_config() == network.get_config()
    assert copy.edge_branch is False
