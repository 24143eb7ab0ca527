"""Pictures of an evaluation."""

from __future__ import annotations

import numpy as np

from inpainting.evaluation.figures import _shortened, error_maps, heat, side_by_side
from inpainting.evaluation.inputs import Batch
from inpainting.evaluation.protocol import Bucket
from inpainting.picture import LEAST_WIDTH

SIZE = LEAST_WIDTH


def batch() -> Batch:
    images = np.full((1, SIZE, SIZE, 3), 100, np.uint8)
    masks = np.zeros((1, SIZE, SIZE), np.uint8)
    masks[:, 40:120, 40:120] = 1
    return Batch(["a"], images, masks, Bucket("10-20", 10, 20))


def contains(picture: np.ndarray, cell: np.ndarray) -> bool:
    height, width = cell.shape[:2]
    return any(
        (picture[y : y + height, x : x + width] == cell).all()
        for y in range(picture.shape[0] - height + 1)
        for x in range(picture.shape[1] - width + 1)
        if (picture[y, x] == cell[0, 0]).all() and (picture[y + height - 1, x] == cell[-1, 0]).all()
    )


def test_side_by_side_shows_input_fill_and_truth():
    given = batch()
    filled = np.where(given.masks[..., None] == 1, np.uint8(7), given.images)
    picture = side_by_side(given, {"x": filled})
    for cell in (given.with_white_holes()[0], filled[0], given.images[0]):
        assert contains(picture, cell)
    assert picture.shape[1] >= 3 * SIZE


def test_error_maps_part_a_constant_error_from_an_alternating_one():
    given = batch()
    inner = np.s_[60:100, 60:100]
    constant, alternating = given.images.copy(), given.images.copy()
    constant[0][inner] += 51  # 0.2: all of it in the low band
    board = np.indices((40, 40)).sum(axis=0) % 2
    alternating[0][inner] = np.where(board == 1, 151, 49)[..., None]
    low_row, high_row = 0, 1

    def brightness(fill: np.ndarray, row: int) -> float:
        picture = error_maps(given, {"x": fill}).astype(float)
        height = picture.shape[0] // 2
        top = row * height + 60 + (picture.shape[0] - 2 * SIZE) // 2
        return picture[top + 10 : top + 30, -SIZE + 66 : -SIZE + 86].mean()

    assert brightness(constant, low_row) > 60 > 5 > brightness(constant, high_row)
    assert brightness(alternating, high_row) > 60 > brightness(alternating, low_row)


def test_heat_is_black_at_zero_and_stops_at_the_brightest():
    colours = heat(np.array([[0.0, 0.1, 0.25, 3.0]]), 0.25)[0]
    assert colours[0].sum() < 10
    assert colours[1].sum() < colours[2].sum()
    assert (colours[2] == colours[3]).all()


def test_small_pictures_are_enlarged_by_whole_pixels():
    image = np.arange(10 * 10 * 3, dtype=np.uint8).reshape(1, 10, 10, 3)
    small = Batch(["a"], image, np.ones((1, 10, 10), np.uint8), Bucket("x", 0, 1))
    picture = side_by_side(small, {"x": image})
    assert contains(picture, image[0].repeat(16, axis=0).repeat(16, axis=1))


def test_long_names_keep_both_ends():
    assert _shortened("short", 20) == "short"
    assert (
        _shortened("recurrent-sample-20240101-120000 (coarse)", 20) == "recurrent-\u2026 (coarse)"
    )
