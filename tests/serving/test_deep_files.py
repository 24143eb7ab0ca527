"""16 bits a channel, in and out; read back by tifffile and OpenCV, which share no code with it."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from inpainting.serving.deep_files import encode_png, encode_tiff
from inpainting.serving.files import read_photo, to_eight_bits, write_photo

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY_PROFILE = PROFILE[:16] + b"GRAY" + PROFILE[20:]
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def plain_png(values, profile=None, exif=b""):
    """A 16-bit PNG file by the book, unfiltered."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width, samples = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[samples], 0, 0, 0))
        + (chunk(b"iCCP", b"x\0\0" + zlib.compress(profile)) if profile else b"")
        + (chunk(b"eXIf", exif) if exif else b"")
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def plain_tiff(values, orientation=1):
    data = io.BytesIO()
    tifffile.imwrite(
        data,
        values if values.shape[2] > 1 else values[..., 0],
        photometric="rgb" if values.shape[2] > 2 else "minisblack",
        extrasamples=["unassalpha"] if values.shape[2] == 4 else None,
        extratags=[(274, "H", 1, orientation, True)],
    )
    return data.getvalue()


def decode_png(data):
    """uint16 (H, W, samples) of a PNG without interlacing, each filter by the specification."""
    position, packed = 8, b""
    while position < len(data):
        (size,) = struct.unpack(">I", data[position : position + 4])
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + size]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", body[:10])
        packed += body if kind == b"IDAT" else b""
        position += 12 + size
    samples = {colour: samples for samples, colour in COLOUR_TYPES.items()}[colour]
    step, length = samples * bits // 8, width * samples * bits // 8
    raw, above, rows = zlib.decompress(packed), bytes(length), []
    for n in range(height):
        kind, *line = raw[n * (length + 1) : (n + 1) * (length + 1)]
        for i in range(length):
            a, b = line[i - step] if i >= step else 0, above[i]
            c = above[i - step] if i >= step else 0
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, nearest)[kind]) % 256
        above = bytes(line)
        rows.append(np.frombuffer(above, ">u2").reshape(width, samples))
    return np.stack(rows).astype(np.uint16)


@pytest.fixture
def values(rng):
    def make(samples):
        smooth = rng.integers(0, 60000, (30, 40, samples)).cumsum(axis=1) // 40
        return (smooth + rng.integers(0, 3000, smooth.shape)).astype(np.uint16)

    return make


@pytest.fixture
def hole():
    values = np.zeros((30, 40), bool)
    values[10:20, 5:25] = True
    return values


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_a_png_reads_back_by_the_specification(values, samples):
    pixels = values(samples)
    data = encode_png(pixels, PROFILE, b"", (300.0, 150.0))
    np.testing.assert_array_equal(decode_png(data), pixels)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.info["icc_profile"] == PROFILE
        assert tuple(round(value) for value in opened.info["dpi"]) == (300, 150)


def test_a_png_of_many_rows_reads_back(rng):
    """The rows are filtered in parts, whose first row needs the last of the part before."""
    pixels = rng.integers(0, 65536, (600, 3, 3)).astype(np.uint16)
    np.testing.assert_array_equal(decode_png(encode_png(pixels, None, b"", None)), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("samples", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(30, 40), (900, 201)])  # of one strip, and of several
