"""Validation while training: the same photographs, masks and figures at every step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable

import numpy as np
import tensorflow as tf

from inpainting.data.masks import mask_of_rate
from inpainting.data.pipeline import centre_crop
from inpainting.data.sources import Photos
from inpainting.errors import InputError
from inpainting.evaluation.metrics import as_float, l1, psnr
from inpainting.image import complete, to_float, to_uint8

RATES = ((0.1, 0.2), (0.2, 0.3), (0.3, 0.4))
# At a time: a signal is answered between two batches, and large images need little memory.
BATCH = 4

Generate = Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]


class FixedPhotos:
    """Up to `count` photos, evenly spaced over all, cropped square, with seeded masks.

    Masks go through the paper's three mask-rate buckets in turn. A photo that cannot be read is
    replaced by another.

    Attributes:
        images: uint8 `(N, S, S, 3)`.
        masks: uint8 `(N, S, S)` of 0 and 1, 1 = hole.

    Raises:
        InputError: no photo can be read.
    """

    def __init__(self, photos: Photos, count: int, image_size: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        images: list[np.ndarray] = []
        masks: list[np.ndarray] = []
        for index in _spread(len(photos), count):
            if len(images) == count:
                break
            try:
                photo = photos.read(index)
            except InputError:
                continue  # recorded by `photos`; another will do
            low, high = RATES[len(masks) % len(RATES)]
            images.append(centre_crop(photo, image_size))
            masks.append(mask_of_rate(rng, image_size, image_size, low, high))
        if not masks:
            raise InputError(
                f"none of the {len(photos)} validation photos can be read "
                "(--grid_every=0 --validate_every=0 trains without them)"
            )
        self.images, self.masks = np.stack(images), np.stack(masks)


def _spread(total: int, count: int) -> Iterator[int]:
    """All indices below `total`: first `count` evenly spaced ones in order, then the others."""
    chosen = {number * total // count for number in range(count)}
    yield from sorted(chosen)
    yield from (index for index in range(total) if index not in chosen)


class Validation:
    """Scores a generator on fixed photographs.

    Arguments:
        photos: what it is scored on.
        generate: (image, mask) -> `{"coarse", "refined"}`, float32 batches.
    """

    def __init__(self, photos: FixedPhotos, generate: Generate) -> None:
        self._photos = photos
        self._generate = tf.function(generate, autograph=False, reduce_retracing=True)

    def score(self, stopped: Callable[[], bool] = lambda: False) -> dict[str, float] | None:
        """Means over the photos of `val_l1_hole` (per cent) and `val_psnr_hole` (dB).

        As in evaluate.py, of the completed picture after its rounding to 8 bits and over the
        hole's pixels. None if `stopped()` between two batches.
        """
        rows = []
        for begin in range(0, len(self._photos.images), BATCH):
            if stopped():
                return None
            images = self._photos.images[begin : begin + BATCH]
            masks = self._photos.masks[begin : begin + BATCH]
            outputs = self._generate(
                tf.constant(to_float(images)), tf.constant(masks[..., None], tf.float32)
            )
            fills = to_uint8(tf.cast(outputs["refined"], tf.float32).numpy())
            for truth, mask, refined in zip(images, masks, fills):
                hole = mask.astype(bool)
                completed = complete(truth, mask, refined)
                difference = (as_float(completed) - as_float(truth))[hole]
                rows.append((l1(difference), psnr(difference)))
        l1_hole, psnr_hole = np.mean(rows, axis=0)
        return {"val_l1_hole": float(l1_hole), "val_psnr_hole": float(psnr_hole)}
