"""Grids: every picture in its place, enlarged by whole numbers, and the hole shown white."""

import numpy as np
import pytest

from inpainting.picture import GAP, LEAST_WIDTH, enlargement, grid, show_hole


def plain(value, size=LEAST_WIDTH):
    return np.full((size, size, 3), value, np.uint8)


def test_pictures_stand_in_their_places():
    picture = grid([[plain(10), plain(20)], [plain(30), plain(40)]])
    assert picture.shape == (3 * GAP + 2 * LEAST_WIDTH, 3 * GAP + 2 * LEAST_WIDTH, 3)
    step = GAP + LEAST_WIDTH
    for row, values in enumerate([(10, 20), (30, 40)]):
        for column, value in enumerate(values):
            top, left = GAP + row * step, GAP + column * step
            np.testing.assert_array_equal(
                picture[top : top + LEAST_WIDTH, left : left + LEAST_WIDTH], value
            )
    assert (picture[:GAP] == 255).all()


@pytest.mark.parametrize(("width", "times"), [(1, 160), (64, 3), (80, 2), (159, 2), (160, 1)])
def test_small_pictures_are_enlarged_by_a_whole_number(width, times):
    assert enlargement(width) == times


def test_enlarging_repeats_pixels():
    cell = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)
    picture = grid([[cell]])
    np.testing.assert_array_equal(picture[GAP:-GAP:3, GAP:-GAP:3], cell)
    np.testing.assert_array_equal(picture[GAP + 2 : -GAP : 3, GAP + 1 : -GAP : 3], cell)


def test_names_make_room_for_themselves():
    bare = grid([[plain(0)]])
    named = grid([[plain(0)]], row_names=["a long name"], column_names=["truth"])
    assert named.shape[0] > bare.shape[0]
    assert named.shape[1] > bare.shape[1] + 50
    np.testing.assert_array_equal(named[-GAP - LEAST_WIDTH : -GAP, -GAP - LEAST_WIDTH : -GAP], 0)


@pytest.mark.parametrize(
    "names", [{"row_names": ["a", "b"]}, {"column_names": ["a", "b"]}, {"rows": []}]
)
def test_names_that_do_not_fit_are_refused(names):
    with pytest.raises(ValueError, match=r"for 1|at least one"):
        grid(**({"rows": [[plain(0)]]} | names))


def test_the_hole_is_white_and_the_rest_as_it_was():
    mask = np.array([[0, 1], [0, 0]], np.uint8)
    image = np.full((2, 2, 3), 7, np.uint8)
    shown = show_hole(image, mask)
    assert shown[0, 1].tolist() == [255] * 3
    assert (shown[mask == 0] == 7).all()
    assert shown.dtype == np.uint8
