"""The masks that DeepFill was trained with."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.data import masks

DRAWS = [masks.box, masks.box_and_strokes]


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("size", [(1, 2), (2, 1), (2, 2), (3, 3), (1, 40), (8, 8), (33, 21)])
def test_masks_of_any_size_are_neither_empty_nor_full(draw, size):
    for seed in range(50):
        mask = draw(_rng(seed), *size)
        assert mask.shape == size
        assert mask.dtype == np.uint8
        assert set(np.unique(mask)) == {0, 1}


@pytest.mark.parametrize("draw", DRAWS)
def test_sizes_that_cannot_hold_a_mask(draw):
    with pytest.raises(ValueError, match="two pixels at least"):
        draw(_rng(0), 1, 1)


def test_a_box_is_a_rectangle_of_96_to_128_pixels_at_256():
    heights, tops = set(), []
    for seed in range(300):
        mask = masks.box(_rng(seed), 256, 256)
        top, bottom, left, right = _extent(mask)
        assert mask.sum() == (bottom - top) * (right - left)
        # Both sides of a pair move in alike, from a box of 128.
        assert (bottom - top) % 2 == (right - left) % 2 == 0
        heights |= {bottom - top, right - left}
        tops.append((top + bottom) // 2 - 64)
    assert heights == set(range(96, 129, 2))
    assert 0 <= min(tops) < 10
    assert 117 < max(tops) <= 127


def test_strokes_are_added_to_the_box():
    shares = []
    for seed in range(50):
        both, box = masks.box_and_strokes(_rng(seed), 128, 128), masks.box(_rng(seed), 128, 128)
        assert np.all(both >= box)
        shares.append((both.mean(), box.mean()))
    strokes, boxes = np.mean(shares, axis=0)
    # A box of 96 to 128 on each side is 19 per cent of 256 by 256 on average.
    assert boxes == pytest.approx(0.19, abs=0.02)
    assert 0.05 < strokes - boxes < 0.3


def test_rates_do_not_depend_on_the_image_size():
    rates = [
        np.mean([masks.box_and_strokes(_rng(seed), size, size).mean() for seed in range(60)])
        for size in (64, 256)
    ]
    assert rates[0] == pytest.approx(rates[1], abs=0.05)


def test_what_a_seed_draws_is_pinned():
    drawn = [
        int(masks.SAMPLERS[name](_rng(3), 64, 64).sum()) for name in ("box", "box_and_strokes")
    ]
    assert drawn == [960, 1413]


def test_unknown_sampler():
    with pytest.raises(
        ValueError, match="masks must be one of mixed, box, box_and_strokes, got 'dots'"
    ):
        masks.check_sampler("dots")
