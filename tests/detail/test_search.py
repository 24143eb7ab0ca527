"""The search against NumPy, patch by patch."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from inpainting.detail.agreement import agree
from inpainting.detail.descriptors import Descriptors
from inpainting.detail.nearest import nearest
from inpainting.detail.options import DetailOptions
from inpainting.detail.search import find_shifts, touching, whole_patches

OPTIONS = DetailOptions(spacing=4, keys=100_000, queries=3)


def mean_around(picture, row, column, size):
    """Mean of the square of `size` (even) pixels whose third quarter starts at the pixel."""
    top, left = row - (size - 1) // 2, column - (size - 1) // 2
    rows = slice(max(top, 0), min(top + size, picture.shape[0]))
    columns = slice(max(left, 0), min(left + size, picture.shape[1]))
    return picture[rows, columns].mean(axis=(0, 1))


def described(picture, row, column):
    """What the descriptor of a patch of 8 pixels is, from its definition."""
    height, width = picture.shape[:2]

    def cells(size):
        places = [
            (row + (2 * i - 3) * size // 2, column + (2 * j - 3) * size // 2)
            for i in range(4)
            for j in range(4)
        ]
        inside = [(min(max(r, 0), height - 1), min(max(c, 0), width - 1)) for r, c in places]
        return np.array([mean_around(picture, r, c, size) for r, c in inside])

    inner, outer = cells(2), cells(4)
    mean = inner.mean(axis=0)
    where = np.array([row * 0.6, column * 0.3]) / max(height, width)
    return np.concatenate(
        [(inner - mean).ravel() / 4, (outer - mean).ravel() * 0.5 / 4, mean, where]
    )


def test_nearest_is_the_least_distance_and_the_expectation_its_softmax():
    rng = np.random.default_rng(0)
    picture = rng.random((23, 30, 3), np.float32)
    sources = np.array([(r, c) for r in range(4, 19) for c in range(4, 15)], np.int32)
    centres = np.array([(4, 20), (8, 20), (12, 24), (20, 28), (0, 16)], np.int32)
    values = rng.normal(size=len(sources)).astype(np.float32)
    options = DetailOptions(spacing=4, queries=3, temperature=0.05)
    best, expected = nearest(
        Descriptors(tf.constant(picture), options), sources, values, centres, options
    )
    keys = np.array([described(picture, *place) for place in sources])
    for place, (row, column) in enumerate(centres):
        distance = np.square(keys - described(picture, row, column)).sum(axis=1)
        assert tuple(best.numpy()[place]) == tuple(sources[distance.argmin()])
        weights = np.exp(-distance / 0.05)
        np.testing.assert_allclose(
            expected[place], (weights * values).sum() / weights.sum(), atol=1e-3
        )


def test_patches_that_are_whole_and_that_touch_the_hole():
    hole = np.zeros((26, 31), bool)
    hole[20:25, 3:9] = hole[2, 30] = True
    whole, touched = whole_patches(tf.constant(hole), 4), touching(tf.constant(hole), 4)
    for row in range(26):
        for column in range(31):
            inside = 4 <= row < 22 and 4 <= column < 27
            free = not hole[max(row - 4, 0) : row + 5, max(column - 4, 0) : column + 5].any()
            assert bool(whole[row, column]) == (inside and free)
    assert touched.shape == (8, 9)
    for i, j in np.ndindex(8, 9):
        rows, columns = slice(max(4 * i - 3, 0), 4 * i + 4), slice(max(4 * j - 3, 0), 4 * j + 4)
        assert bool(touched[i, j]) == hole[rows, columns].any()


def test_a_patch_comes_round_to_what_all_its_neighbours_do():
    picture = tf.fill((48, 64, 3), 0.5)
    options = DetailOptions(spacing=4, row_weight=0.0, column_weight=0.0)
    active = np.zeros((13, 17), bool)
    active[5:8, 10:13] = True
    shifts = np.zeros((13, 17, 2), np.int32)
    shifts[active] = (3, -20)
    shifts[6, 11] = (-8, -30)
    usable = np.zeros((48, 64), bool)
    usable[4:44, 4:36] = True
    agreed = agree(
        tf.constant(shifts), active, usable, Descriptors(picture, options), options
    ).numpy()
    np.testing.assert_array_equal(agreed[active], np.tile((3, -20), (9, 1)))
    assert not agreed[~active].any()


def test_every_source_is_whole_and_known():
    rng = np.random.default_rng(5)
    picture = rng.random((60, 52, 3), np.float32)
    hole = np.zeros((60, 52), bool)
    hole[10:40, 20:45] = True
    shifts = find_shifts(tf.constant(picture), tf.constant(hole), OPTIONS)
    whole = whole_patches(tf.constant(hole), 4).numpy()
    for i, j in np.argwhere(touching(tf.constant(hole), 4).numpy()):
        row, column = np.array([i, j]) * 4 + shifts.shifts.numpy()[i, j]
        assert whole[row, column]
    shares = shifts.shares.numpy()
    assert shares.min() >= 0
    assert shares.max() <= 1
