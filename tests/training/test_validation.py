"""Validation against figures worked out by hand, and which photographs it takes."""

import numpy as np
import pytest
from PIL import Image

from inpainting.data.photos import Photos
from inpainting.errors import InputError
from inpainting.training.validation import FixedPhotos, Validation


@pytest.fixture
def photos(tmp_path):
    """Ten flat photos; photo n has the value 20 n."""
    for number in range(10):
        picture = np.full((40, 48, 3), 20 * number, np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    return Photos(str(path) for path in tmp_path.iterdir())


def values(fixed):
    return [int(image[0, 0, 0]) // 20 for image in fixed.images]


def test_photos_are_spread_and_always_the_same(photos):
    fixed, again = (FixedPhotos(photos, 4, 32, seed=3) for _ in range(2))
    assert values(fixed) == [0, 2, 5, 7]
    np.testing.assert_array_equal(fixed.masks, again.masks)
    rates = fixed.masks.mean(axis=(1, 2))
    for rate, (low, high) in zip(rates, [(0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.1, 0.2)]):
        assert low <= rate < high
    assert values(FixedPhotos(photos, 99, 32, seed=3)) == list(range(10))


def test_an_unreadable_photo_is_replaced(photos, tmp_path):
    (tmp_path / "2.png").write_bytes(b"no picture")
    assert values(FixedPhotos(photos, 4, 32, seed=3)) == [0, 5, 7, 1]
    for path in tmp_path.iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="none of the 10 validation photos can be read"):
        FixedPhotos(photos, 4, 32, seed=3)


def test_figures_are_means_over_photos_in_the_hole(photos):
    """Every fill is 0.1 (25.5 levels, rounded to 26); the first batch of four and one more."""
    fixed = FixedPhotos(photos, 5, 32, seed=3)

    def generate(image, mask):
        fill = mask * 0.1 + (1 - mask) * (1 - image)  # what is outside the hole counts nowhere
        return {"coarse": image, "refined": fill}

    figures = Validation(fixed, generate).score()
    errors = np.array([abs(20 * number - 26) / 255 for number in values(fixed)])
    assert figures["val_l1_hole"] == pytest.approx(100 * errors.mean())
    assert figures["val_psnr_hole"] == pytest.approx(np.mean(-20 * np.log10(errors)))


def test_it_stops_between_batches(photos):
    asked = []

    def stopped():
        asked.append(True)
        return len(asked) > 1

    fixed = FixedPhotos(photos, 5, 32, seed=3)
    score = Validation(fixed, lambda image, mask: {"refined": image}).score
    assert score(stopped) is None
    assert score() == {"val_l1_hole": 0.0, "val_psnr_hole": 100.0}
