"""`manifest.json`: what a folder of shards holds, of which options and input, and what it lacks.

{"format": FORMAT,
 "splits": {"train": {
   "input": {...}, "options": {...},          as `inputs` and `conversion.Options` give them
   "photographs": N, "smallest_side": pixels,
   "shards": [{"name", "bytes", "sha256", "photographs"}, ...],
   "entries": {"name", "bytes", "sha256"}, "names": {...},    the index
   "skipped_counts": {"duplicate": 2, ...},
   "skipped": [{"name", "kind", "reason"}, ...]}}}
"""

from __future__ import annotations

import json
import os
from typing import Any

from inpainting.data.shards.storage import write_bytes
from inpainting.errors import InputError
from inpainting.files import exists, read_bytes, size_of

FILE = "manifest.json"
FORMAT = "inpainting: photographs in shards, version 1"
_KEYS = {
    "input": dict,
    "options": dict,
    "photographs": int,
    "smallest_side": int,
    "shards": list,
    "entries": dict,
    "names": dict,
    "skipped_counts": dict,
    "skipped": list,
}
_FILE_KEYS = {"name": str, "bytes": int, "sha256": str}


def holds_shards(folder: str) -> bool:
    """Whether `folder` has a manifest of shards; a manifest of something else is none."""
    path = os.path.join(folder, FILE)
    return exists(path) and FORMAT.encode() in read_bytes(path)


def read_manifest(folder: str) -> dict[str, Any]:
    """Split -> its part of the manifest; empty if there is no manifest.

    Raises:
        InputError: it is not a manifest of shards, or contradicts itself.
    """
    path = os.path.join(folder, FILE)
    if not exists(path):
        return {}
    try:
        content = json.loads(read_bytes(path))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, expected {FORMAT!r}")
        for split, record in content["splits"].items():
            _check(split, record)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise InputError(f"{path} is not a manifest of shards: {reason}") from error
    return dict(content["splits"])


def write_manifest(folder: str, splits: dict[str, Any]) -> None:
    """Replaces the manifest; an earlier one stays if that fails."""
    content = {"format": FORMAT, "splits": {name: splits[name] for name in sorted(splits)}}
    write_bytes(os.path.join(folder, FILE), (json.dumps(content, indent=1) + "\n").encode())


def shard_problems(folder: str, record: dict[str, Any]) -> dict[int, str]:
    """Number of a shard -> what is wrong with it, for those missing or of another size."""
    problems = {}
    for number, shard in enumerate(record["shards"]):
        path = os.path.join(folder, shard["name"])
        size = size_of(path)
        if size is None:
            problems[number] = f"{path} is missing"
        elif size < shard["bytes"]:
            problems[number] = f"{path} is truncated: {size} of {shard['bytes']} bytes"
        elif size > shard["bytes"]:
            problems[number] = f"{path} is another file: {size} bytes, expected {shard['bytes']}"
    return problems


def _check(split: str, record: dict[str, Any]) -> None:
    _check_types(split, record, _KEYS)
    for shard in record["shards"]:
        _check_types(f"{split}: shard", shard, {**_FILE_KEYS, "photographs": int})
    for name in ("entries", "names"):
        _check_types(f"{split}: {name}", record[name], _FILE_KEYS)
    counted = sum(shard["photographs"] for shard in record["shards"])
    if counted != record["photographs"]:
        raise ValueError(
            f"{split} has {record['photographs']} photographs, but its shards have {counted}"
        )


def _check_types(what: str, record: dict[str, Any], types: dict[str, type]) -> None:
    for key, kind in types.items():
        if not isinstance(record[key], kind):
            raise ValueError(f"{what}: {key} is {record[key]!r}, expected {kind.__name__}")
