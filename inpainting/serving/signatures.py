"""What an exported model answers to: the signatures of the SavedModel, all in the graph.

| signature | inputs | outputs |
|---|---|---|
| `serving_default` | `image` uint8 (B, H, W, 3), `mask` uint8 (B, H, W, 1) | `completed` uint8 |
| `serve_bytes` | `image_bytes`, `mask_bytes`: (B,) encoded files | `completed_bytes`: (B,) PNG |
| `generate` | `image` float32 [0, 1], `mask` float32 0 or 1 | `coarse`, `refined` float32 [0, 1] |

`generate` is the network alone; `completed` has passed the detail pass, unless the model was
exported without it. Batch and size are dynamic; a model exported for one size takes that alone.
`completed` equals `image` bit for bit outside the hole. A batch of `serve_bytes` may mix sizes and
is worked off one photo at a time; TensorFlow Serving's REST interface carries its strings as
`{"b64": ...}` and asks for a name that ends in `_bytes`.

The wire's mask is 8 bits, white = hole, and two habits meet there: pictures (0 to 255, edges grey)
and arrays of 0 and 1. Taking 128 for both would turn every array of 0 and 1 into "no hole" without
a word; taking everything above 0 would turn the soft edges of pictures into hole. So it is decided
for each sample: where its largest value is 1 or less, 1 is hole, otherwise 128 and up is hole. (An
encoded mask is a picture: always 128.)

Files are decoded by TensorFlow's own kernels: JPEG, PNG, BMP and GIF. They don't apply EXIF
rotation or a colour profile and don't read WebP or TIFF: send such photos after
`inpainting.image.read_image`, or through `inpainting.load`, which does all of that. 16-bit PNG is
read as 8 bits.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from inpainting import image as image_files
from inpainting.detail.detail import add_detail

IMAGE_SPEC = tf.TensorSpec((None, None, None, 3), tf.float32, name="image")
MASK_SPEC = tf.TensorSpec((None, None, None, 1), tf.float32, name="mask")

_FLOATS = image_files.to_float(np.arange(256, dtype=np.uint8))


class ServingModule(tf.Module):
    """The signatures of one generator.

    Args:
        generator: a Keras model, called as `generator(image, mask)` with float32 (B, H, W, 3) in
            [0, 1] and (B, H, W, 1) of 0 and 1; returns `{"coarse", "refined"}`.
        detail: give the fill of `completed` the photo's own texture (`inpainting.detail`).
        size: width and height of the only photos that are taken; None for photos of any size.
    """

    def __init__(
        self,
        generator: tf.keras.Model,
        detail: bool = True,
        size: tuple[int, int] | None = None,
    ):
        super().__init__(name="inpainting")
        self._size = size
        self._with_detail = detail
        # The variables and not the model: Keras would save every layer's call functions besides.
        self.weights = list(generator.variables)

        @tf.function(input_signature=self._specs(tf.float32), autograph=False)
        def generate(image: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs = generator(image, mask)
            return {name: tf.cast(outputs[name], tf.float32) for name in ("coarse", "refined")}

        self.generate = generate
        self.serve = tf.function(self._serve, input_signature=self._specs(tf.uint8))

    @property
    def signatures(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        """Name -> function, as `tf.saved_model.save` takes them."""
        return {
            "serving_default": self.serve.get_concrete_function(),
            "serve_bytes": self.serve_bytes.get_concrete_function(),
            "generate": self.generate.get_concrete_function(),
        }

    def _specs(self, dtype: tf.DType) -> tuple[tf.TensorSpec, tf.TensorSpec]:
        """What a signature takes as image and mask."""
        width, height = self._size or (None, None)
        image = tf.TensorSpec((None, height, width, 3), dtype, name="image")
        return image, tf.TensorSpec((None, height, width, 1), dtype, name="mask")

    def _serve(self, image: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        """Fills a batch of photos of one size."""
        return {"completed": self._fill(image, wire_hole(mask))}

    @tf.function(
        input_signature=(
            tf.TensorSpec((None,), tf.string, name="image_bytes"),
            tf.TensorSpec((None,), tf.string, name="mask_bytes"),
        )
    )
    def serve_bytes(self, image_bytes: tf.Tensor, mask_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Fills encoded photos, one after the other; each may have a size of its own."""
        size = self._size

        def fill(encoded: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
            image, hole = decode_image(encoded[0]), decode_hole(encoded[1])
            if size is not None:
                image, hole = _of_the_size(image, *size), _of_the_size(hole, *size)
            return tf.io.encode_png(self._fill(image[tf.newaxis], hole[tf.newaxis])[0])

        completed = tf.map_fn(
            fill,
            (image_bytes, mask_bytes),
            fn_output_signature=tf.TensorSpec((), tf.string),
            parallel_iterations=1,
        )
        return {"completed_bytes": completed}

    def _fill(self, image: tf.Tensor, hole: tf.Tensor) -> tf.Tensor:
        """uint8 (B, H, W, 3), bool (B, H, W, 1) -> uint8 (B, H, W, 3)."""
        # Without this, a mask of one pixel or one sample would be spread over the image.
        sizes = tf.shape(hole)[:3], tf.shape(image)[:3]
        same = tf.reduce_all(sizes[0] == sizes[1])
        message = "mask and image must have one (B, H, W), received"
        with tf.control_dependencies([tf.raw_ops.Assert(condition=same, data=[message, *sizes])]):
            floats, mask = to_float(image), tf.cast(hole, tf.float32)
            fill = self.generate(floats, mask)["refined"]
        if self._with_detail:
            fill = add_detail(floats, mask, fill)
        return tf.where(hole, to_uint8(fill), image)


def _of_the_size(picture: tf.Tensor, width: int, height: int) -> tf.Tensor:
    """(H, W, C), of the size that the model was exported for, or refused."""
    found = tf.shape(picture)[:2]
    message = f"this model takes pictures of {width} x {height} pixels, received (H, W)"
    right = tf.reduce_all(found == (height, width))
    with tf.control_dependencies([tf.raw_ops.Assert(condition=right, data=[message, found])]):
        return tf.reshape(picture, (height, width, picture.shape[-1]))


def wire_hole(mask: tf.Tensor) -> tf.Tensor:
    """uint8 (B, H, W, 1) of 0 to 255, or of 0 and 1 -> bool, True = hole; see the file's head."""
    largest = tf.reduce_max(mask, axis=(1, 2, 3), keepdims=True)
    return mask >= tf.where(largest > 1, tf.constant(image_files.MASK_THRESHOLD, tf.uint8), 1)


def to_float(image: tf.Tensor) -> tf.Tensor:
    """uint8 -> float32 in [0, 1], as `inpainting.image.to_float`."""
    # By table, because TensorFlow's optimiser turns a division into the product with 1 / 255, whose
    # last bit differs for some values; behind a network that can round to another grey level.
    return tf.gather(_FLOATS, tf.cast(image, tf.int32))


def to_uint8(image: tf.Tensor) -> tf.Tensor:
    """Floats, clipped to [0, 1] -> uint8, as `inpainting.image.to_uint8`."""
    return tf.cast(tf.floor(tf.clip_by_value(image, 0.0, 1.0) * 255.0 + 0.5), tf.uint8)


def decode_image(data: tf.Tensor) -> tf.Tensor:
    """A file's bytes -> uint8 (H, W, 3)."""
    image = tf.cond(
        tf.strings.substr(data, 0, 2) == b"\xff\xd8",
        # Accurate, or "unchanged" pixels would be up to 4 levels from what other programs decode.
        lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(data, channels=3, expand_animations=False),
    )
    return tf.ensure_shape(image, (None, None, 3))


def decode_hole(data: tf.Tensor) -> tf.Tensor:
    """A mask file's bytes -> bool (H, W, 1), True = hole, as `inpainting.image.decode_mask`."""
    rgba = tf.cond(
        tf.strings.substr(data, 0, 4) == b"\x89PNG",
        lambda: _decode_png_with_alpha(data),
        lambda: tf.pad(decode_image(data), [[0, 0], [0, 0], [0, 1]], constant_values=255),
    )
    colour, alpha = tf.reduce_max(rgba[..., :3], axis=-1), rgba[..., 3]
    opaque, bright = alpha >= image_files.MASK_THRESHOLD, colour >= image_files.MASK_THRESHOLD
    # The visible part has one colour: what is opaque is the hole.
    partly = tf.reduce_any(opaque) & ~tf.reduce_all(opaque)
    one_colour = tf.reduce_all(bright | ~opaque) | ~tf.reduce_any(bright & opaque)
    over_black = (tf.cast(colour, tf.int32) * tf.cast(alpha, tf.int32) + 127) // 255
    values = tf.where(partly & one_colour, tf.cast(alpha, tf.int32), over_black)
    return (values >= image_files.MASK_THRESHOLD)[..., tf.newaxis]


def _decode_png_with_alpha(data: tf.Tensor) -> tf.Tensor:
    """A PNG's bytes -> uint8 (H, W, 4)."""
    rgba = tf.io.decode_png(data, channels=4)
    # To a grey PNG of fewer than 8 bits TensorFlow adds an alpha of 1, 3 or 15 where opaque is
    # meant. A grey PNG (colour type 0, byte 25) has no partly transparent pixels: all but 0 is 255.
    with tf.control_dependencies([rgba]):  # only what decodes is sure to be that long
        grey = tf.strings.substr(data, 25, 1) == b"\x00"
    alpha = tf.where(grey & (rgba[..., 3:] > 0), tf.constant(255, tf.uint8), rgba[..., 3:])
    return tf.concat([rgba[..., :3], alpha], axis=-1)