def test_a_tiff_reads_back(rng, dtype, samples, shape):
    pixels = rng.integers(0, np.iinfo(dtype).max, (*shape, samples), endpoint=True).astype(dtype)
    data = encode_tiff(pixels, PROFILE, b"", (300.0, 150.0))
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        (page,) = opened.pages
        np.testing.assert_array_equal(page.asarray().reshape(pixels.shape), pixels)
        assert page.tags["XResolution"].value == (300, 1)
        assert page.tags[34675].value == PROFILE
        assert (page.dataoffsets[0] + sum(page.databytecounts)) == len(data)


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_outside_the_hole_are_kept(values, hole, tmp_path, samples, suffix):
    pixels = values(samples)
    profile = GREY_PROFILE if samples < 3 else PROFILE
    (tmp_path / "in.png").write_bytes(plain_png(pixels, profile))
    photo = read_photo(str(tmp_path / "in.png"))
    assert photo.pixels.dtype == np.uint16
    assert photo.grey == (samples < 3)
    filled = np.where(hole[..., np.newaxis], np.uint16(12345), photo.pixels)
    write_photo(str(tmp_path / f"out{suffix}"), photo, filled, hole)
    data = (tmp_path / f"out{suffix}").read_bytes()
    found = decode_png(data) if suffix == ".png" else tifffile.imread(io.BytesIO(data))
    found = found.reshape(pixels.shape)
    np.testing.assert_array_equal(found[~hole], pixels[~hole])
    np.testing.assert_array_equal(found[hole][:, : 3 if samples > 2 else 1], 12345)
    if samples in (2, 4):
        np.testing.assert_array_equal(found[hole][:, -1], pixels[hole][:, -1])
    if suffix == ".png":
        with Image.open(tmp_path / "out.png") as opened:
            assert opened.info["icc_profile"] == profile


@pytest.mark.parametrize("samples", [1, 3, 4])
def test_a_tiff_keeps_its_sixteen_bits(values, hole, tmp_path, samples):
    pixels = values(samples)
    (tmp_path / "in.tif").write_bytes(plain_tiff(pixels))
    photo = read_photo(str(tmp_path / "in.tif"))
    write_photo(str(tmp_path / "out.tif"), photo, photo.pixels, hole)
    found = tifffile.imread(tmp_path / "out.tif").reshape(pixels.shape)
    np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_turned_upright_as_eight_are(values, tmp_path, orientation, suffix):
    pixels = values(3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"in{suffix}"
    path.write_bytes(
        plain_png(pixels, exif=exif.tobytes()[6:])
        if suffix == ".png"
        else plain_tiff(pixels, orientation)
    )
    photo = read_photo(str(path))
    Image.fromarray((pixels >> 8).astype(np.uint8)).save(tmp_path / "eight.png", exif=exif)
    assert photo.pixels.dtype == np.uint16
    np.testing.assert_array_equal(photo.pixels >> 8, read_photo(str(tmp_path / "eight.png")).pixels)
    assert photo.exif == b"" or Image.open(path).getexif()[0x0112] == orientation


def test_sixteen_bits_become_eight_where_the_format_has_no_more(values, hole, tmp_path):
    (tmp_path / "in.png").write_bytes(plain_png(values(4)))
    photo = read_photo(str(tmp_path / "in.png"))
    write_photo(str(tmp_path / "out.webp"), photo, photo.pixels, hole)
    found = np.asarray(Image.open(tmp_path / "out.webp"))
    expected = np.dstack([photo.pixels, photo.alpha]) / 257
    assert np.abs(found - expected).max() <= 0.5


def test_colour_goes_into_a_grey_photo_as_its_brightness(values, hole, tmp_path):
    (tmp_path / "in.png").write_bytes(plain_png(values(1)))
    photo = read_photo(str(tmp_path / "in.png"))
    filled = np.where(
        hole[..., np.newaxis], np.array([60000, 20000, 1000], np.uint16), photo.pixels
    )
    write_photo(str(tmp_path / "out.png"), photo, filled.astype(np.uint16), hole)
    found = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)
    assert found[12, 10] == round(0.299 * 60000 + 0.587 * 20000 + 0.114 * 1000)


def test_to_eight_bits():
    given = np.array([0, 128, 129, 257, 65535, 65406, 65407], np.uint16)
    np.testing.assert_array_equal(to_eight_bits(given), [0, 0, 1, 1, 255, 254, 255])


def test_a_photo_file_is_not_larger_than_opencvs(rng, tmp_path):
    smooth = cv2.resize(rng.random((8, 8, 3)), (300, 200), interpolation=cv2.INTER_CUBIC)
    pixels = np.clip(smooth * 60000 + rng.normal(0, 200, smooth.shape), 0, 65535).astype(np.uint16)
    theirs = cv2.imencode(".png", pixels)[1]
    assert len(encode_png(pixels, None, b"", None)) < 1.02 * len(theirs)
    assert len(encode_tiff(pixels, None, b"", None)) < 1.1 * len(theirs)
