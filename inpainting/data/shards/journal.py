"""What of a split is finished, kept so that a killed preparation goes on where it was.

The hidden folder `.train.part` in the output holds `journal.jsonl`, the shard being written, and
for each finished shard the part of the index that it will be. The journal's first line says of
which input and options, each further one names a finished shard and its part, by SHA-256.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from typing import Any

import numpy as np

from inpainting.data.shards.index import ENTRY, Index
from inpainting.data.shards.storage import is_as_recorded, write_bytes
from inpainting.errors import InputError
from inpainting.files import read_bytes

_FILE = "journal.jsonl"


def journal_folder(output: str, split: str) -> str:
    """Where the unfinished files of a split are."""
    return os.path.join(output, f".{split}.part")


@dataclasses.dataclass(frozen=True)
class Part:
    """A finished shard's photographs, and what was skipped up to its end.

    `pixels` is uint8 (N, 16), of `conversion.Converted`. A skipped photograph is a dict of name,
    kind and reason, or, for a duplicate, of name, kind and `of`: the number, over all shards, of
    the photograph that it repeats.
    """

    index: Index
    pixels: np.ndarray
    skipped: list[dict[str, Any]]


class Journal:
    """The finished shards of one split.

    Attributes:
        folder: where unfinished files go.
        finished: a dict for each finished shard: `shard` and `part` (see `storage.record_of`) and
            `inputs`, how many of the input's photographs had been gone through when it was closed.
        repeated: how many shards are to be made again because their files are not as recorded.
    """

    def __init__(self, output: str, split: str, record: dict[str, Any]) -> None:
        """Opens the journal, or begins one; `record` is the input and the options.

        Raises:
            InputError: it is of another input or other options, or cannot be written.
        """
        self.output = output
        self.folder = journal_folder(output, split)
        self.finished: list[dict[str, Any]] = []
        self.repeated = 0
        self._record = record
        try:
            os.makedirs(self.folder, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {self.folder}: {error.strerror}") from error
        path = os.path.join(self.folder, _FILE)
        if os.path.exists(path):
            self._read(path, split)
        self._write()

    def add(self, shard: dict[str, Any], part: dict[str, Any], inputs: int) -> None:
        """One more shard is finished, and it and its part are in place."""
        self.finished.append({"shard": shard, "part": part, "inputs": inputs})
        self._write()

    def read_part(self, number: int) -> Part:
        """The part of finished shard `number`."""
        with np.load(os.path.join(self.folder, self.finished[number]["part"]["name"])) as arrays:
            index = Index(arrays["entries"].astype(ENTRY), arrays["names"])
            return Part(index, arrays["pixels"], json.loads(arrays["skipped"].tobytes()))

    def remove(self) -> None:
        """Forgets all; the shards stay."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, path: str, split: str) -> None:
        lines = _parsed(read_bytes(path))
        if not lines:
            return
        differing = differences(lines[0], self._record)
        if differing:
            raise InputError(
                f"{self.output} holds a begun preparation of {split} with {differing}: give these "
                f"again, or another --output, or remove {self.folder}"
            )
        for line in lines[1:]:
            whole = is_as_recorded(self.output, line["shard"])
            if not (whole and is_as_recorded(self.folder, line["part"])):
                break
            self.finished.append(line)
        self.repeated = len(lines) - 1 - len(self.finished)

    def _write(self) -> None:
        lines = [self._record, *self.finished]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_bytes(os.path.join(self.folder, _FILE), text.encode())


def differences(old: dict[str, Any], new: dict[str, Any]) -> str:
    """What of `input` and `options` is not the same, in words; empty if all is."""
    words = ["another input"] if old.get("input") != new["input"] else []
    before, now = old.get("options", {}), new["options"]
    words += [
        _flag(name, before.get(name))
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    return " and ".join(words)


def _flag(name: str, value: Any) -> str:
    if name == "shard_bytes" and value is not None:
        return f"--shard_size={value / 1e6:g}"
    return f"--{name}={value}"


def _parsed(data: bytes) -> list[dict[str, Any]]:
    """The lines up to the first that is not whole."""
    lines = []
    for line in data.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return lines
