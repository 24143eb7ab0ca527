"""Reading photographs and masks of every kind, refusing what is bad, writing without loss."""

from __future__ import annotations

import io
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, JpegImagePlugin

from inpainting import image as images
from inpainting.errors import InputError

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (6, 9, 3), np.uint8)
HOLE = np.zeros((6, 9), np.uint8)
HOLE[1:4, 2:7] = 1


def _encoded(image: Image.Image, format_name: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=format_name, **options)
    return stream.getvalue()


def _smooth(height: int = 32, width: int = 48) -> np.ndarray:
    """A photograph that JPEG keeps nearly as it is."""
    y, x = np.mgrid[:height, :width]
    channels = [255 * x / (width - 1), 255 * y / (height - 1), 128 + 0 * x]
    return np.stack(channels, axis=-1).astype(np.uint8)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_16_bit(values: np.ndarray) -> bytes:
    """A PNG with 16 bits a channel, made by hand since Pillow writes none in colour."""
    height, width = values.shape[:2]
    colour_type = {2: 0, 3: 2}[values.ndim]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


# Photographs of every kind


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".tiff", ".webp", ".PNG"])
def test_lossless_formats_come_back_bit_for_bit(tmp_path, suffix):
    path = tmp_path / f"photo{suffix}"
    images.write_image(path, PHOTO)
    back = images.read_image(path)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, PHOTO)
    back[:] = 0  # an array of one's own


def test_jpeg_is_written_with_quality_95_and_full_colour_resolution(tmp_path):
    images.write_image(tmp_path / "photo.jpg", _smooth())
    with Image.open(tmp_path / "photo.jpg") as written:
        assert JpegImagePlugin.get_sampling(written) == 0  # 4:4:4
        assert written.quantization[0][0] == 2  # of 16 at quality 50; (200 - 2 * 95) / 100 of it
    assert np.abs(images.read_image(tmp_path / "photo.jpg").astype(int) - _smooth()).max() <= 6


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_grey_photograph_has_three_equal_channels(mode):
    grey = np.where(HOLE == 1, 255, 0).astype(np.uint8)
    if mode == "I;16":
        data = _png_16_bit(grey.astype(np.uint16) * 257)
    else:
        data = _encoded(Image.fromarray(grey).convert(mode))
    expected = np.repeat(grey[..., np.newaxis], 3, axis=2)
    np.testing.assert_array_equal(images.decode_image(data, "grey"), expected)


def test_16_bit_grey_is_scaled_not_clipped():
    values = np.array([[0, 1, 128, 129, 257, 32768, 40000, 65406, 65407, 65535]], np.uint16)
    # The nearest whole number of value / 257.
    expected = [0, 0, 0, 1, 1, 128, 156, 254, 255, 255]
    assert np.round(values[0] / 257).astype(int).tolist() == expected
    read = images.decode_image(_png_16_bit(values), "grey")
    assert read[0, :, 0].tolist() == expected


def test_16_bit_colour_is_scaled_to_within_one_level():
    values = RNG.integers(0, 65536, (5, 7, 3)).astype(np.uint16)
    read = images.decode_image(_png_16_bit(values), "colour")
    assert np.abs(read - values / 257).max() < 1


@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_colour_under_transparency_is_kept(format_name):
    alpha = RNG.integers(0, 256, (*PHOTO.shape[:2], 1), np.uint8)
    data = _encoded(Image.fromarray(np.concatenate([PHOTO, alpha], axis=2)), format_name)
    np.testing.assert_array_equal(images.decode_image(data, "rgba"), PHOTO)


@pytest.mark.parametrize("transparency", [None, 1, bytes([255, 0, 100])])
def test_palette_photograph(transparency):
    palette = [(10, 20, 30), (200, 100, 50), (255, 255, 255)]
    indices = RNG.integers(0, 3, (4, 5), np.uint8)
    image = Image.fromarray(indices, "P")
    image.putpalette([value for colour in palette for value in colour])
    options = {} if transparency is None else {"transparency": transparency}
    read = images.decode_image(_encoded(image, **options), "palette")
    np.testing.assert_array_equal(read, np.array(palette, np.uint8)[indices])


