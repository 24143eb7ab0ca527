"""Files and parts of files, on disk or behind a URL; on disk TensorFlow is not imported."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from inpainting.data.photos import gfile, is_remote
from inpainting.errors import InputError

_HASHED_AT_A_TIME = 1 << 22  # bytes


def read_bytes(path: str, start: int = 0, count: int = -1) -> bytes:
    """`count` bytes of a file from `start` on, or all that follow; fewer where it ends before.

    Raises:
        InputError: it cannot be read.
    """
    if is_remote(path):
        return _read_remote(path, start, count)
    try:
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(count)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read {path}: {reason}") from error


def write_bytes(path: str, data: bytes) -> None:
    """Writes a local file whole or not at all; raises `InputError` if that is not possible."""
    temporary = path + ".tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def size_of(path: str) -> int | None:
    """A file's size in bytes; None if there is none."""
    if not is_remote(path):
        return os.path.getsize(path) if os.path.isfile(path) else None
    import tensorflow as tf

    try:
        return int(gfile(path).stat(path).length)
    except tf.errors.NotFoundError:
        return None
    except tf.errors.OpError as error:
        raise InputError(f"cannot read {path}: {error.message}") from error


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


def _read_remote(path: str, start: int, count: int) -> bytes:
    import tensorflow as tf

    try:
        with gfile(path).GFile(path, "rb") as file:
            file.seek(start)
            return bytes(file.read(count))
    except tf.errors.OpError as error:
        raise InputError(f"cannot read {path}: {error.message}") from error
