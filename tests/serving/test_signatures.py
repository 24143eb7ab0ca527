from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from inpainting import image as image_files
from inpainting.serving.signatures import ServingModule, decode_hole, decode_image, wire_hole


@pytest.fixture(scope="module")
def module(generator):
    return ServingModule(generator)


def encode(picture, format_name="PNG", **options):
    data = io.BytesIO()
    picture.save(data, format_name, **options)
    return data.getvalue()


def smooth(rng, height, width):
    """Random, but smooth enough for JPEG."""
    small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def square(height=24, width=31):
    """A mask as a picture: white square on black."""
    values = np.zeros((height, width), np.uint8)
    values[5:14, 8:20] = 255
    return values


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 127, 128, 255], [False, False, True, True]),
        ([0, 1, 1, 0], [False, True, True, False]),
        ([0, 1, 2, 0], [False, False, False, False]),
        ([0, 0, 0, 0], [False, False, False, False]),
        ([255, 255, 255, 255], [True, True, True, True]),
    ],
)
def test_wire_masks_of_pictures_and_of_zero_and_one(values, expected):
    mask = np.array(values, np.uint8).reshape((1, 2, 2, 1))
    np.testing.assert_array_equal(wire_hole(tf.constant(mask)).numpy().ravel(), expected)


def test_wire_masks_are_judged_sample_by_sample():
    mask = np.zeros((2, 1, 2, 1), np.uint8)
    mask[0, 0, 1] = 1
    mask[1, 0] = [[1], [200]]
    hole = wire_hole(tf.constant(mask)).numpy()[..., 0]
    np.testing.assert_array_equal(hole, [[[False, True]], [[False, True]]])


def alpha_only(hidden):
    """Opaque white square, transparent around; `hidden` is the colour under the transparency."""
    rgba = np.full((24, 31, 4), 255, np.uint8)
    rgba[..., 3] = square()
    rgba[rgba[..., 3] == 0, :3] = hidden
    return Image.fromarray(rgba)


def opaque_colours():
    rgba = np.full((24, 31, 4), 255, np.uint8)
    rgba[..., :3] = square()[..., np.newaxis]
    return Image.fromarray(rgba)


def both(rng):
    return Image.fromarray(rng.integers(0, 256, (24, 31, 4), dtype=np.uint8))


def sixteen_bits():
    values = np.where(square() > 0, 33000, 32767).astype(np.uint16)
    return Image.fromarray(values)


def four_bits(picture):
    """A grey PNG of 4 bits a pixel, which Pillow reads but does not write."""

    def chunk(name, content):
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    values = np.asarray(picture) // 16
    packed = values[:, 0::2] * 16 + values[:, 1::2]
    rows = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 4, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


