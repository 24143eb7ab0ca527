"""Writes one shard: beside its place first, so that a shard in its place is a whole one."""

from __future__ import annotations

import hashlib
import io
import json
import os
from typing import Any

import numpy as np

from inpainting.data.shards.conversion import Converted
from inpainting.data.shards.index import ENTRY, encode_name, make_index
from inpainting.data.shards.journal import Journal
from inpainting.data.shards.storage import record_of, write_bytes
from inpainting.errors import InputError


class ShardWriter:
    """Shard `number` of a split, `SPLIT-NUMBER.tfrecord`.

    The number of shards is not in their names, as some programs have it: nobody knows it before
    the end of a stream. The manifest has it.

    Attributes:
        size: bytes written so far.
        skipped: to be filled with what is left out between its photographs; see `journal.Part`.
    """

    def __init__(self, journal: Journal, split: str, number: int) -> None:
        self.size = 0
        self.skipped: list[dict[str, Any]] = []
        self._journal = journal
        self._name = f"{split}-{number:05}.tfrecord"
        self._number = number
        self._digest = hashlib.sha256()
        self._entries: list[tuple[int, ...]] = []
        self._names: list[bytes] = []
        self._pixels: list[bytes] = []
        self._path = os.path.join(journal.folder, self._name)
        try:
            self._file = open(self._path, "wb")  # noqa: SIM115 (closed by `close`)
        except OSError as error:
            raise self._failed(error) from error

    @property
    def photographs(self) -> int:
        """How many it has."""
        return len(self._entries)

    def add(self, photo: Converted) -> None:
        """Appends a photograph; raises `InputError` where the disk is full."""
        try:
            self._file.write(photo.record)
        except OSError as error:
            raise self._failed(error) from error
        self._digest.update(photo.record)
        place = (self._number, photo.length, self.size, photo.checksum)
        self._entries.append((*place, photo.height, photo.width, 0, 0))
        self._names.append(encode_name(photo.name))
        self._pixels.append(photo.pixels)
        self.size += len(photo.record)

    def close(self, inputs: int) -> None:
        """Puts the shard into its place and its part of the index into the journal."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            part_path = os.path.join(self._journal.folder, self._name + ".npz")
            write_bytes(part_path, self._part())
            os.replace(self._path, os.path.join(self._journal.output, self._name))
        except OSError as error:
            raise self._failed(error) from error
        shard = {
            "name": self._name,
            "bytes": self.size,
            "sha256": self._digest.hexdigest(),
            "photographs": self.photographs,
        }
        self._journal.add(shard, record_of(part_path), inputs)

    def _part(self) -> bytes:
        index = make_index(np.array(self._entries, ENTRY), self._names)
        stream = io.BytesIO()
        np.savez(
            stream,
            entries=index.entries,
            names=index.names,
            pixels=np.frombuffer(b"".join(self._pixels), np.uint8).reshape(self.photographs, -1),
            skipped=np.frombuffer(json.dumps(self.skipped).encode(), np.uint8),
        )
        return stream.getvalue()

    def _failed(self, error: OSError) -> InputError:
        return InputError(f"cannot write {self._path}: {error.strerror}")
