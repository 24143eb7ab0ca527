"""The photos of an evaluation: named, counted and checked before the first one is scored."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image

from inpainting.data.photos import Photos
from inpainting.errors import InputError
from inpainting.evaluation.protocol import check_size, fit_photo


class PhotoSet:
    """Photos by name, brought to one size by the crop rule, read one at a time.

    A photo's name is its path below the folder that all have in common, without its suffix: what
    files of masks and fills made for it are called.

    Args:
        photos: the source.
        size, crop: see `protocol.fit_photo`.
        count: how many to take, evenly spaced over the sorted paths; 0 takes all.

    Raises:
        InputError: fewer photos than `count`, two of one name, or one smaller than the crop.
    """

    def __init__(self, photos: Photos, size: int, crop: str, count: int = 0) -> None:
        if count > len(photos):
            raise InputError(f"--num_photos={count}, but there are {len(photos)} photos")
        self.size = size
        self.crop = crop
        self._photos = photos
        names = _names(photos.paths)
        _check_unique(names, photos.paths)
        total = len(photos)
        chosen = [number * total // count for number in range(count)] if count else range(total)
        self._chosen = list(chosen)
        self.names = [names[index] for index in self._chosen]
        if crop == "centre":
            self._check_sizes()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def skipped(self) -> dict[str, str]:
        """Path -> reason, of photos found unreadable so far."""
        return self._photos.skipped

    def skipped_report(self) -> list[str]:
        """Lines that list the unreadable photos; none if all could be read."""
        return self._photos.skipped_report()

    def load(self, index: int) -> np.ndarray | None:
        """uint8 `(size, size, 3)`, or None (and an entry in `skipped`) for an unreadable file.

        Raises:
            InputError: the file is unreadable and the photos are strict about it.
        """
        path = self._photos.paths[self._chosen[index]]
        try:
            photo = self._photos.read(self._chosen[index])
        except InputError:
            if self._photos.strict:
                raise
            return None
        return fit_photo(photo, self.size, self.crop, path)

    def _check_sizes(self) -> None:
        """Reads headers only: hours into a run is no time to hear of a small photo."""
        for index in self._chosen:
            path = self._photos.paths[index]
            if "://" in path:  # would be a request for each; these are checked when they are read
                continue
            try:
                with Image.open(path) as photo:
                    width, height = photo.size
            except (OSError, ValueError, Image.DecompressionBombError):
                continue  # unreadable: left out and listed when its turn comes
            check_size(height, width, self.size, self.crop, path)


def _names(paths: list[str]) -> list[str]:
    """`os.path.commonpath` would do, were it not for `s3://`, which it shortens to `s3:/`."""
    parts = [path.split(os.sep) for path in paths]
    depth = min(map(len, parts), default=1) - 1
    common = next((n for n in range(depth) if len({part[n] for part in parts}) > 1), depth)
    return [os.path.splitext("/".join(part[common:]))[0] for part in parts]


def _check_unique(names: list[str], paths: list[str]) -> None:
    first: dict[str, str] = {}
    for name, path in zip(names, paths):
        if name in first:
            raise InputError(
                f"two photos are called {name}: {first[name]} and {path}; files made for one could "
                "not be told from the other's, so rename or remove one"
            )
        first[name] = path
