"""Every kind of bad photograph and mask, given to the command as a user would.

Each ends with exit code 2 and one line on stderr, and nothing is written; each unusual but readable
file is filled in, shown by a preview, for which no network is needed.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEIGHT, WIDTH = 24, 36
PHOTO = np.random.default_rng(0).integers(0, 200, (HEIGHT, WIDTH, 3), np.uint8)
HOLE = np.zeros((HEIGHT, WIDTH), bool)
HOLE[5:15, 10:30] = True
WHITE = np.where(HOLE, 255, 0).astype(np.uint8)


def _bytes(pixels: np.ndarray | Image.Image, format_name: str = "PNG", **options) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    image.save(stream, format_name, **options)
    return stream.getvalue()


def _preview(folder, photo: bytes | None, mask: bytes | None, output: str = "output.png", *flags):
    """Runs `inpaint.py photo --mask mask --output output --preview` in `folder`."""
    for name, data in {"photo.x": photo, "mask.x": mask}.items():
        if data is not None:
            (folder / name).write_bytes(data)
    command = [sys.executable, os.path.join(ROOT, "inpaint.py"), "photo.x", "--mask", "mask.x"]
    return subprocess.run(
        [*command, "--output", output, "--preview", *flags],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )


GOOD_PHOTO, GOOD_MASK = _bytes(PHOTO), _bytes(WHITE)
BAD_PAIRS = {
    "no photo": (None, GOOD_MASK, "no such file: photo.x"),
    "no mask": (GOOD_PHOTO, None, "no such file: mask.x"),
    "empty photo": (b"", GOOD_MASK, "photo.x is empty (0 bytes)"),
    "empty mask": (GOOD_PHOTO, b"", "mask.x is empty (0 bytes)"),
    "photo is text": (b"a letter" * 99, GOOD_MASK, "photo.x is not an image"),
    "mask is text": (GOOD_PHOTO, b"a letter" * 99, "mask.x is not an image"),
    "photo truncated": (GOOD_PHOTO[:900], GOOD_MASK, "photo.x is truncated or damaged"),
    "mask truncated": (GOOD_PHOTO, GOOD_MASK[:60], "mask.x is truncated or damaged"),
    "sizes differ": (GOOD_PHOTO, _bytes(WHITE[:, 1:]), "mask.x is 35 x 24 pixels"),
    "no hole": (GOOD_PHOTO, _bytes(WHITE * 0), "mask.x has no hole"),
    "all hole": (GOOD_PHOTO, _bytes(WHITE * 0 + 255), "mask.x is all hole"),
}


@pytest.mark.parametrize("kind", list(BAD_PAIRS))
def test_bad_files_end_in_one_line_and_code_2(tmp_path, kind):
    photo, mask, message = BAD_PAIRS[kind]
    result = _preview(tmp_path, photo, mask)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert not (tmp_path / "output.png").exists()
    assert {path.name for path in tmp_path.iterdir()} <= {"photo.x", "mask.x"}


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("missing/output.png", "there is no folder missing"),
        ("output.xyz", "its suffix must be one of"),
        ("photo.x/output.png", "Not a directory"),
    ],
)
def test_outputs_that_cannot_be_written(tmp_path, output, message):
    result = _preview(tmp_path, GOOD_PHOTO, GOOD_MASK, output)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: cannot write {output}: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mask.x", "photo.x"]


def _stroke_on_nothing() -> np.ndarray:
    return np.dstack([WHITE * 0, WHITE * 0, WHITE * 0, WHITE])


def _palette_mask() -> Image.Image:
    image = Image.fromarray((~HOLE).astype(np.uint8), "P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    return image


UNUSUAL_MASKS = {
    "grey": (_bytes(np.where(HOLE, 130, 90).astype(np.uint8)), "those from 128 up are hole"),
    "hole in alpha": (_bytes(_stroke_on_nothing()), "what is opaque is hole"),
    "palette": (_bytes(_palette_mask()), ""),
    "16 bit": (_bytes(WHITE.astype(np.uint16) * 257), ""),
    "one bit": (_bytes(Image.fromarray(WHITE).convert("1")), ""),
}


@pytest.mark.parametrize("kind", list(UNUSUAL_MASKS))
def test_unusual_masks_are_read_and_said_once(tmp_path, kind):
    mask, remark = UNUSUAL_MASKS[kind]
    result = _preview(tmp_path, GOOD_PHOTO, mask)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("\n") == (1 if remark else 0)
    assert remark in result.stderr
    with Image.open(tmp_path / "output.png") as output:
        changed = np.any(np.asarray(output.convert("RGB")) != PHOTO, axis=-1)
    np.testing.assert_array_equal(changed, HOLE)


def _rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return _bytes(np.ascontiguousarray(np.rot90(PHOTO)), exif=exif)


UNUSUAL_PHOTOS = {
    "grey": _bytes(PHOTO[..., 0]),
    "transparent": _bytes(np.dstack([PHOTO, PHOTO[..., 0]])),
    "CMYK": _bytes(Image.fromarray(PHOTO).convert("CMYK"), "JPEG", quality=95),
    "rotated by EXIF": _rotated(),
    "palette": _bytes(Image.fromarray(PHOTO).quantize(64)),
    "16 bit": _bytes(PHOTO[..., 0].astype(np.uint16) * 257),
}


@pytest.mark.parametrize("kind", list(UNUSUAL_PHOTOS))
def test_unusual_photos_are_read(tmp_path, kind):
    result = _preview(tmp_path, UNUSUAL_PHOTOS[kind], GOOD_MASK)
    assert result.returncode == 0, result.stderr
    with Image.open(tmp_path / "output.png") as output:
        shown = np.asarray(output.convert("RGB")).astype(int)
    expected = np.repeat(PHOTO[..., :1], 3, axis=2) if kind in ("grey", "16 bit") else PHOTO
    assert shown.shape == expected.shape
    # Noise suffers from JPEG and from 64 colours; a photograph that lies on its side would
    # differ by 67 on average.
    assert np.abs(shown - expected)[~HOLE].mean() < 20
    assert np.abs(shown - expected[::-1])[~HOLE].mean() > 40


def test_inverted_mask(tmp_path):
    result = _preview(tmp_path, GOOD_PHOTO, _bytes(255 - WHITE), "output.png", "--invert_mask")
    assert result.returncode == 0, result.stderr
    with Image.open(tmp_path / "output.png") as output:
        changed = np.any(np.asarray(output.convert("RGB")) != PHOTO, axis=-1)
    np.testing.assert_array_equal(changed, HOLE)
