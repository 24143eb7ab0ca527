from __future__ import annotations

import io
import os

import numpy as np
import pytest
from PIL import Image, ImageCms, JpegImagePlugin

from inpainting import image as image_files
from inpainting.errors import InputError
from inpainting.serving.files import read_photo, write_photo

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# The primaries are all that makes it another space: red and green exchanged.
ODD = SRGB.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")
ODD = ODD.replace("sRGB".encode("utf-16-be"), "oddd".encode("utf-16-be")).replace(b"sRGB", b"oddd")


@pytest.fixture
def picture(rng):
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return small.resize((48, 36), Image.Resampling.BICUBIC)


@pytest.fixture
def hole():
    values = np.zeros((36, 48), bool)
    values[10:20, 15:30] = True
    return values


def round_trip(source, target, hole, value=77):
    """Reads, fills the hole with one value, writes; returns the photo read and the file written."""
    photo = read_photo(str(source))
    completed = np.where(hole[..., np.newaxis], np.uint8(value), photo.pixels)
    write_photo(str(target), photo, completed, hole)
    with Image.open(target) as written:
        written.load()
        return photo, written


@pytest.mark.parametrize("suffix", [".png", ".webp", ".bmp", ".tif"])
def test_lossless_formats_keep_every_pixel_outside(picture, hole, tmp_path, suffix):
    picture.save(tmp_path / f"in{suffix}", **({"lossless": True} if suffix == ".webp" else {}))
    _, written = round_trip(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}", hole)
    assert written.mode == "RGB"
    values = np.asarray(written)
    np.testing.assert_array_equal(values[~hole], np.asarray(picture)[~hole])
    np.testing.assert_array_equal(values[hole], 77)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_profile_and_pixels_in_its_space_are_kept(picture, hole, tmp_path, suffix):
    options = {"icc_profile": ODD, **({"lossless": True} if suffix == ".webp" else {})}
    picture.save(tmp_path / f"in{suffix}", **options)
    assert not np.array_equal(
        image_files.read_image(tmp_path / f"in{suffix}"), np.asarray(picture)
    ), "the profile has no effect, so this would test nothing"
    photo, written = round_trip(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}", hole)
    assert written.info["icc_profile"] == ODD
    if suffix != ".jpg":
        np.testing.assert_array_equal(np.asarray(written)[~hole], np.asarray(picture)[~hole])
    with Image.open(tmp_path / f"in{suffix}") as stored:
        np.testing.assert_array_equal(photo.pixels, np.asarray(stored))


def test_a_profile_of_another_kind_of_pixels_is_not_kept(picture, hole, tmp_path):
    picture.convert("CMYK").save(tmp_path / "in.jpg", icc_profile=ODD)
    _, written = round_trip(tmp_path / "in.jpg", tmp_path / "out.jpg", hole)
    assert written.mode == "RGB"
    assert "icc_profile" not in written.info


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_further_pictures_are_not_left_out_without_a_word(picture, hole, tmp_path, caplog, suffix):
    options = {"lossless": True} if suffix == ".webp" else {}
    picture.save(tmp_path / f"one{suffix}", **options)
    more = {"save_all": True, "append_images": [picture.rotate(180)]}
    picture.save(tmp_path / f"two{suffix}", **options, **more)
    read_photo(str(tmp_path / f"one{suffix}"))
    assert not caplog.messages
    _, written = round_trip(tmp_path / f"two{suffix}", tmp_path / f"out{suffix}", hole)
    np.testing.assert_array_equal(np.asarray(written)[~hole], np.asarray(picture)[~hole])
    (line,) = caplog.messages
    assert line.endswith(f"two{suffix} holds more pictures than one: the first is used, alone")


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_grey_stays_grey(hole, tmp_path, mode):
    values = np.arange(36 * 48, dtype=np.uint16).reshape(36, 48)
    grey = Image.fromarray(values * 37) if mode == "I;16" else Image.fromarray(values % 256)
    grey = grey if mode == "I;16" else grey.convert("L").convert(mode)
    grey.save(tmp_path / "in.png")
    photo, written = round_trip(tmp_path / "in.png", tmp_path / "out.png", hole)
    assert photo.grey
    assert written.mode == ("I;16" if mode == "I;16" else "L")
    np.testing.assert_array_equal(np.asarray(written)[~hole], photo.pixels[..., 0][~hole])


def test_grey_with_alpha_keeps_both(picture, hole, tmp_path):
    grey = picture.convert("LA")
    grey.putalpha(200)
    grey.save(tmp_path / "in.png")
    _, written = round_trip(tmp_path / "in.png", tmp_path / "out.png", hole)
    assert written.mode == "LA"
    assert written.getchannel("A").getextrema() == (200, 200)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_alpha_is_kept_and_a_fill_under_nothing_becomes_visible(picture, hole, tmp_path, suffix):
    alpha = np.full((36, 48), 120, np.uint8)
    alpha[:, :20] = 0  # half of the hole is transparent, as an eraser leaves it
    rgba = picture.copy()
    rgba.putalpha(Image.fromarray(alpha))
    options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    rgba.save(tmp_path / f"in{suffix}", **options)
    _, written = round_trip(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}", hole)
    expected = np.where(hole & (alpha == 0), 255, alpha)
    np.testing.assert_array_equal(np.asarray(written)[..., 3], expected)
    known = ~hole
    np.testing.assert_array_equal(np.asarray(written)[known][:, :3], np.asarray(picture)[known])


