from __future__ import annotations

import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from inpainting.errors import InputError
from inpainting.serving.large import Box
from inpainting.web import photos
from inpainting.web.photos import Limits


def encoded(array, kind="PNG", **options):
    data = io.BytesIO()
    Image.fromarray(array).save(data, kind, **options)
    return data.getvalue()


def test_holes_as_bits_by_hand():
    hole = np.zeros((2, 9), bool)
    hole[0, 0] = hole[0, 8] = hole[1, 1] = True
    assert photos.pack_hole(hole) == b"\x80\x80\x40\x00"
    np.testing.assert_array_equal(photos.unpack_hole(b"\x80\x80\x40\x00", (9, 2)), hole)


@pytest.mark.parametrize("size", [(9, 1), (17, 2), (0, 0), (-9, 2)])
def test_bits_of_another_size_are_refused(size):
    with pytest.raises(InputError, match="does not fit"):
        photos.unpack_hole(b"\x80\x80\x40\x00", size)


@pytest.mark.parametrize("kind", ["colour", "grey", "alpha"])
def test_patches_laid_on_the_photo_give_the_completed_one_bit_for_bit(rng, kind):
    channels = {"colour": 3, "grey": 1, "alpha": 4}[kind]
    pixels = rng.integers(0, 256, (30, 40, channels), dtype=np.uint8)
    pixels[5:8, 5:8] = 0  # fully transparent, where there is alpha
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {} if kind == "grey" else {"icc_profile": profile}
    file = encoded(pixels[..., 0] if kind == "grey" else pixels, **options)
    photo = photos.read(file, "the photo", Limits())
    hole = np.zeros((30, 40), bool)
    hole[4:9, 6:20:2] = True
    completed = photo.pixels.copy()
    completed[hole] = 77
    box = Box(4, 6, 9, 20)
    patch = photos.cut_patch(photo, completed, hole, box)
    laid = photos.lay(photo, [[6, 4, 14, 5]], [patch])
    np.testing.assert_array_equal(laid.pixels, completed)
    result = Image.open(io.BytesIO(photos.encode(laid)))
    assert result.info.get("icc_profile") == (None if kind == "grey" else profile)
    found = np.atleast_3d(np.asarray(result))
    assert found.shape == pixels.shape
    np.testing.assert_array_equal(found[~hole], pixels[~hole])
    assert (found[hole][:, :3] == 77).all()
    if kind == "alpha":  # where nothing would have been seen of the fill
        assert (found[5:8, 6, 3] == 255).all()


def test_sixteen_bits_stay_sixteen(rng):
    pixels = rng.integers(0, 2**16, (20, 30, 3), dtype=np.uint16)
    file = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
    photo = photos.read(file, "the photo", Limits())
    np.testing.assert_array_equal(photo.pixels, pixels)
    hole = np.zeros((20, 30), bool)
    hole[3:9, 4:11] = True
    completed = pixels.copy()
    completed[hole] = 12345
    box = Box(3, 4, 9, 11)
    laid = photos.lay(photo, [[4, 3, 7, 6]], [photos.cut_patch(photo, completed, hole, box)])
    result = cv2.imdecode(np.frombuffer(photos.encode(laid), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(result[..., ::-1], completed)
    with pytest.raises(InputError, match="number of bits"):
        photos.lay(photo, [[0, 0, 4, 4]], [encoded(np.zeros((4, 4, 3), np.uint8))])


def test_the_last_patch_lies_on_top(rng):
    photo = photos.read(encoded(np.zeros((8, 8, 3), np.uint8)), "the photo", Limits())
    patches = [encoded(np.full((4, 4, 3), value, np.uint8)) for value in (10, 20)]
    pixels = photos.lay(photo, [[0, 0, 4, 4], [2, 2, 4, 4]], patches).pixels[..., 0]
    assert pixels[1, 1] == 10
    assert pixels[3, 3] == 20
    assert pixels[7, 7] == 0
    assert not photo.pixels.any()


@pytest.mark.parametrize(
    "box", [[5, 0, 4, 4], [-1, 0, 4, 4], [0, 0, 0, 4], [0, 0, 5, 4], [0.0, 0, 4, 4], [0, 0, 4], 7]
)
def test_boxes_that_do_not_fit_are_refused(box):
    photo = photos.read(encoded(np.zeros((8, 8, 3), np.uint8)), "the photo", Limits())
    with pytest.raises(InputError, match="patch"):
        photos.lay(photo, [box], [encoded(np.zeros((4, 4, 3), np.uint8))])


def test_a_patch_is_a_png_of_its_box_and_nothing_else():
    photo = photos.read(encoded(np.zeros((8, 8, 3), np.uint8)), "the photo", Limits())
    picture = np.zeros((4, 4, 3), np.uint8)
    for data in (b"", b"no picture", encoded(picture, "BMP"), encoded(picture)[:-30]):
        with pytest.raises(InputError, match="a patch"):
            photos.lay(photo, [[0, 0, 4, 4]], [data])
    with pytest.raises(InputError, match="one box"):
        photos.lay(photo, [], [encoded(picture)])


def bomb(side):
    """A PNG file that claims side x side pixels and holds none."""
    header = bytearray(encoded(np.zeros((1, 1), np.uint8)))
    header[16:24] = side.to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    return bytes(header)


@pytest.mark.parametrize("side", [9000, 60_000, 2**31 - 1])
def test_what_claims_too_many_pixels_is_refused_before_it_is_decoded(side, monkeypatch):
    file = bomb(side)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(InputError, match="megapixels; this page takes 64"):
        photos.read(file, "the photo", Limits())
    with pytest.raises(InputError, match="megapixels"):
        photos.read_hole(file, "the mask", (4, 4), Limits())


def test_a_mask_file_must_be_of_the_photos_size():
    file = encoded(np.array([[0, 255, 0]], np.uint8))
    hole = photos.read_hole(file, "the mask", (3, 1), Limits())
    np.testing.assert_array_equal(hole, [[False, True, False]])
    with pytest.raises(InputError, match="the mask is 3 x 1 pixels but the photo is 1 x 3"):
        photos.read_hole(file, "the mask", (1, 3), Limits())


def test_limits_must_be_positive():
    with pytest.raises(InputError, match="--max_megapixels must be above 0"):
        Limits(megapixels=0)
