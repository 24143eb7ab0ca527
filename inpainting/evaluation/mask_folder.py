"""Masks from a folder of mask files instead of drawn ones."""

from __future__ import annotations

import hashlib
import os

import numpy as np
from PIL import Image

from inpainting.errors import InputError
from inpainting.evaluation.progress import Progress
from inpainting.evaluation.protocol import Bucket, seed_of, sha256_of
from inpainting.image import read_mask

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")


class FolderMasks:
    """For each photo and bucket one of the folder's masks of that rate, chosen by the photo's hash.

    Masks are scaled to `size` x `size` by nearest neighbour first; a mask's rate is that of the
    scaled one. The candidates of a bucket are ordered by their pixels' hash, so that names and
    places of the files don't matter. A mask serves several photos if there are fewer masks than
    photos. The folder is read once for rates and hashes; pixels are read again when needed.
    """

    def __init__(self, folder: str, size: int, seed: int, invert: bool = False) -> None:
        self.folder = folder
        self.size = size
        self.seed = seed
        self.invert = invert
        self.candidates: dict[Bucket, list[str]] = {}
        self._index = self._read_index()
        digest = hashlib.sha256("".join(sorted(sha for sha, _, _ in self._index)).encode())
        self.record = {"kind": "folder", "seed": seed, "sha256": digest.hexdigest()}

    def _read_index(self) -> list[tuple[str, int, str]]:
        """(hash, hole pixels, path) of each mask, in the order of their hashes."""
        if not os.path.isdir(self.folder):
            raise InputError(f"--mask_dir={self.folder} is not a folder")
        paths = sorted(
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.folder)
            for name in names
            if name.lower().endswith(SUFFIXES)
        )
        if not paths:
            raise InputError(f"--mask_dir={self.folder} has no mask files ({' '.join(SUFFIXES)})")
        index = []
        with Progress(len(paths), "masks read") as progress:
            for path in paths:
                mask = self._read(path)
                index.append((sha256_of(mask), int(mask.sum()), path))
                progress.add(1)
        return sorted(index)

    def _read(self, path: str) -> np.ndarray:
        mask = Image.fromarray(read_mask(path, self.invert))
        return np.asarray(mask.resize((self.size, self.size), Image.Resampling.NEAREST))

    def check(self, bucket: Bucket) -> None:
        """Raises `InputError` if no mask of the folder is in the bucket."""
        pixels = self.size * self.size
        candidates = [path for _, count, path in self._index if bucket.holds(count, pixels)]
        if not candidates:
            rates = [100.0 * count / pixels for _, count, _ in self._index]
            raise InputError(
                f"--mask_dir={self.folder} cannot fill bucket {bucket.name} %: none of its "
                f"{len(rates)} masks has that rate at {self.size}x{self.size} "
                f"(theirs are {min(rates):.1f} to {max(rates):.1f} %; --invert_mask swaps "
                "black and white)"
            )
        self.candidates[bucket] = candidates

    def draw(self, photo_sha256: str, bucket: Bucket) -> np.ndarray:
        """uint8 `(size, size)` of 0 and 1, 1 = hole; `check` must have been called for `bucket`."""
        candidates = self.candidates[bucket]
        return self._read(candidates[seed_of("folder", self.seed, photo_sha256, bucket.name)
                                     % len(candidates)])  # fmt: skip