def test_a_transparent_palette_becomes_rgba(picture, hole, tmp_path):
    picture.quantize(16).save(tmp_path / "in.png", transparency=0)
    photo, written = round_trip(tmp_path / "in.png", tmp_path / "out.png", hole)
    assert written.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(written)[~hole][:, 3], photo.alpha[~hole])
    assert 0 < (photo.alpha == 0).mean() < 1


def test_alpha_is_left_out_where_the_format_has_none(picture, hole, tmp_path):
    rgba = picture.copy()
    rgba.putalpha(120)
    rgba.save(tmp_path / "in.png")
    _, written = round_trip(tmp_path / "in.png", tmp_path / "out.jpg", hole)
    assert written.mode == "RGB"


def with_thumbnail(picture):
    """EXIF with orientation 6, a camera, a date, a place, and a thumbnail as cameras store it."""
    thumbnail = io.BytesIO()
    picture.resize((16, 12)).save(thumbnail, "JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8769)[0x9003] = "2020:02:03 04:05:06"
    exif.get_ifd(0x8825)[1] = "N"
    data = bytearray(exif.tobytes())
    # IFD1 with the two tags of a thumbnail, appended and pointed to from the end of IFD0.
    tiff = data[6:]
    entries = int.from_bytes(tiff[8:10], "big")
    end = 10 + 12 * entries
    start = len(tiff)
    tiff[end : end + 4] = start.to_bytes(4, "big")
    values = ((0x0201, start + 30), (0x0202, len(thumbnail.getvalue())))
    tiff += (2).to_bytes(2, "big")
    for tag, value in values:
        tiff += tag.to_bytes(2, "big") + b"\0\4\0\0\0\1" + value.to_bytes(4, "big")
    tiff += bytes(4) + thumbnail.getvalue()
    return bytes(data[:6] + tiff), thumbnail.getvalue()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_exif_is_kept_upright_and_without_thumbnail(picture, tmp_path, suffix):
    exif, thumbnail = with_thumbnail(picture)
    picture.save(tmp_path / "in.jpg", exif=exif)
    assert thumbnail in (tmp_path / "in.jpg").read_bytes()
    hole = np.zeros((48, 36), bool)  # turned upright, it stands
    hole[5:9, 5:9] = True
    photo, written = round_trip(tmp_path / "in.jpg", tmp_path / f"out{suffix}", hole)
    assert written.size == (36, 48)
    kept = written.getexif()
    assert kept[0x0112] == 1
    assert kept[0x010F] == "Camera"
    assert kept.get_ifd(0x8769)[0x9003] == "2020:02:03 04:05:06"
    assert kept.get_ifd(0x8825)[1] == "N"
    assert thumbnail not in (tmp_path / f"out{suffix}").read_bytes()
    np.testing.assert_array_equal(photo.pixels, image_files.read_image(tmp_path / "in.jpg"))


def test_a_tiff_is_written_by_its_own_rules(picture, hole, tmp_path):
    """The input's tags for strips, compression and size would make another file unreadable."""
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    picture.resize((480, 360)).save(tmp_path / "in.tif", compression="tiff_lzw", exif=exif)
    hole = np.kron(hole, np.ones((10, 10), bool))
    for suffix in (".tif", ".png", ".jpg"):
        _, written = round_trip(tmp_path / "in.tif", tmp_path / f"out{suffix}", hole)
        assert written.size == (480, 360)
        assert written.getexif()[0x010F] == "Camera"


def test_damaged_exif_is_left_out(picture, hole, tmp_path):
    picture.save(tmp_path / "in.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    _, written = round_trip(tmp_path / "in.jpg", tmp_path / "out.jpg", hole)
    assert written.size == (48, 36)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [40, 97])
def test_a_jpeg_keeps_its_tables_and_sampling(picture, hole, tmp_path, quality, subsampling):
    picture.save(
        tmp_path / "in.jpg",
        quality=quality,
        subsampling=subsampling,
        progressive=True,
        dpi=(72, 72),
    )
    _, written = round_trip(tmp_path / "in.jpg", tmp_path / "out.jpg", hole)
    with Image.open(tmp_path / "in.jpg") as source:
        assert written.quantization == source.quantization
    assert JpegImagePlugin.get_sampling(written) == subsampling
    assert written.info["progressive"]
    assert written.info["dpi"] == (72, 72)
    assert os.path.getsize(tmp_path / "out.jpg") < 1.2 * os.path.getsize(tmp_path / "in.jpg")


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_jpegs_become_jpegs(picture, hole, tmp_path, mode):
    picture.convert(mode).save(tmp_path / "in.jpg", quality=60)
    _, written = round_trip(tmp_path / "in.jpg", tmp_path / "out.jpg", hole)
    assert written.mode == ("L" if mode == "L" else "RGB")


def test_a_failed_write_keeps_the_earlier_file(picture, hole, tmp_path, monkeypatch):
    picture.save(tmp_path / "in.png")
    (tmp_path / "out.png").write_bytes(b"earlier")

    def disk_full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", disk_full)
    with pytest.raises(InputError, match=r"cannot write .*out\.png: No space left on device"):
        round_trip(tmp_path / "in.png", tmp_path / "out.png", hole)
    assert (tmp_path / "out.png").read_bytes() == b"earlier"
    assert sorted(os.listdir(tmp_path)) == ["in.png", "out.png"]
