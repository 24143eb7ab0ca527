import numpy as np
import pytest

from inpainting.layers.residual import ResidualBlock

NUMPY_MODES = {"SYMMETRIC": "symmetric", "REFLECT": "reflect"}


@pytest.mark.parametrize("padding", NUMPY_MODES)
def test_by_hand(padding, correlate, normalize):
    inputs = np.random.default_rng(0).normal(size=(1, 6, 5, 4)).astype(np.float32)
    block = ResidualBlock(4, padding=padding)
    output = block(inputs)
    mode = NUMPY_MODES[padding]
    expected = correlate(inputs[0], block.conv1.kernel.numpy(), dilation=2, mode=mode)
    expected = np.maximum(normalize(expected), 0)
    expected = normalize(correlate(expected, block.conv2.kernel.numpy(), mode=mode))
    np.testing.assert_allclose(output[0], inputs[0] + expected, atol=2e-5)


def test_the_smallest_input():
    assert ResidualBlock(4)(np.ones((1, 2, 2, 4), np.float32)).shape == (1, 2, 2, 4)


def test_config_round_trip():
    block = ResidualBlock(8, dilation_rate=3, padding="REFLECT")
    assert ResidualBlock.from_config(block.get_config()).get_config() == block.get_config()
