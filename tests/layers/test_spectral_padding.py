"""The two ways in which a spectral convolution pads."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.spectral_conv import SpectralConv2D


@pytest.mark.parametrize(
    ("padding", "of_first", "of_third"),
    [
        # Two zeros on every side: the windows start at -2, 0 and 2.
        ("ZERO", [1, 1, 0], [1, 1, 1]),
        # Three in all, one of them before: the windows start at -1, 1 and 3.
        ("SAME", [1, 0, 0], [1, 1, 0]),
    ],
)
def test_which_windows_see_a_pixel_at_stride_two(padding, of_first, of_third):
    layer = SpectralConv2D(1, 5, 2, padding=padding, kernel_initializer="ones")
    for pixel, seen in ((0, of_first), (2, of_third)):
        image = np.zeros((1, 6, 6, 1), np.float32)
        image[0, 0, pixel] = 1
        outputs = layer(tf.constant(image))[0, 0, :, 0] * layer.sigma()
        np.testing.assert_allclose(outputs, seen, atol=1e-5)


def test_config_round_trip():
    layer = SpectralConv2D(4, strides=2, padding="SAME")
    copy = SpectralConv2D.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.padding == "SAME"


def test_bad_padding():
    with pytest.raises(ValueError, match=r"padding must be one of .*, got 'REFLECT'"):
        SpectralConv2D(4, padding="REFLECT")
