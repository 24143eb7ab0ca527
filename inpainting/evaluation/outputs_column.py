"""A column whose pictures another program made."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inpainting.errors import InputError
from inpainting.evaluation.inputs import Batch, Inputs
from inpainting.evaluation.progress import Progress
from inpainting.evaluation.protocol import Bucket
from inpainting.image import read_image

#: The first one found for a photo counts.
SUFFIXES = (".png", ".webp", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg")


class OutputsColumn:
    """Pictures that another program made of the protocol's photos and masks.

    The folder is laid out as `evaluate.py --write_inputs` lays out its own: `BUCKET/NAME.png`, or
    `NAME.png` when one bucket is asked. A picture is scored as it is, its known pixels too
    (`l1_known` says how far a program or its file format changed them).
    """

    def __init__(self, name: str, folder: str, inputs: Inputs) -> None:
        if not os.path.isdir(folder):
            raise InputError(f"--from_outputs={folder} is not a folder")
        buckets = inputs.buckets
        self.names = [name]
        self._folder = folder
        self._flat = len(buckets) == 1 and not os.path.isdir(os.path.join(folder, buckets[0].name))
        digest = self._check(inputs.photos.names, buckets, inputs.photos.size)
        self.record = {"kind": "outputs", "sha256": digest}

    def _check(self, photos: Sequence[str], buckets: Sequence[Bucket], size: int) -> str:
        """The hash of all files; raises `InputError` for one missing or of another size."""
        paths = [self._path(bucket, name) for bucket in buckets for name in photos]
        missing = [stem for stem, path in paths if path is None]
        if missing:
            raise InputError(
                f"--from_outputs={self._folder} lacks {len(missing)} of {len(paths)} pictures, "
                f"the first is {missing[0]}.png"
            )
        hashes = []
        with Progress(len(paths), f"{self.names[0]}: pictures checked") as progress:
            for _, path in paths:
                hashes.append(self._check_file(str(path), size))
                progress.add(1)
        return hashlib.sha256(b"".join(sorted(hashes))).hexdigest()

    def _check_file(self, path: str, size: int) -> bytes:
        try:
            with open(path, "rb") as stream:
                data = stream.read()
            with Image.open(path) as picture:
                width, height = picture.size
        except OSError as error:
            raise InputError(f"{path} is not a picture that can be read") from error
        if (width, height) != (size, size):
            raise InputError(f"{path} is {width}x{height}; the photos are scored at {size}x{size}")
        return hashlib.sha256(data).digest()

    def _path(self, bucket: Bucket, name: str) -> tuple[str, str | None]:
        parts = [self._folder] if self._flat else [self._folder, bucket.name]
        stem = os.path.join(*parts, name)
        found = (stem + suffix for suffix in SUFFIXES if os.path.isfile(stem + suffix))
        return stem, next(found, None)

    def fill(self, batch: Batch) -> dict[str, np.ndarray]:
        """See `Column`."""
        pictures = []
        for name in batch.names:
            stem, path = self._path(batch.bucket, name)
            picture = read_image(path or stem)
            if picture.shape != batch.images.shape[1:]:
                raise InputError(f"{path} changed while it was being scored")
            pictures.append(picture)
        return {self.names[0]: np.stack(pictures)}
