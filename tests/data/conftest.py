"""Small photographs in folders, for the tests of where they come from."""

from __future__ import annotations

import os

import numpy as np
import pytest

from inpainting.image import write_image


@pytest.fixture
def make_files(tmp_path):
    """Makes empty files by their names under tmp_path; listing them does not open them."""

    def make(*names: str) -> str:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return str(tmp_path)

    return make


@pytest.fixture
def write_lines(tmp_path):
    """Writes a text file under tmp_path, one argument a line."""

    def write(name: str, *lines: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    return write


@pytest.fixture
def photo_folder(tmp_path):
    """Six photographs 000.png ... of 40 x 48 pixels, whose red channel is 10 * their number."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(6):
        photo = rng.integers(0, 256, (40, 48, 3), np.uint8)
        photo[..., 0] = 10 * number
        write_image(os.path.join(folder, f"{number:03}.png"), photo)
    return str(folder)
