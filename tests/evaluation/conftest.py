"""A folder of small photographs, and what an evaluation of them needs."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from PIL import Image

from inpainting.data.sources import open_photos
from inpainting.evaluation.inputs import Inputs
from inpainting.evaluation.photo_set import PhotoSet
from inpainting.evaluation.protocol import SeededMasks, parse_buckets

SIZE = 32


def smooth_photo(seed: int, height: int, width: int) -> np.ndarray:
    """uint8 `(height, width, 3)` that a classical fill does well on, with some noise."""
    generator = np.random.default_rng(seed)
    small = Image.fromarray(generator.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    photo = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    return np.clip(photo + generator.integers(-6, 7, photo.shape), 0, 255).astype(np.uint8)


def write_photos(folder: Path) -> Path:
    """Five photos of several sizes and formats, one in a sub-folder."""
    (folder / "more").mkdir(parents=True)
    for number, name in enumerate(["a.png", "b.jpg", "c.png", "d.png", "more/e.png"]):
        photo = smooth_photo(number, 40 + 4 * number, 60 - 3 * number)
        Image.fromarray(photo).save(folder / name)
    return folder


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """See `write_photos`; in the test's own folder, to be changed."""
    return write_photos(tmp_path / "photos")


@pytest.fixture(scope="module")
def work_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `photos`, shared by a module's tests, which leave these as they are."""
    folder = tmp_path_factory.mktemp("work")
    write_photos(folder / "photos")
    return folder


@pytest.fixture
def make_inputs(photo_folder: Path) -> Callable[..., Inputs]:
    """Inputs of the folder: make_inputs(buckets="10-20", count=0)."""

    def make(buckets: str = "10-20", count: int = 0, crop: str = "centre") -> Inputs:
        photos = open_photos("folder", str(photo_folder), "all")
        photo_set = PhotoSet(photos, SIZE, crop, count)
        return Inputs(photo_set, SeededMasks(SIZE, 0), parse_buckets(buckets), threads=2)

    return make