@pytest.mark.parametrize("format_name", ["JPEG", "TIFF"])
def test_cmyk_photograph_has_its_own_colours(format_name):
    # Plain ink coverage: white paper, cyan, magenta, yellow, black; JPEG stores it inverted.
    inks = np.array([(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)])
    colours = [(255, 255, 255), (0, 255, 255), (255, 0, 255), (255, 255, 0), (0, 0, 0)]
    blocks = np.repeat(np.repeat(inks[np.newaxis].astype(np.uint8), 16, axis=1), 16, axis=0)
    options = {"quality": 95} if format_name == "JPEG" else {}
    data = _encoded(Image.fromarray(blocks, "CMYK"), format_name, **options)
    read = images.decode_image(data, "cmyk")
    np.testing.assert_allclose(read[8, 8::16].astype(int), colours, atol=3)


# What a camera held in each of the eight ways stores of one upright scene: EXIF 2.3, tag 0x0112.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright),  # shown after a quarter turn clockwise
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied_to_photographs_and_masks(orientation, format_name):
    upright = np.zeros((32, 48), np.uint8)
    upright[:16, :32] = 255  # another picture in each of the eight positions
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright))).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(format_name, {})
    data = _encoded(stored, format_name, exif=exif, **options)
    np.testing.assert_array_equal(images.decode_image(data, "rotated")[..., 0], upright)
    np.testing.assert_array_equal(images.decode_mask(data, "rotated"), upright // 255)


def test_damaged_exif_means_upright():
    data = _encoded(Image.fromarray(PHOTO), exif=b"Exif\0\0II*\0\xff\xff\xff\x7f broken")
    np.testing.assert_array_equal(images.decode_image(data, "photo"), PHOTO)


def _swapped_profile() -> bytes:
    """sRGB's profile with the primaries of red and blue exchanged, and not called sRGB."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"?XYZ").replace(b"bXYZ", b"rXYZ").replace(b"?XYZ", b"bXYZ")
    return profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_colour_profile_is_converted_to_srgb():
    data = _encoded(Image.fromarray(PHOTO), icc_profile=_swapped_profile())
    read = images.decode_image(data, "profile")
    np.testing.assert_allclose(read.astype(int), PHOTO[..., ::-1], atol=2)
    assert np.abs(read.astype(int) - PHOTO).max() > 20


def test_colour_profile_applies_under_transparency():
    rgba = np.dstack([PHOTO, np.full(PHOTO.shape[:2], 7, np.uint8)])
    data = _encoded(Image.fromarray(rgba), icc_profile=_swapped_profile())
    read = images.decode_image(data, "profile")
    np.testing.assert_allclose(read.astype(int), PHOTO[..., ::-1], atol=2)


def _linear_grey_profile() -> bytes:
    """A minimal ICC profile, version 2, of grey that is proportional to light."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    white = fixed(0.9642, 1.0, 0.8249)  # D50
    tags = {
        b"desc": b"desc" + struct.pack(">4xI", 7) + b"linear\0" + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"kTRC": b"curv" + struct.pack(">4xI", 0) + bytes(4),  # no entries: the identity
    }
    table, data = b"", b""
    for name, tag in tags.items():
        tag += bytes(-len(tag) % 4)
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(tag))
        data += tag
    header = struct.pack(">I4xI", 132 + len(table) + len(data), 0x02100000) + b"mntrGRAYXYZ "
    header += bytes(12) + b"acsp" + bytes(28) + white + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + data


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_profile_of_a_grey_photograph_is_converted(mode):
    grey = np.arange(0, 256, 15, dtype=np.uint8)[np.newaxis]
    image = Image.fromarray(grey.astype(np.uint16) * 257 if mode == "I;16" else grey)
    image = image.convert("LA") if mode == "LA" else image
    read = images.decode_image(_encoded(image, icc_profile=_linear_grey_profile()), "grey")
    light = grey / 255  # IEC 61966-2-1
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    expected = np.repeat(srgb[..., np.newaxis] * 255, 3, axis=2)
    np.testing.assert_allclose(read, expected, atol=1.5)


# Named: a profile holds the time it was made, and all test processes must collect the same names.
@pytest.mark.parametrize(
    "profile", [b"nonsense", _swapped_profile()[:200]], ids=["nonsense", "cut_short"]
)
def test_broken_colour_profile_is_ignored(profile):
    data = _encoded(Image.fromarray(PHOTO), icc_profile=profile)
    np.testing.assert_array_equal(images.decode_image(data, "photo"), PHOTO)


