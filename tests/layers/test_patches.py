import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.patches import extract_patches, overlap_add

RANDOM = np.random.default_rng(0)


def test_three_by_three_patches_are_windows():
    image = RANDOM.random((2, 4, 5, 3), np.float32)
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = extract_patches(image, 3, 1)
    assert patches.shape == (2, 4, 5, 27)
    for row, column in np.ndindex(4, 5):
        window = padded[:, row : row + 3, column : column + 3].reshape(2, 27)
        np.testing.assert_array_equal(patches[:, row, column], window)


def test_overlapping_patches_hold_the_window_cell_by_cell():
    image = RANDOM.random((1, 6, 4, 2), np.float32)
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = extract_patches(image, 4, 2)
    assert patches.shape == (1, 3, 2, 32)
    for row, column in np.ndindex(3, 2):
        window = padded[0, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
        cells = [window[y : y + 2, x : x + 2].ravel() for y in (0, 2) for x in (0, 2)]
        np.testing.assert_array_equal(patches[0, row, column], np.concatenate(cells))


def test_overlap_add_sums_as_often_as_patches_meet():
    image = RANDOM.random((1, 6, 8, 2), np.float32)
    meetings = np.full((6, 8), 4)
    meetings[[0, -1]] //= 2
    meetings[:, [0, -1]] //= 2
    summed = overlap_add(extract_patches(image, 4, 2), 4, 2)
    np.testing.assert_allclose(summed[0], image[0] * meetings[..., np.newaxis], rtol=1e-6)


@pytest.mark.parametrize(("size", "stride"), [(3, 1), (5, 1), (2, 2), (4, 2), (6, 2), (9, 3)])
def test_the_two_are_adjoint(size, stride):
    image = RANDOM.random((2, 3 * stride, 4 * stride, 2)).astype(np.float32)
    patches = RANDOM.random((2, 3, 4, size * size * 2)).astype(np.float32)
    np.testing.assert_allclose(
        np.sum(extract_patches(image, size, stride) * patches),
        np.sum(image * overlap_add(patches, size, stride)),
        rtol=1e-5,
    )


def test_sizes_unknown_in_the_graph():
    image = RANDOM.random((1, 6, 4, 2), np.float32)
    there_and_back = tf.function(
        lambda values: overlap_add(extract_patches(values, 4, 2), 4, 2),
        input_signature=[tf.TensorSpec((None, None, None, 2))],
    )
    expected = overlap_add(extract_patches(image, 4, 2), 4, 2)
    np.testing.assert_allclose(there_and_back(image), expected)


@pytest.mark.parametrize(("size", "stride"), [(4, 1), (3, 2)])
def test_bad_geometry(size, stride):
    with pytest.raises(ValueError, match=f"size {size} and stride {stride}"):
        extract_patches(tf.ones((1, 4, 4, 1)), size, stride)
