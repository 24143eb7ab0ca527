"""The input pipeline of training: photographs and masks in, batches out, the same at every start.

Sample `n` of the endless stream (`n = step * batch_size + position in the batch`) is a pure
function of the photographs, the seed and `n`: which photograph (each epoch is a permutation of
them all), which crop of it, mirrored or not, which mask. A run that starts at step 1000 therefore
sees what a run from 0 would have seen there, with any number of workers.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inpainting.data.masks import SAMPLERS, check_sampler
from inpainting.data.photos import MaskFiles, Photos, list_photos
from inpainting.errors import InputError
from inpainting.files import is_folder

if TYPE_CHECKING:
    import tensorflow as tf

CROPS = ("random", "centre")

# What a stream of random numbers is for; the streams of one seed are independent.
_ORDER, _CROP, _MASK = range(3)


def training_dataset(
    photos: Photos,
    image_size: int,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    *,
    crop: str = "random",
    masks: MaskFiles | None = None,
    draw: str = "mixed",
    workers: int | None = None,
    share: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """An endless dataset of `(image, mask)`, whose first element is batch `start_step`.

    `image` is float32 (batch_size, image_size, image_size, 3) in [0, 1], `mask` float32
    (batch_size, image_size, image_size, 1), 0 or 1, 1 = hole. A photograph that cannot be read is
    replaced by the next one that can, and recorded in `photos.skipped`.

    Args:
        photos: where they come from; see `inpainting.data.sources.open_photos`.
        image_size: side of the square crops in pixels.
        batch_size: the global one, over all replicas.
        seed: not negative; decides everything together with the number of the sample.
        start_step: how many batches to leave out.
        crop: `random` (see `random_crop`) or `centre` (see `centre_crop`), mirrored half the time.
        masks: mask files (see `open_masks`) to take at random, stretched to the crop and mirrored
            half the time; without them masks are drawn.
        draw: how they are drawn, a name in `inpainting.data.masks.SAMPLERS`.
        workers: samples made at the same time; by default TensorFlow decides.
        share: `(index, count)`: of each batch only the part `index` of `count` equal ones in a row
            is made, for one of several processes. Together the parts are the batch.

    Raises:
        ValueError: an argument is out of range.
        InputError: there are no photographs, or not one of them can be read.
    """
    import tensorflow as tf

    for name, value in (("image_size", image_size), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, received {value}")
    for name, value in (("seed", seed), ("start_step", start_step)):
        if value < 0:
            raise ValueError(f"{name} must not be negative, received {value}")
    if crop not in CROPS:
        raise ValueError(f"crop must be one of {CROPS}, received {crop!r}")
    check_sampler(draw)
    part, parts = share
    if not 0 <= part < parts or batch_size % parts:
        raise ValueError(f"share must be of parts that divide {batch_size}, received {share}")
    size = batch_size // parts
    sample = _SampleMaker(photos, image_size, seed, crop, masks, draw)
    sample(start_step * batch_size + part * size)  # where nothing can be read, say so now

    def make(number: int) -> tuple[np.ndarray, np.ndarray]:
        try:
            step, position = divmod(int(number), size)
            return sample(step * batch_size + part * size + position)
        except InputError as error:
            photos.failure = error
            raise

    def load(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image, mask = tf.numpy_function(make, [number], (tf.uint8, tf.uint8))
        image.set_shape((image_size, image_size, 3))
        mask.set_shape((image_size, image_size, 1))
        return image, mask

    def convert(image: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.cast(image, tf.float32) / 255.0, tf.cast(mask, tf.float32)

    numbers = tf.data.Dataset.range(start_step * size, np.iinfo(np.int64).max)
    return (
        numbers.map(load, num_parallel_calls=workers or tf.data.AUTOTUNE, deterministic=True)
        .batch(size, drop_remainder=True)
        .map(convert)
        .prefetch(tf.data.AUTOTUNE)
    )


def open_masks(mask_dir: str, invert: bool = False) -> MaskFiles:
    """The mask files in a folder, for `training_dataset`; raises `InputError` if there are none.

    With `invert`, black is hole in them.
    """
    masks = MaskFiles(list_photos(mask_dir) if is_folder(mask_dir) else [], invert)
    if not len(masks):
        raise InputError(f"no mask files in {mask_dir}; expected images, white (255) = hole")
    return masks


def random_crop(rng: np.random.Generator, image: np.ndarray, size: int) -> np.ndarray:
    """A random square of uint8 (H, W, 3), resized to (size, size, 3).

    Its side is uniform from `size` to the shorter side, its place uniform; of an image with a
    shorter side below `size` that whole side is taken, and enlarged.
    """
    height, width = image.shape[:2]
    shorter = min(height, width)
    side = int(rng.integers(min(size, shorter), shorter + 1))
    top = int(rng.integers(height - side + 1))
    left = int(rng.integers(width - side + 1))
    return _resize(image[top : top + side, left : left + side], size)


def centre_crop(image: np.ndarray, size: int) -> np.ndarray:
    """The square in the middle of uint8 (H, W, 3), of the shorter side, resized to (size, size, 3).

    Validation photographs are cut so during training. Where the margins differ by a pixel the
    larger one is below or to the right. Shrinking is by area, enlarging by cubic interpolation.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return _resize(image[top : top + side, left : left + side], size)


def _resize(square: np.ndarray, size: int) -> np.ndarray:
    if square.shape[0] == size:
        return square
    shrink = square.shape[0] > size
    return cv2.resize(
        square, (size, size), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
    )


class _SampleMaker:
    """Makes sample `n` of the stream: uint8 image (S, S, 3) and mask (S, S, 1) for image size S."""

    def __init__(
        self,
        photos: Photos,
        image_size: int,
        seed: int,
        crop: str,
        masks: MaskFiles | None,
        draw: str,
    ) -> None:
        if not len(photos):
            raise InputError("there are no photographs to train on")
        self._photos = photos
        self._image_size = image_size
        self._seed = seed
        self._crop = crop
        self._masks = masks
        self._draw = SAMPLERS[draw]
        # Two, as samples on both sides of the end of an epoch are made at the same time.
        self._order = functools.lru_cache(maxsize=2)(self._permutation)

    def __call__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        epoch, position = divmod(int(number), len(self._photos))
        photo = self._photos.read_from(int(self._order(epoch)[position]))
        rng = self._rng(_CROP, number)
        if self._crop == "random":
            image = random_crop(rng, photo, self._image_size)
        else:
            image = centre_crop(photo, self._image_size)
        if rng.integers(2):
            image = image[:, ::-1]
        mask = self._mask(self._rng(_MASK, number))
        return np.ascontiguousarray(image), np.ascontiguousarray(mask[..., np.newaxis])

    def _mask(self, rng: np.random.Generator) -> np.ndarray:
        size = self._image_size
        if self._masks is None:
            return self._draw(rng, size, size)
        mask = self._masks.read_from(int(rng.integers(len(self._masks))))
        mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST)
        return mask[:, ::-1] if rng.integers(2) else mask

    def _permutation(self, epoch: int) -> np.ndarray:
        return self._rng(_ORDER, epoch).permutation(len(self._photos))

    def _rng(self, purpose: int, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self._seed, purpose, number]))