def test_colour_profile_of_another_kind_is_ignored():
    grey = Image.fromarray(PHOTO[..., 0])
    read = images.decode_image(_encoded(grey, icc_profile=_swapped_profile()), "grey")
    np.testing.assert_array_equal(read[..., 1], PHOTO[..., 0])


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "TIFF", "PNG"])
def test_first_frame_of_several(format_name):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    options = {"lossless": True} if format_name == "WEBP" else {}
    data = _encoded(frames[0], format_name, save_all=True, append_images=frames[1:], **options)
    assert images.decode_image(data, "frames")[4, 4].tolist() == [255, 0, 0]


# Photographs that cannot be read


def _one_line_error(call, *arguments) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("read", [images.read_image, images.read_mask])
def test_files_that_are_no_images_are_refused_in_one_line(tmp_path, read):
    missing, empty, text = tmp_path / "missing.png", tmp_path / "empty.png", tmp_path / "text.png"
    empty.write_bytes(b"")
    text.write_text("a letter, not a picture\n" * 100)
    assert _one_line_error(read, missing) == f"no such file: {missing}"
    assert _one_line_error(read, tmp_path) == f"{tmp_path} is a folder, expected an image file"
    assert _one_line_error(read, empty) == f"{empty} is empty (0 bytes)"
    assert f"{text} is not an image that can be read" in _one_line_error(read, text)
    assert "Not a directory" in _one_line_error(read, text / "photo.png")
    assert "cannot read" in _one_line_error(read, "a\0b.png")


def test_formats_that_start_other_programs_are_refused():
    assert "not an image" in _one_line_error(
        images.decode_image, _encoded(Image.fromarray(PHOTO), "EPS"), "drawing.eps"
    )


KINDS = ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"]


@pytest.mark.parametrize("format_name", KINDS)
def test_truncated_files_are_refused(format_name):
    data = _encoded(Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8)), format_name)
    images.decode_image(data, "whole")
    for length in (len(data) // 2, len(data) // 8, 12, 1):
        message = _one_line_error(images.decode_image, data[:length], "photo.x")
        assert message.startswith("photo.x is ")


@pytest.mark.parametrize("format_name", KINDS)
def test_damaged_bytes_never_end_in_another_error(format_name):
    original = _encoded(Image.fromarray(PHOTO), format_name)
    rng = np.random.default_rng(1)
    for _ in range(150):
        data = bytearray(original)
        for place in rng.integers(0, len(data), 4):
            data[place] = rng.integers(256)
        try:
            read = images.decode_image(bytes(data), "photo")
        except InputError:
            continue
        assert read.dtype == np.uint8
        assert read.shape[2:] == (3,)


def test_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch):
    header = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", b"")
    expected = f"bomb.png has more than {images.MAX_PIXELS} pixels, the most that is decoded"
    assert _one_line_error(images.decode_image, bomb, "bomb.png") == expected
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # another library may have lifted it
    assert _one_line_error(images.decode_image, bomb, "bomb.png") == expected


@pytest.mark.parametrize("value", [70000, 200])
@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_of_32_bits_are_refused(mode, value):
    values = np.full((3, 4), value, np.int32 if mode == "I" else np.float32)
    data = _encoded(Image.fromarray(values), "TIFF")
    assert "expected 8 or 16 bits" in _one_line_error(images.decode_image, data, "photo.tif")


# Masks of every kind


def _mask_files() -> dict[str, bytes]:
    white = HOLE * 255
    stroke = np.dstack([np.full_like(white, 255)] * 3 + [white])
    black_stroke = np.dstack([np.zeros_like(white)] * 3 + [white])
    painted = np.dstack([white, white, white, np.full_like(white, 255)])
    coloured = np.dstack([white, np.zeros_like(white), np.zeros_like(white)])
    palette = Image.fromarray(HOLE, "P")
    palette.putpalette([0, 0, 0, 255, 255, 255])
    reversed_palette = Image.fromarray(1 - HOLE, "P")
    reversed_palette.putpalette([255, 255, 255, 0, 0, 0])
    clear_palette = Image.fromarray(HOLE, "P")
    clear_palette.putpalette([255, 255, 255, 255, 255, 255])
    return {
        "grey": _encoded(Image.fromarray(white)),
        "one bit": _encoded(Image.fromarray(white).convert("1")),
        "16 bit": _encoded(Image.fromarray(white.astype(np.uint16) * 257)),
        "colour": _encoded(Image.fromarray(white).convert("RGB")),
        "one bright colour": _encoded(Image.fromarray(coloured)),
        "bmp": _encoded(Image.fromarray(white), "BMP"),
        "gif": _encoded(Image.fromarray(white), "GIF"),
        "palette": _encoded(palette),
        "palette in another order": _encoded(reversed_palette),
        "palette with transparency": _encoded(clear_palette, transparency=bytes([0, 255])),
        "white strokes on nothing": _encoded(Image.fromarray(stroke)),
        "black strokes on nothing": _encoded(Image.fromarray(black_stroke)),
        "grey strokes on nothing": _encoded(Image.fromarray(black_stroke[..., [0, 3]], "LA")),
        "opaque with colour": _encoded(Image.fromarray(painted)),
        "grey with a key colour": _encoded(Image.fromarray(white), transparency=0),
        "threshold": _encoded(Image.fromarray(np.where(HOLE == 1, 128, 127).astype(np.uint8))),
        "16 bit threshold": _encoded(
            Image.fromarray(np.where(HOLE == 1, 32768, 32767).astype(np.uint16))
        ),
        "jpeg": _encoded(Image.fromarray(white).resize((9, 6)), "JPEG", quality=95),
    }