MASKS = {
    "grey": lambda rng: encode(Image.fromarray(square())),
    "soft edges": lambda rng: encode(Image.fromarray(square()).resize((50, 41))),
    "one bit": lambda rng: encode(Image.fromarray(square()).convert("1")),
    "four bits": lambda rng: four_bits(square(24, 30)),
    "grey, black transparent": lambda rng: encode(Image.fromarray(square()), transparency=0),
    "one bit, black transparent": lambda rng: encode(
        Image.fromarray(square()).convert("1"), transparency=0
    ),
    "palette": lambda rng: encode(Image.fromarray(square()).convert("P")),
    "palette, transparent": lambda rng: encode(
        Image.fromarray(square()).convert("P"), transparency=0
    ),
    "alpha only": lambda rng: encode(alpha_only(255)),
    "alpha only, black below": lambda rng: encode(alpha_only(0)),
    "grey and alpha": lambda rng: encode(alpha_only(255).convert("LA")),
    "opaque alpha": lambda rng: encode(opaque_colours()),
    "colour and alpha": lambda rng: encode(both(rng)),
    "red strokes": lambda rng: encode(
        Image.merge("RGB", [Image.fromarray(v) for v in (square(), 0 * square(), 0 * square())])
    ),
    "16 bits": lambda rng: encode(sixteen_bits()),
    "all white": lambda rng: encode(Image.new("L", (5, 4), 255)),
    "all transparent": lambda rng: encode(Image.new("RGBA", (5, 4))),
    "JPEG": lambda rng: encode(Image.fromarray(square()), "JPEG", quality=60),
    "BMP": lambda rng: encode(Image.fromarray(square()), "BMP"),
    "zero and one": lambda rng: encode(Image.fromarray(square() // 255)),
}


@pytest.mark.parametrize("kind", MASKS)
def test_encoded_masks_are_read_as_the_package_reads_files(kind, rng):
    data = MASKS[kind](rng)
    expected = image_files.decode_mask(data, kind)
    np.testing.assert_array_equal(decode_hole(tf.constant(data)).numpy()[..., 0], expected == 1)


@pytest.mark.parametrize("kind", ["alpha only", "alpha only, black below", "16 bits", "one bit"])
def test_the_square_is_the_hole(kind, rng):
    hole = decode_hole(tf.constant(MASKS[kind](rng))).numpy()[..., 0]
    np.testing.assert_array_equal(hole, square() == 255)


@pytest.mark.parametrize(
    ("mode", "format_name"),
    [
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("L", "PNG"),
        ("P", "PNG"),
        ("RGB", "BMP"),
        ("RGB", "JPEG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
    ],
)
def test_encoded_photos_are_read_as_the_package_reads_files(mode, format_name, rng):
    data = encode(smooth(rng, 24, 31).convert(mode), format_name)
    expected = image_files.decode_image(data, "photo")
    np.testing.assert_array_equal(decode_image(tf.constant(data)), expected)


def test_serve_fills_each_samples_own_hole(module, generator, rng):
    image = rng.integers(0, 256, (2, 9, 13, 3), dtype=np.uint8)
    mask = np.zeros((2, 9, 13, 1), np.uint8)
    mask[0, 1:4, 2:9] = 255
    mask[1, 5:9] = 1
    completed = module.serve(tf.constant(image), tf.constant(mask))["completed"].numpy()
    for sample in range(2):
        one = slice(sample, sample + 1)
        floats = tf.constant(image[one] / np.float32(255))
        hole = (mask[one] > 0).astype(np.float32)
        refined = generator(floats, tf.constant(hole))["refined"].numpy()
        expected = np.where(hole == 1, np.floor(refined * 255 + 0.5), image[one])
        np.testing.assert_array_equal(completed[one], expected)


def test_the_network_gets_the_same_floats_as_in_python():
    """To the last bit, or a fill may round to another level than the Python interface's."""
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=-1)
    expected = image_files.to_float(image)

    class Compare(tf.keras.Model):
        def call(self, image, mask):
            return {"coarse": image, "refined": tf.cast(image == expected, tf.float32)}

    hole = np.ones((1, 16, 16, 1), np.uint8)
    module = ServingModule(Compare(), detail=False)
    completed = module.serve(tf.constant(image), tf.constant(hole))["completed"]
    np.testing.assert_array_equal(completed, 255)


@pytest.mark.parametrize("shape", [(1, 6, 7, 1), (2, 1, 1, 1), (2, 6, 6, 1), (2, 7, 6, 1)])
def test_a_mask_of_another_size_is_refused_and_not_spread(module, shape):
    image = tf.zeros((2, 6, 7, 3), tf.uint8)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have one"):
        module.serve(image, tf.zeros(shape, tf.uint8))


def test_bytes_of_mixed_sizes_equal_the_arrays(module, rng):
    images = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in ((24, 31), (1, 1))]
    masks = [square(), np.full((1, 1), 255, np.uint8)]
    completed = module.serve_bytes(
        tf.constant([encode(Image.fromarray(image)) for image in images]),
        tf.constant([encode(Image.fromarray(mask)) for mask in masks]),
    )["completed_bytes"].numpy()
    for data, image, mask in zip(completed, images, masks):
        assert Image.open(io.BytesIO(data)).format == "PNG"
        expected = module.serve(
            tf.constant(image[np.newaxis]), tf.constant(mask[np.newaxis, ..., np.newaxis])
        )["completed"]
        np.testing.assert_array_equal(image_files.decode_image(data, "png"), expected[0])


@pytest.mark.parametrize("data", [b"", b"not an image", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_bytes_that_are_no_image_are_refused(module, data):
    good = encode(Image.fromarray(square()))
    for pair in ((data, good), (good, data)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            module.serve_bytes(tf.constant(pair[:1]), tf.constant(pair[1:]))
