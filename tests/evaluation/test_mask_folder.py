"""Masks from a folder of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InputError
from inpainting.evaluation.mask_folder import FolderMasks
from inpainting.evaluation.protocol import parse_buckets, sha256_of

BUCKETS = parse_buckets("10-20,50-60")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Bars of 1 to 6 of 10 columns, white = hole, 40x40."""
    for columns in range(1, 7):
        mask = np.zeros((40, 40), np.uint8)
        mask[:, : 4 * columns] = 255
        Image.fromarray(mask).save(tmp_path / f"{columns}.png")
    return tmp_path


def open_masks(folder: Path, size: int = 20, **options) -> FolderMasks:
    masks = FolderMasks(str(folder), size, 0, **options)
    for bucket in BUCKETS:
        masks.check(bucket)
    return masks


def test_every_photo_gets_a_mask_of_the_bucket(folder):
    masks = open_masks(folder)
    for photo in "abcdef":
        assert masks.draw(photo, BUCKETS[0]).mean() == pytest.approx(0.1)
        assert masks.draw(photo, BUCKETS[1]).mean() == pytest.approx(0.5)


def test_the_choice_follows_the_photo_and_not_the_files_names(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("renamed")
    for number, path in enumerate(sorted(folder.iterdir(), reverse=True)):
        (other / f"m{number}.png").write_bytes(path.read_bytes())
    wide = parse_buckets("0-100")[0]
    chosen = []
    for masks in (open_masks(folder), open_masks(other)):
        masks.check(wide)
        chosen.append([sha256_of(masks.draw(photo, wide)) for photo in "abcdefghijkl"])
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) > 2
    assert open_masks(folder).record == open_masks(other).record


def test_polarity_can_be_inverted(folder):
    masks = FolderMasks(str(folder), 20, 0, invert=True)
    masks.check(BUCKETS[1])
    assert masks.draw("a", BUCKETS[1]).mean() == pytest.approx(0.5)
    assert masks.draw("a", BUCKETS[1])[:, -1].all()


def test_a_bucket_that_no_mask_is_of_is_refused(folder):
    masks = open_masks(folder)
    with pytest.raises(InputError, match=r"cannot fill bucket 70-80 %.*10\.0 to 60\.0 %"):
        masks.check(parse_buckets("70-80")[0])


def test_a_missing_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        FolderMasks(str(tmp_path / "none"), 20, 0)
    with pytest.raises(InputError, match="has no mask files"):
        FolderMasks(str(tmp_path), 20, 0)
