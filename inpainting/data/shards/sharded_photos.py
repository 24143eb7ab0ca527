"""Photographs in a folder of shards, read one at a time like files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from absl import logging

from inpainting.data.photos import Photos
from inpainting.data.shards.example import read_feature
from inpainting.data.shards.index import Index
from inpainting.data.shards.index_files import ends_of, open_index
from inpainting.data.shards.manifest import FILE, read_manifest, shard_problems
from inpainting.data.shards.records import FOOTER, HEADER, unframe
from inpainting.data.split_rule import split_names
from inpainting.errors import InputError
from inpainting.files import read_bytes, size_of
from inpainting.image import decode_image

_ADVICE = "; --skip_bad_records leaves out what cannot be used"


class ShardedPhotos(Photos):
    """The photographs of a split, in the order of their names, as the same files would be.

    A photograph's path is the folder, `/` and the name that it had when the shards were prepared.
    What is damaged stops: a shard that is missing or not of its size at once, a record whose
    checksum is wrong when it is read. With `skip_bad_records` it is left out and listed.

    Args:
        folder: of shards, see `inpainting.data.shards.prepare`.
        split: `train`, `val` or `all`. Where all photographs were prepared as one split, `train`
            and `val` are those that they would be in a plain folder.
        skip_bad_records: whether to go on without what is damaged, or smaller than `least_side`.
        least_side: pixels that the shorter side of each photograph must have; 0 takes all.

    Raises:
        InputError: no such split; the manifest does not fit the files; a damaged or missing shard
            or a photograph that is too small, without `skip_bad_records`; nothing is left.
    """

    def __init__(
        self, folder: str, split: str, skip_bad_records: bool = False, least_side: int = 0
    ) -> None:
        self.skipped: dict[str, str] = {}
        self._folder = folder
        self.strict = not skip_bad_records
        splits = read_manifest(folder)
        records = _records_of(splits, split, folder)
        self._shards = [
            os.path.join(folder, shard["name"]) for record in records for shard in record["shards"]
        ]
        self._index = open_index(folder, records)
        if split != "all" and split not in splits:
            numbers = split_names(self._index.all_names(), split)
        else:
            numbers = np.arange(len(self._index.entries))
        numbers = self._without_damaged(numbers, records)
        numbers = self._without_small(numbers, least_side)
        if not len(numbers):
            raise InputError(f"no photograph of {split} in {folder} can be used")
        self._numbers = numbers
        self.paths: Any = _Paths(folder, self._index, numbers)

    def read(self, index: int) -> np.ndarray:
        """Photograph `index` as uint8 (H, W, 3).

        Raises:
            InputError: its record is damaged; the reason is then in `skipped`.
        """
        path = self.paths[index]
        try:
            return self._read(path, self._index.entries[self._numbers[index]])
        except InputError as error:
            self.skipped[path] = str(error)
            raise

    def _read(self, path: str, entry: np.void) -> np.ndarray:
        shard, length = self._shards[entry["shard"]], int(entry["length"])
        offset = int(entry["offset"])
        record = read_bytes(shard, offset, HEADER + length + FOOTER)
        try:
            data = unframe(record, length, int(entry["checksum"]))
            encoded = read_feature(data, "image/encoded")
        except ValueError as error:
            raise InputError(
                f"the record of {path} at byte {offset} of {shard} {error}{_ADVICE}"
            ) from error
        return decode_image(encoded, path)

    def _without_damaged(self, numbers: np.ndarray, records: list[dict[str, Any]]) -> np.ndarray:
        """Leaves out what shards lack; raises `InputError` without `skip_bad_records`."""
        first = 0
        for record in records:
            for number, problem in shard_problems(self._folder, record).items():
                entries = self._index.entries[numbers]
                size = size_of(self._shards[first + number]) or 0
                lost = (entries["shard"] == first + number) & (ends_of(entries) > size)
                if lost.any():
                    problem += f", {np.count_nonzero(lost)} of {len(numbers)} photographs are lost"
                self._leave_out(self._shards[first + number], problem)
                numbers = numbers[~lost]
            first += len(record["shards"])
        return numbers

    def _without_small(self, numbers: np.ndarray, least_side: int) -> np.ndarray:
        """Leaves out what would have to be enlarged; raises without `skip_bad_records`."""
        entries = self._index.entries[numbers]
        small = np.minimum(entries["height"], entries["width"]) < least_side
        if small.any():
            first = int(np.flatnonzero(small)[0])
            size = f"{entries['width'][first]}x{entries['height'][first]}"
            self._leave_out(
                self._folder,
                f"{np.count_nonzero(small)} of {len(numbers)} photographs in {self._folder} are "
                f"smaller than {least_side} pixels, the first is {size} "
                f"({self._index.name(int(numbers[first]))}): prepare them larger or take a smaller "
                "--image_size",
            )
        return numbers[~small]

    def _leave_out(self, key: str, reason: str) -> None:
        if self.strict:
            raise InputError(reason + _ADVICE)
        self.skipped[key] = reason
        logging.warning("skipped: %s", reason)


class _Paths(Sequence[str]):
    """The photographs' paths, made when they are asked for: as strings they would fill memory."""

    def __init__(self, folder: str, index: Index, numbers: np.ndarray) -> None:
        self._folder = folder
        self._index = index
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        return os.path.join(self._folder, self._index.name(int(self._numbers[place])))


def _records_of(splits: dict[str, Any], split: str, folder: str) -> list[dict[str, Any]]:
    """The parts of the manifest that together hold `split`."""
    if split in splits:
        return [splits[split]]
    if "all" in splits:
        return [splits["all"]]
    if split == "all" and splits:
        return [splits[name] for name in sorted(splits)]
    if not splits:
        raise InputError(f"{folder} has no {FILE}: are its shards finished?")
    raise InputError(
        f"{folder} has shards for {' and '.join(sorted(splits))}, none for {split}: prepare them "
        f"by --split={split}"
    )
