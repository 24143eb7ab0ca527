"""What every system of an evaluation is given: photos and masks, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import numpy as np

from inpainting.evaluation.photo_set import PhotoSet
from inpainting.evaluation.protocol import VERSION, Bucket, sha256_of


class Masks(Protocol):
    """Where masks come from: `protocol.SeededMasks` or `mask_folder.FolderMasks`."""

    record: dict[str, Any]

    def draw(self, photo_sha256: str, bucket: Bucket) -> np.ndarray:
        """uint8 `(size, size)` of 0 and 1, 1 = hole."""


class Batch(NamedTuple):
    """Photos of one bucket: uint8 `images` `(B, H, W, 3)`, uint8 `masks` `(B, H, W)`, 1 = hole."""

    names: Sequence[str]
    images: np.ndarray
    masks: np.ndarray
    bucket: Bucket

    def with_white_holes(self) -> np.ndarray:
        """What systems are given, uint8 `(B, H, W, 3)`: none gets to see what it has to guess."""
        return np.where(self.masks[..., np.newaxis] == 1, np.uint8(255), self.images)


class Inputs:
    """Photos x buckets with their masks.

    Args:
        photos, masks, buckets: of the evaluation; every bucket can be had from `masks`.
        threads: that read photos at the same time.
    """

    def __init__(
        self, photos: PhotoSet, masks: Masks, buckets: Sequence[Bucket], threads: int = 1
    ) -> None:
        self.photos = photos
        self.masks = masks
        self.buckets = list(buckets)
        self._pool = ThreadPoolExecutor(threads)

    @property
    def record(self) -> dict[str, Any]:
        """What the manifest keeps, but for the photos themselves."""
        return {
            "protocol": VERSION,
            "image_size": self.photos.size,
            "crop": self.photos.crop,
            "masks": self.masks.record,
            "buckets": [bucket.name for bucket in self.buckets],
        }

    def batches(self, indices: Sequence[int]) -> tuple[list[int], list[Batch]]:
        """The readable ones among these photos: their indices, and a batch for each bucket."""
        loaded = zip(indices, self._pool.map(self.photos.load, indices))
        images = {index: image for index, image in loaded if image is not None}
        if not images:
            return [], []
        return list(images), [self._batch(images, bucket) for bucket in self.buckets]

    def _batch(self, images: dict[int, np.ndarray], bucket: Bucket) -> Batch:
        names = [self.photos.names[index] for index in images]
        stacked = np.stack(list(images.values()))
        masks = np.stack([self.masks.draw(sha256_of(image), bucket) for image in stacked])
        return Batch(names, stacked, masks, bucket)
