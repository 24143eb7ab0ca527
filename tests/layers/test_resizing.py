import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.resizing import shrink_nearest


def _ramp(height, width):
    return np.arange(height * width, dtype=np.float32).reshape(1, height, width, 1)


def test_plain_keeps_every_position_from_the_first():
    shrunk = shrink_nearest(tf.constant(_ramp(4, 8)), 4)[0, :, :, 0]
    assert shrunk.numpy().tolist() == [[0, 4]]


@pytest.mark.parametrize(
    ("size", "factor", "kept"),
    [
        # Evenly spaced from the first to the last and rounded: 0, 7 / 3, 14 / 3, 7.
        (8, 2, [0, 2, 5, 7]),
        # 0, 11 / 5, 22 / 5, 33 / 5, 44 / 5, 11.
        (12, 2, [0, 2, 4, 7, 9, 11]),
        # 0, 5, 10, 15.
        (16, 4, [0, 5, 10, 15]),
        (4, 4, [0]),
    ],
)
def test_aligned_corners_keep_both_ends(size, factor, kept):
    columns = np.tile(np.arange(size, dtype=np.float32), (size, 1))[np.newaxis, ..., np.newaxis]
    by_columns = shrink_nearest(columns, factor, align_corners=True)
    by_rows = shrink_nearest(columns.transpose(0, 2, 1, 3), factor, align_corners=True)
    assert by_columns[0, 0, :, 0].numpy().tolist() == kept
    assert by_rows[0, :, 0, 0].numpy().tolist() == kept


@pytest.mark.parametrize("align_corners", [False, True])
def test_any_size_in_a_graph(align_corners):
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1))])
    def shrink(inputs):
        shrunk = shrink_nearest(inputs, 2, align_corners)
        assert shrunk.shape[-1] == 1
        return shrunk

    for height, width in ((8, 4), (2, 6)):
        ramp = _ramp(height, width)
        np.testing.assert_array_equal(shrink(ramp), shrink_nearest(ramp, 2, align_corners))
