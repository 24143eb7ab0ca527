"""Lists of photographs or masks on disk, or behind a URL, that are opened one at a time.

Paths with `://` in them (`gs://`, `s3://`) go through `inpainting.files`; for all others TensorFlow
is not imported.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator

import numpy as np
from absl import logging

from inpainting.errors import InputError
from inpainting.files import is_remote, join, read_bytes, walk
from inpainting.image import decode_image, decode_mask, read_image, read_mask

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


class Photos:
    """Photographs in a fixed order: their sorted paths, without duplicates.

    Attributes:
        paths: sorted list of paths.
        skipped: path -> reason, of those that were found unreadable so far.
        strict: whether one that cannot be read must stop whoever reads, instead of being skipped.
        failure: what stopped a reader in TensorFlow's threads, where an exception loses its kind.
    """

    strict = False
    failure: InputError | None = None

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = sorted(set(paths))
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> np.ndarray:
        """Photograph `index` as uint8 (H, W, 3).

        Raises:
            InputError: it cannot be read; the reason is then in `skipped`.
        """
        path = self.paths[index]
        try:
            return self._open(path)
        except InputError as error:
            self.skipped[path] = str(error)
            raise

    def read_from(self, index: int) -> np.ndarray:
        """Photograph `index` or, if that is unreadable, the next one that is not.

        Raises:
            InputError: not one of them can be read, or this one where `strict`.
        """
        if self.strict:
            return self.read(index)
        for candidate in itertools.chain(range(index, len(self)), range(index)):
            if self.paths[candidate] in self.skipped:
                continue
            try:
                return self.read(candidate)
            except InputError as error:
                logging.warning("skipped: %s", error)
        raise InputError(f"none of the {len(self)} files can be used: {self.skipped_report()[1]}")

    def skipped_report(self) -> list[str]:
        """Lines to print at the end of a run: how many were unreadable, and why."""
        if not self.skipped:
            return []
        count = f"{len(self.skipped)} of {len(self)} files" if len(self) > 1 else "the only file"
        return [f"skipped {count}:", *(self.skipped[path] for path in sorted(self.skipped))]

    def _open(self, path: str) -> np.ndarray:
        return decode_image(read_bytes(path), path) if is_remote(path) else read_image(path)


class MaskFiles(Photos):
    """Mask files; `read` gives uint8 (H, W) of 0 and 1, 1 = hole. One without any is skipped."""

    def __init__(self, paths: Iterable[str], invert: bool = False) -> None:
        super().__init__(paths)
        self._invert = invert

    def _open(self, path: str) -> np.ndarray:
        if is_remote(path):
            mask = decode_mask(read_bytes(path), path, self._invert)
        else:
            mask = read_mask(path, self._invert)
        if not mask.any() or mask.all():
            raise InputError(f"mask {path} is {'all' if mask.any() else 'without any'} hole")
        return mask


def list_photos(folder: str) -> list[str]:
    """Paths of all photographs under `folder`, in any depth, unsorted; hidden files are left out.

    Raises:
        InputError: a folder cannot be read.
    """
    if is_remote(folder):
        return [join(place, name) for place, name in walk(folder) if _is_photo(name)]
    return list(_walk(folder, set()))


def read_lines(path: str) -> list[str]:
    """The lines of a text file that are not blank, stripped.

    Raises:
        InputError: there is no such file, or it is not text.
    """
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file, expected one name a line") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _is_photo(name: str) -> bool:
    return name.lower().endswith(PHOTO_SUFFIXES) and not name.startswith(".")


def _walk(folder: str, visited: set[tuple[int, int]]) -> Iterator[str]:
    """Without a call to the system per file: Places365 has eight million."""
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in visited:  # a link back up
            return
        visited.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    yield from _walk(entry.path, visited)
                elif _is_photo(entry.name):
                    yield entry.path
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from error
