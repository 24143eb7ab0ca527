from __future__ import annotations

import numpy as np
import pytest

from inpainting.data.masks import rectangles
from inpainting.web.coverage import Extent, trained_extent, warnings

EXTENT = Extent(thickness=40, rate=0.5)


def square(side, of=256):
    hole = np.zeros((of, of), bool)
    start = (of - side) // 2
    hole[start : start + side, start : start + side] = True
    return hole


def test_a_hole_as_in_training_is_not_worth_a_word():
    assert warnings(square(40), 256, EXTENT) == []


def test_a_thick_hole_is_told_with_both_figures():
    # The middle of a square of 81 pixels is 41 from the nearest known one.
    assert warnings(square(81), 256, EXTENT) == [
        "The hole is up to 82 pixels thick where the model sees it; in its training, holes were up "
        "to 40. Its middle will come out soft."
    ]


def test_too_much_hole_is_told():
    hole = np.broadcast_to(np.arange(250) % 10 < 6, (250, 250))
    (found,) = warnings(hole, 256, EXTENT)
    assert found.startswith(
        "60 % of what the model sees is hole; in its training it was up to 50 %"
    )


def test_thickness_counts_as_the_network_sees_it():
    """A square of 512 in a large photo is seen at a quarter: 128 pixels thick, and softer."""
    found = warnings(square(512, 2048), 256, Extent(thickness=130, rate=1))
    assert len(found) == 1
    assert "at 25 % of the photo's resolution" in found[0]


def test_without_a_record_nothing_is_claimed():
    assert trained_extent({}) is None
    assert trained_extent({"image_size": 64, "system": {"masks": "unheard of"}}) is None
    record = {"image_size": 64, "system": {"masks": "mixed"}, "mask_dir": "somewhere"}
    assert trained_extent(record) is None
    assert warnings(square(200), 256, None) == []


@pytest.mark.parametrize("key", ["system", "settings"])
def test_the_extent_is_that_of_the_masks_of_training(key):
    extent = trained_extent({"image_size": 64, key: {"masks": "mixed"}})
    # Squares of up to 150 pixels at 256, hence 38 at 64, and unions of smaller ones.
    assert 30 < extent.thickness < 50
    drawn = [rectangles(np.random.default_rng(n), 64, 64).mean() for n in range(50)]
    assert max(drawn) * 0.7 < extent.rate < 1
