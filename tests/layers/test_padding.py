import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.padding import pad_border, pad_to_multiple

SIZES = [(1, 1), (1, 7), (13, 5), (16, 24), (17, 8)]


@pytest.mark.parametrize(
    ("mode", "numpy_mode"),
    [("SYMMETRIC", "symmetric"), ("REFLECT", "reflect"), ("ZERO", "constant")],
)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("width", [1, 2])
def test_border_is_numpys(mode, numpy_mode, training, width):
    inputs = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)
    expected = np.pad(inputs, ((0, 0), (width, width), (width, width), (0, 0)), numpy_mode)
    np.testing.assert_array_equal(pad_border(inputs, width, mode, training), expected)


@pytest.mark.parametrize("mode", ["SYMMETRIC", "REFLECT"])
def test_border_of_a_size_not_known_while_tracing(mode):
    pad = tf.function(
        lambda values: pad_border(values, 2, mode),
        input_signature=[tf.TensorSpec((None, None, None, 2))],
    )
    inputs = np.random.default_rng(0).random((1, 3, 5, 2), np.float32)
    expected = np.pad(inputs, ((0, 0), (2, 2), (2, 2), (0, 0)), mode.lower())
    np.testing.assert_array_equal(pad(inputs), expected)


def test_symmetric_repeats_the_edge_pixel():
    row = tf.reshape([1.0, 2.0, 3.0], (1, 1, 3, 1))
    assert pad_border(row, 1, "SYMMETRIC")[0, 1, :, 0].numpy().tolist() == [1, 1, 2, 3, 3]


def test_no_border_is_the_input_itself():
    inputs = tf.ones((1, 2, 2, 1))
    assert pad_border(inputs, 0, "REFLECT") is inputs


def test_unknown_mode():
    with pytest.raises(ValueError, match="'SAME'"):
        pad_border(tf.ones((1, 2, 2, 1)), 1, "SAME")


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dynamic", [False, True])
def test_multiple_is_numpys_repeated_mirror(height, width, dynamic):
    inputs = np.random.default_rng(0).random((2, height, width, 3), np.float32)
    bottom, right = max(-height % 8, 16 - height), max(-width % 8, 16 - width)
    expected = np.pad(inputs, ((0, 0), (0, bottom), (0, right), (0, 0)), "symmetric")

    def pad(values):
        return pad_to_multiple(values, 8, 16)

    if dynamic:
        pad = tf.function(pad, input_signature=[tf.TensorSpec((None, None, None, 3))])
    np.testing.assert_array_equal(pad(inputs), expected)


def test_sizes_that_fit_are_left_alone():
    inputs = tf.ones((1, 16, 32, 3))
    assert pad_to_multiple(inputs, 8, 16) is inputs


def test_known_sizes_stay_known():
    padded = tf.function(lambda values: pad_to_multiple(values, 8, 16)).get_concrete_function(
        tf.TensorSpec((None, 13, 20, 3))
    )
    assert padded.output_shapes.as_list() == [None, 16, 24, 3]


def test_minimum_must_be_a_multiple():
    with pytest.raises(ValueError, match="multiple of 8, got 12"):
        pad_to_multiple(tf.ones((1, 4, 4, 1)), 8, 12)
