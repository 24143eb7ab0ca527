"""Whole files, and how manifest and journal know them again."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from inpainting.errors import InputError
from inpainting.files import read_bytes, size_of

_HASHED_AT_A_TIME = 1 << 22  # bytes


def write_bytes(path: str, data: bytes) -> None:
    """Writes a local file whole or not at all; raises `InputError` if that is not possible.

    Unlike `inpainting.image.write_bytes` it is on the disk before the journal says so, and what a
    kill leaves behind has a name that the next attempt replaces.
    """
    temporary = path + ".tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def record_of(path: str) -> dict[str, Any]:
    """Name, size and SHA-256 of a file, as manifest and journal keep them."""
    digest, size = hashlib.sha256(), 0
    while data := read_bytes(path, size, _HASHED_AT_A_TIME):
        digest.update(data)
        size += len(data)
    return {"name": os.path.basename(path), "bytes": size, "sha256": digest.hexdigest()}


def is_as_recorded(folder: str, record: dict[str, Any]) -> bool:
    """Whether `folder` has the file of `record_of`; it is read through if the size is right."""
    path = os.path.join(folder, record["name"])
    if size_of(path) != record["bytes"]:
        return False
    return record_of(path)["sha256"] == record["sha256"]
