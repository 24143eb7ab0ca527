"""Opening the index of a folder of shards, and checking that manifest and index fit together."""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

from inpainting.data.shards.index import Index, concatenate
from inpainting.data.shards.manifest import FILE
from inpainting.data.shards.records import FOOTER, HEADER
from inpainting.data.shards.storage import is_as_recorded
from inpainting.errors import InputError
from inpainting.files import is_remote, read_bytes


def open_index(folder: str, records: list[dict[str, Any]]) -> Index:
    """One index for the splits whose parts of the manifest are `records`.

    The shards are counted through all of them. Local files are mapped into memory.

    Raises:
        InputError: a file is not the one of the manifest, or the manifest contradicts the index.
    """
    indexes = []
    for record in records:
        paths = [os.path.join(folder, record[key]["name"]) for key in ("entries", "names")]
        for path, key in zip(paths, ("entries", "names")):
            if not is_as_recorded(folder, record[key]):
                raise _mismatch(path)
        index = Index(*_open_arrays(*paths))
        _check_shards(index, record, os.path.join(folder, FILE))
        indexes.append(index)
    if len(indexes) == 1:
        return indexes[0]
    counts = [len(record["shards"]) for record in records]
    return concatenate(indexes, [sum(counts[:place]) for place in range(len(counts))])


def _open_arrays(entries: str, names: str) -> tuple[np.ndarray, np.ndarray]:
    if is_remote(entries):
        text = np.frombuffer(read_bytes(names), np.uint8)
        return np.load(io.BytesIO(read_bytes(entries)), allow_pickle=False), text
    return np.load(entries, mmap_mode="r"), np.memmap(names, np.uint8, "r")


def _check_shards(index: Index, record: dict[str, Any], manifest: str) -> None:
    """The index must place as many photographs in each shard, and end where the shard ends."""
    count = len(record["shards"])
    if index.entries["shard"].max() >= count:
        raise _mismatch(manifest)
    photographs = np.bincount(index.entries["shard"], minlength=count)
    ends = np.zeros(count, np.uint64)
    np.maximum.at(ends, index.entries["shard"], ends_of(index.entries))
    for number, shard in enumerate(record["shards"]):
        if photographs[number] != shard["photographs"] or ends[number] != shard["bytes"]:
            raise _mismatch(manifest)


def _mismatch(path: str) -> InputError:
    return InputError(
        f"{path} does not match the other files of its folder: copy the whole folder again, or "
        "prepare it again"
    )


def ends_of(entries: np.ndarray) -> np.ndarray:
    """Where the records end in their shards, in bytes."""
    return entries["offset"] + entries["length"] + np.uint64(HEADER + FOOTER)