@pytest.mark.parametrize("kind", list(_mask_files()))
def test_masks_of_every_kind_have_the_same_hole(tmp_path, kind):
    data = _mask_files()[kind]
    path = tmp_path / "mask"
    path.write_bytes(data)
    for mask in (images.decode_mask(data, kind), images.read_mask(path)):
        assert mask.dtype == np.uint8
        np.testing.assert_array_equal(mask, HOLE)
    np.testing.assert_array_equal(images.decode_mask(data, kind, invert=True), 1 - HOLE)
    np.testing.assert_array_equal(images.read_mask(path, invert=True), 1 - HOLE)


def test_visible_colour_decides_over_alpha():
    # Opaque below, half white, half black; white but transparent above: that is no hole.
    colour = np.array([[255, 255], [255, 0]], np.uint8)
    alpha = np.array([[0, 0], [255, 255]], np.uint8)
    data = _encoded(Image.fromarray(np.dstack([colour] * 3 + [alpha])))
    assert images.decode_mask(data, "mask").tolist() == [[0, 0], [1, 0]]


def test_colour_profile_of_a_mask_is_ignored():
    mask = Image.fromarray(np.where(HOLE == 1, 140, 110).astype(np.uint8)).convert("RGB")
    data = _encoded(mask, icc_profile=_swapped_profile())
    np.testing.assert_array_equal(images.decode_mask(data, "mask"), HOLE)


def test_each_unexpected_reading_is_said_once():
    script = """
import io
import numpy as np
from PIL import Image
from inpainting.image import decode_image, decode_mask
def png(array):
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return stream.getvalue()
grey = png(np.arange(256, dtype=np.uint8).reshape(16, 16))
alpha = np.full((8, 8, 4), 255, np.uint8)
alpha[:4, :, 3] = 0
for number in range(3):
    decode_mask(grey, f"grey{number}.png")
    decode_mask(png(alpha), f"alpha{number}.png")
    decode_image(png(alpha), f"clear{number}.png")
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len([line for line in lines if "grey0.png" in line and "128" in line]) == 1
    assert len([line for line in lines if "alpha0.png" in line and "opaque" in line]) == 1
    assert len([line for line in lines if "clear0.png" in line and "transparent" in line]) == 1
    assert len(lines) == 3


def test_pair_is_checked():
    images.check_pair(PHOTO, HOLE)
    names = ("photo.png", "mask.png")
    message = _one_line_error(images.check_pair, PHOTO, HOLE[:, :5], names)
    assert message.startswith("mask.png is 5 x 6 pixels (width x height) but photo.png is 9 x 6")
    message = _one_line_error(images.check_pair, PHOTO, HOLE * 0, names)
    assert message.startswith("mask.png has no hole")
    message = _one_line_error(images.check_pair, PHOTO, HOLE * 0 + 1, names)
    assert message.startswith("mask.png is all hole")


# Writing


def test_mask_is_written_as_grey(tmp_path):
    images.write_image(tmp_path / "mask.png", HOLE * 255)
    np.testing.assert_array_equal(images.read_mask(tmp_path / "mask.png"), HOLE)


@pytest.mark.parametrize(
    "array", [PHOTO.astype(np.float32), PHOTO[..., :2], PHOTO[0, 0], PHOTO[np.newaxis]]
)
def test_writing_anything_else_is_a_mistake_in_the_program(tmp_path, array):
    with pytest.raises(ValueError, match="image must be uint8"):
        images.write_image(tmp_path / "photo.png", array)
    assert not any(tmp_path.iterdir())


def test_places_that_cannot_be_written_are_refused_early(tmp_path):
    (tmp_path / "file").write_text("kept")
    cases = {
        tmp_path / "photo.gif": "its suffix must be one of .png",
        tmp_path / "photo": "its suffix must be one of .png",
        tmp_path / "missing" / "photo.png": f"there is no folder {tmp_path / 'missing'}",
        tmp_path / "file" / "photo.png": "Not a directory",
        "/dev/null/photo.png": "Not a directory",
    }
    (tmp_path / "folder.png").mkdir()
    cases[tmp_path / "folder.png"] = "it is a folder"
    os.mkfifo(tmp_path / "pipe.png")
    cases[tmp_path / "pipe.png"] = "it is not a regular file"
    for path, reason in cases.items():
        for call in (images.check_writable, lambda name: images.write_image(name, PHOTO)):
            message = _one_line_error(call, path)
            assert message.startswith(f"cannot write {path}: ")
            assert reason in message
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.png", "pipe.png"]


@pytest.fixture
def closed_folder():
    """A folder that the test may look into but not write to; root becomes nobody meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield folder
        os.seteuid(user)
        os.chmod(folder, 0o755)


