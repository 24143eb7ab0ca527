"""Where each photograph of a split is: an array of places, and one text with all names.

At 1.8 million photographs the two are about 72 MB and 60 MB. They are mapped into memory: processes
share them, and a run touches only what it reads.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

ENTRY = np.dtype(
    [
        ("shard", "<u4"),  # its number
        ("length", "<u4"),  # bytes of the record's data
        ("offset", "<u8"),  # of the record in the shard
        ("checksum", "<u4"),  # CRC-32C of the data
        ("height", "<u4"),  # of the photograph as it is encoded, in pixels
        ("width", "<u4"),
        ("name_length", "<u4"),  # bytes
        ("name_start", "<u8"),  # in the text of names
    ]
)


class Index(NamedTuple):
    """`entries` (N,) of `ENTRY`; `names` uint8, UTF-8 text with a line for each entry."""

    entries: np.ndarray
    names: np.ndarray

    def name(self, number: int) -> str:
        """The name of entry `number`."""
        entry = self.entries[number]
        start = int(entry["name_start"])
        return decode_name(self.names[start : start + int(entry["name_length"])].tobytes())

    def all_names(self) -> list[bytes]:
        """The names of all entries, undecoded; of an index whose names are in its order."""
        return self.names.tobytes().split(b"\n")[:-1]


def encode_name(name: str) -> bytes:
    """A file's name as bytes; names that are not text come through unchanged."""
    return name.encode("utf-8", "surrogateescape")


def decode_name(name: bytes) -> str:
    """The reverse of `encode_name`."""
    return name.decode("utf-8", "surrogateescape")


def make_index(entries: np.ndarray, names: Sequence[bytes]) -> Index:
    """An index of `entries`, whose last two fields are filled in, and their names."""
    entries = entries.astype(ENTRY)
    entries["name_length"] = [len(name) for name in names]
    ends = np.cumsum(entries["name_length"].astype(np.uint64) + np.uint64(1))
    entries["name_start"] = ends - entries["name_length"] - np.uint64(1)
    text = b"\n".join([*names, b""])
    return Index(entries, np.frombuffer(text, np.uint8))


def sorted_index(index: Index) -> Index:
    """The same photographs in the order of their names."""
    names = index.all_names()
    order = sorted(range(len(names)), key=names.__getitem__)
    return make_index(index.entries[order], [names[number] for number in order])


def concatenate(indexes: Sequence[Index], first_shards: Iterable[int]) -> Index:
    """One index for several; the shards of each are counted from its `first_shard` on."""
    arrays, start = [], 0
    for index, first_shard in zip(indexes, first_shards):
        entries = index.entries.copy()
        entries["shard"] += np.uint32(first_shard)
        entries["name_start"] += np.uint64(start)
        start += len(index.names)
        arrays.append(entries)
    return Index(np.concatenate(arrays), np.concatenate([index.names for index in indexes]))


def array_bytes(array: np.ndarray) -> bytes:
    """The contents of an `.npy` file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
