"""The file of scores: what is done of a run, line by line, so that it can go on later.

`scores.jsonl` begins with the run's settings. Then come, as they are made, a line for each system
(what it is), for each photo (hashes of its file, its pixels, its masks) and for each (system,
bucket, photo): the scores. Lines are only ever appended, a batch at a time; what a kill leaves
half written at the end is cut off when the file is opened again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inpainting.errors import InputError


class ScoreFile:
    """Appends scores, knows which are there, and gives them back as arrays.

    Args:
        path: of the file.
        settings: all that the scores depend on but photos and systems; the same for a whole file.
        systems: name -> record, of those that will be scored.
        photos, metrics: their names, in the order of rows and columns of `values`.
        resume: go on with what the file holds, also of other systems.

    Raises:
        InputError: the file holds scores of other settings, or of another system by the same
            name; or unfinished ones or ones of further systems, and `resume` is not set. Finished
            ones of the same settings and systems are replaced: they come out the same.
    """

    def __init__(
        self,
        path: str,
        settings: dict[str, Any],
        systems: dict[str, dict[str, Any]],
        photos: Sequence[str],
        metrics: Sequence[str],
        resume: bool,
    ) -> None:
        self.path = path
        self.metrics = list(metrics)
        self.photos = list(photos)
        self.systems: dict[str, dict[str, Any]] = {}
        self.photo_records: dict[int, dict[str, Any]] = {}
        self._finished = False
        self._index = {name: number for number, name in enumerate(photos)}
        self._values: dict[tuple[str, str], np.ndarray] = {}
        self._present: dict[tuple[str, str], np.ndarray] = {}
        keep = self._read(settings) if os.path.exists(path) else 0
        if keep and not resume:
            self._check_replaceable(systems)
            keep, self.systems, self.photo_records = 0, {}, {}
            self._values, self._present = {}, {}
        try:
            self._stream = open(path, "a", encoding="utf-8")  # noqa: SIM115
            self._stream.truncate(keep)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error
        if not keep:
            self._append({"settings": settings})
        for name, record in systems.items():
            self._add_system(name, record)
        self.flush()

    def _read(self, settings: dict[str, Any]) -> int:
        """Takes in the whole lines of the file; returns how many bytes they are."""
        keep = 0
        with open(self.path, "rb") as stream:
            for line in stream:
                entry = _entry(line)
                if entry is None:
                    break
                if keep == 0:
                    self._compare(settings, entry)
                self._finished = "finished" in entry
                self._take(entry)
                keep += len(line)
        if os.path.getsize(self.path) and not keep:
            raise InputError(f"{self.path} is no file of scores: take another --output")
        return keep

    def _check_replaceable(self, systems: dict[str, dict[str, Any]]) -> None:
        """Nobody's hours of work are lost by a forgotten flag."""
        more = [name for name in self.systems if name not in systems]
        what = f"scores of {', '.join(more)} as well" if more else "an unfinished evaluation"
        if more or not self._finished:
            raise InputError(
                f"{self.path} holds {what} ({self._count()} scores): --resume keeps them and goes "
                "on; or remove it, or take another --output"
            )

    def _compare(self, settings: dict[str, Any], entry: dict[str, Any]) -> None:
        before = entry.get("settings")
        if before == json.loads(json.dumps(settings)):
            return
        changed = [name for name in settings if settings[name] != (before or {}).get(name)]
        raise InputError(
            f"{self.path} holds an evaluation of other settings ({', '.join(changed) or 'unknown'}"
            "): take another --output"
        )

    def _take(self, entry: dict[str, Any]) -> None:
        if "scores" in entry:
            index = self._index.get(entry["photo"])
            if index is not None:
                self._set(entry["system"], entry["bucket"], index, entry["scores"])
        elif "system" in entry:
            self.systems[entry["system"]] = entry["record"]
        elif "photo" in entry and entry["photo"] in self._index:
            self.photo_records[self._index[entry["photo"]]] = entry["record"]

    def _add_system(self, name: str, record: dict[str, Any]) -> None:
        if name not in self.systems:
            self.systems[name] = record
            self._append({"system": name, "record": record})
        elif self.systems[name] != json.loads(json.dumps(record)):
            raise InputError(
                f"{self.path} holds scores of another system (or version of it) called {name}: "
                "give this one another name (NAME=PATH), or take another --output"
            )

    def add_photo(self, index: int, record: dict[str, Any]) -> None:
        """Raises `InputError` if the photo is not what it was when its first scores were made."""
        if index not in self.photo_records:
            self.photo_records[index] = record
            self._append({"photo": self.photos[index], "record": record})
        elif self.photo_records[index] != record:
            raise InputError(
                f"{self.photos[index]} (or its mask) is not what it was when {self.path} was begun"
            )

    def add(self, system: str, bucket: str, index: int, scores: Mapping[str, float | None]) -> None:
        """One photo's scores; what is there already stays."""
        if not self.has(system, bucket, [index]):
            self._set(system, bucket, index, scores)
            self._append({"system": system, "bucket": bucket, "photo": self.photos[index],
                          "scores": dict(scores)})  # fmt: skip

    def has(self, system: str, bucket: str, indices: Sequence[int]) -> bool:
        """Whether all these photos are scored."""
        present = self._present.get((system, bucket))
        return present is not None and bool(present[list(indices)].all())

    def values(self, system: str, bucket: str) -> np.ndarray:
        """float64 `(photos, metrics)`, NaN where a photo has no value."""
        return self._values[system, bucket]

    def flush(self) -> None:
        """Everything so far survives a kill of the process.

        Raises:
            InputError: the disk is full, or gone.
        """
        try:
            self._stream.flush()
        except OSError as error:
            raise InputError(f"cannot write {self.path}: {error.strerror}") from error

    def finish(self) -> None:
        """Marks the file as complete and closes it."""
        self._append({"finished": self._count()})
        self.flush()
        self._stream.close()

    def _set(
        self, system: str, bucket: str, index: int, scores: Mapping[str, float | None]
    ) -> None:
        key = (system, bucket)
        if key not in self._values:
            self._values[key] = np.full((len(self.photos), len(self.metrics)), np.nan)
            self._present[key] = np.zeros(len(self.photos), bool)
        row = [scores.get(metric) for metric in self.metrics]
        self._values[key][index] = [np.nan if value is None else value for value in row]
        self._present[key][index] = True

    def _count(self) -> int:
        return sum(int(present.sum()) for present in self._present.values())

    def _append(self, entry: dict[str, Any]) -> None:
        try:
            self._stream.write(json.dumps(entry) + "\n")
        except OSError as error:  # the buffer is full, and then the disk
            raise InputError(f"cannot write {self.path}: {error.strerror}") from error


def _entry(line: bytes) -> dict[str, Any] | None:
    """The line's content, or None if it is not whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