def test_folder_without_permission_is_refused(closed_folder):
    path = os.path.join(closed_folder, "photo.png")
    message = _one_line_error(images.check_writable, path)
    assert message == f"cannot write {path}: Permission denied"


def test_checking_leaves_nothing_behind_and_an_old_file_alone(tmp_path):
    path = tmp_path / "photo.png"
    images.check_writable(path)
    assert not any(tmp_path.iterdir())
    path.write_text("old")
    images.check_writable(path)
    assert path.read_text() == "old"


def test_failure_while_writing_keeps_the_old_file(tmp_path):
    """A limit on a file's size makes the kernel refuse the write half-way, as a full disk does."""
    path = tmp_path / "photo.png"
    path.write_text("old")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
        message = _one_line_error(images.write_image, path, noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert message == f"cannot write {path}: File too large"
    assert os.listdir(tmp_path) == ["photo.png"]
    assert path.read_text() == "old"


def test_image_larger_than_its_format_allows_is_refused(tmp_path):
    message = _one_line_error(images.write_image, tmp_path / "x.webp", np.zeros((1, 16384), "u1"))
    assert message.startswith("cannot write")
    assert not any(tmp_path.iterdir())


def test_written_file_has_the_usual_permissions_and_a_link_stays_one(tmp_path):
    images.write_image(tmp_path / "photo.png", PHOTO)
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "photo.png").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "link.png").symlink_to("photo.png")
    images.write_image(tmp_path / "link.png", PHOTO[::-1])
    assert (tmp_path / "link.png").is_symlink()
    np.testing.assert_array_equal(images.read_image(tmp_path / "photo.png"), PHOTO[::-1])


def test_name_without_folder_is_in_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images.write_image("photo.png", PHOTO)
    assert os.listdir() == ["photo.png"]


# Numbers


def test_floats_and_bytes():
    levels = np.arange(256, dtype=np.uint8)
    floats = images.to_float(levels)
    assert floats.dtype == np.float32
    assert (floats[0], floats[51], floats[255]) == (0.0, np.float32(0.2), 1.0)
    np.testing.assert_array_equal(images.to_uint8(floats), levels)
    values = np.array([-1.0, 0.0, 0.4 / 255, 0.6 / 255, 0.5, 1.0, 3.0])
    assert images.to_uint8(values).tolist() == [0, 0, 0, 1, 128, 255, 255]  # 127.5 goes up


def test_completed_is_the_photograph_outside_the_hole():
    refined = np.full(PHOTO.shape, 0.5, np.float32)
    completed = images.complete(PHOTO, HOLE, refined)
    assert completed.dtype == np.uint8
    np.testing.assert_array_equal(completed[HOLE == 0], PHOTO[HOLE == 0])
    assert np.all(completed[HOLE == 1] == 128)
    batch = images.complete(PHOTO[np.newaxis], HOLE[np.newaxis], np.full_like(PHOTO, 7)[np.newaxis])
    np.testing.assert_array_equal(batch[0][HOLE == 0], PHOTO[HOLE == 0])
    assert np.all(batch[0][HOLE == 1] == 7)


def test_reading_does_not_import_tensorflow():
    script = (
        "import sys, inpainting.image; print('tensorflow' in sys.modules, 'cv2' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.strip() == "False False"
