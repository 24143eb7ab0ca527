"""The Python interface: fills one photo of any size, as `inpainting.load` returns it."""

from __future__ import annotations

import functools
import threading
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from inpainting.detail.detail import add_detail
from inpainting.errors import InputError
from inpainting.image import MASK_THRESHOLD
from inpainting.loading import check_size, load_generator
from inpainting.serving.detailing import detail_crop, plan_detail
from inpainting.serving.large import plan_crops
from inpainting.serving.passes import fill_crop
from inpainting.serving.signatures import IMAGE_SPEC, MASK_SPEC

# Of the widths 0 to 16, measured in docs/benchmarks.md.
FEATHER = 4

# Of what photos are cut into (`inpainting.serving.large`).
_LEAST_SIZE = 32

Generate = Callable[[tf.Tensor, tf.Tensor], "dict[str, tf.Tensor]"]


class Predictor:
    """Fills holes with one generator.

        predictor = inpainting.load("runs/mine")
        completed = predictor(image, mask)

    Each call depends on its arguments alone.

    Args:
        generator: called as `generator(image, mask)` with float32 (B, H, W, 3) in [0, 1] and
            (B, H, W, 1) of 0 and 1; returns `{"coarse", "refined"}`.
        working_size: the longest side, in pixels, that the network is given; larger photos are
            filled crop by crop (see `inpainting.serving.large`).
        record: what is known of the model (see `inpainting.loading.LoadedGenerator.record`).
        size: width and height of the only photos that it takes, which are then filled in one
            piece; None for any.
    """

    def __init__(
        self,
        generator: Generate,
        working_size: int = 512,
        record: dict[str, Any] | None = None,
        size: tuple[int, int] | None = None,
    ):
        self.generator = generator
        self.size = size
        self.working_size = max(_LEAST_SIZE, *size) if size else working_size
        self.record = record or {}
        # One graph for every size. AutoGraph has nothing to convert, and looking takes seconds.
        self._generate = tf.function(
            lambda image, mask: generator(image, mask),
            input_signature=(IMAGE_SPEC, MASK_SPEC),
            autograph=False,
        )

    def __call__(
        self,
        image: np.ndarray,
        mask: np.ndarray,
        *,
        feather: int = FEATHER,
        detail: bool = True,
        progress: Callable[[float], None] | None = None,
    ) -> np.ndarray:
        """Fills the hole of one photo.

        Args:
            image: (H, W, 3), H and W from 1 up; uint8, uint16 (all 16 bits used), or floats in
                [0, 1].
            mask: (H, W) or (H, W, 1) of the same size, True = hole: bool, floats in [0, 1] (from
                0.5 up), or integers of 0 and 1 or of 0 to 255 (from 128 up).
            feather: width in pixels, inside the hole, over which the fill's colours are drawn to
                those of the photo around it (see `inpainting.serving.feather`); 0 for the
                network's own output.
            detail: whether the fill gets the photo's own texture (`inpainting.detail`).
            progress: called now and then with the share of the work that is done, up to 1.

        Returns:
            A new array of the image's shape and dtype, outside the hole bit for bit the image.

        Raises:
            InputError: other shapes, dtypes or values, sizes that differ, or a size that the model
                does not take.
            MemoryError: the machine's does not do.
        """
        image, hole = _checked_image(image), as_hole(mask)
        if image.shape[:2] != hole.shape:
            raise InputError(
                f"image is {image.shape[1]} x {image.shape[0]} pixels (width x height) but mask is "
                f"{hole.shape[1]} x {hole.shape[0]}: they must be of one size"
            )
        check_size(self.size, image.shape[1], image.shape[0])
        completed = image.copy()
        crops = plan_crops(hole, self.working_size)
        pieces = plan_detail(hole) if detail else []
        if pieces and crops:
            # Before the other: two at once, both in Python, would only take turns.
            self._generate.get_concrete_function()
            _prepare_detail()
        remaining = hole.copy()
        for done, crop in enumerate(crops, start=1):
            fill_crop(self._refine, completed, remaining, crop, self.working_size, feather)
            if progress is not None:
                progress(done / (len(crops) + len(pieces)))
        remaining = hole.copy()
        for done, crop in enumerate(pieces, start=len(crops) + 1):
            detail_crop(_add_detail, completed, hole, remaining, crop)
            if progress is not None:
                progress(done / (len(crops) + len(pieces)))
        return completed

    def generate(self, images: np.ndarray, masks: np.ndarray) -> dict[str, np.ndarray]:
        """The network alone, at the size given.

        Args:
            images: float32 (B, H, W, 3) in [0, 1].
            masks: float32 (B, H, W, 1), exactly 0 or 1, 1 = hole.

        Returns:
            `coarse` and `refined`, float32 (B, H, W, 3) in [0, 1].
        """
        try:
            outputs = self._generate(tf.constant(images), tf.constant(masks))
        except tf.errors.ResourceExhaustedError as error:
            raise MemoryError(f"for {images.shape}") from error
        return {name: output.numpy() for name, output in outputs.items()}

    def _refine(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        masks = hole[np.newaxis, ..., np.newaxis].astype(np.float32)
        return self.generate(image[np.newaxis], masks)["refined"][0]


# Without weights, hence one graph for all predictors and sizes.
@tf.function(input_signature=(IMAGE_SPEC, MASK_SPEC), autograph=False)
def _detailed(image: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    return add_detail(image, mask, image)


def _add_detail(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    masks = hole[np.newaxis, ..., np.newaxis].astype(np.float32)
    return _detailed(tf.constant(image[np.newaxis]), tf.constant(masks))[0].numpy()


@functools.lru_cache(None)
def _prepare_detail() -> None:
    """Has the detail's graph traced while the network fills: half a second of a first photo.

    Whoever calls it meanwhile waits for it.
    """
    threading.Thread(target=_detailed.get_concrete_function).start()


def load(name_or_path: str) -> Predictor:
    """The predictor of a run folder, a checkpoint, a SavedModel folder or shipped weights.

    Raises:
        InputError: nothing of that name, or it cannot be read.
    """
    loaded = load_generator(name_or_path)
    generator = loaded.generate if loaded.network is None else loaded.network
    trained = loaded.record.get("image_size", 256)
    # Twice the side of the training crops: the networks are convolutional, holes up to the size of
    # a training crop stay unscaled, and a photo of that size costs one call instead of many.
    return Predictor(generator, max(256, 2 * trained), loaded.record, loaded.size)


def as_hole(mask: np.ndarray) -> np.ndarray:
    """A mask as `Predictor.__call__` takes it -> bool (H, W), True = hole."""
    mask = np.asarray(mask)
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[..., 0]
    if mask.ndim != 2:
        raise InputError(f"mask must have shape (H, W) or (H, W, 1), received {mask.shape}")
    if mask.dtype == bool:
        return mask
    if mask.size == 0 or not np.issubdtype(mask.dtype, np.number):
        raise InputError(f"mask must hold numbers, received {mask.dtype} {mask.shape}")
    low, high = mask.min(), mask.max()
    if np.issubdtype(mask.dtype, np.floating):
        if not (low >= 0 and high <= 1):  # so that not-a-number fails, too
            raise InputError(f"a mask of floats must be in [0, 1], received {low} to {high}")
        return mask >= 0.5
    if low < 0 or high > 255:
        raise InputError(f"a mask of integers must be in 0 to 255, received {low} to {high}")
    return mask >= (MASK_THRESHOLD if high > 1 else 1)


def _checked_image(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise InputError(f"image must have shape (H, W, 3), received {image.shape}")
    if image.dtype in (np.uint8, np.uint16):
        return image
    if not np.issubdtype(image.dtype, np.floating):
        raise InputError(f"image must be uint8, uint16 or floats in [0, 1], received {image.dtype}")
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= 1):
        raise InputError(f"an image of floats must be in [0, 1], received {low} to {high}")
    return image
