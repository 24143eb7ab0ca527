"""Files on disk or behind a URL (`s3://`, `gs://`): what there is, reading, copying.

Everything that this project reads or writes behind a URL goes through here. `s3://` is
tensorflow-io's file system and `gs://` TensorFlow's own; neither is imported for paths on disk.

- What fails on the way (an error of the server, a broken connection) is tried again, with waits
  that double from one second on, on top of what the two file systems themselves try again. What
  is refused or not there is not.
- A file behind a URL appears whole or not at all: the server takes it at its end only.
- tensorflow-io's downloads in several parts are turned off. They take the half of an answer that
  arrived before a connection broke for a part of the file, without an error. Its downloads in one
  part crash where a read starts at the end of a file; no read here does.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any, Callable, TypeVar

from absl import logging

from inpainting.errors import InputError, reason

Result = TypeVar("Result")

FIRST_WAIT, ATTEMPTS = 1.0, 6  # seconds; a minute of waits in all
_COPIED_AT_A_TIME = 1 << 24  # bytes


def is_remote(path: str) -> bool:
    """Whether `path` is behind a URL."""
    return "://" in path


def gfile(path: str) -> Any:
    """`tf.io.gfile`, ready for `path`."""
    import tensorflow as tf

    if path.startswith("s3://"):
        os.environ.setdefault("S3_DISABLE_MULTI_PART_DOWNLOAD", "1")
        try:
            import tensorflow_io  # noqa: F401  (its import registers the file system)
        except ImportError as error:
            raise InputError(f"{path} needs the package tensorflow-io: {error}") from error
    return tf.io.gfile


def exists(path: str) -> bool:
    """Whether there is a file or folder `path`."""
    if not is_remote(path):
        return os.path.exists(path)
    return bool(_attempt(lambda: gfile(path).exists(path), path))


def is_folder(path: str) -> bool:
    """Whether `path` is a folder; behind a URL, whether there are files below it."""
    if not is_remote(path):
        return os.path.isdir(path)
    folder = path.rstrip("/") + "/"  # or a bucket itself would be none
    return bool(_attempt(lambda: gfile(path).isdir(folder), path))


def version_names(folder: str) -> list[str]:
    """The names of a local folder's numbered entries, as exports have them, the newest first."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted((name for name in names if name.isdecimal()), key=int, reverse=True)


def size_of(path: str) -> int | None:
    """A file's size in bytes; None if there is none."""
    if not is_remote(path):
        return os.path.getsize(path) if os.path.isfile(path) else None
    import tensorflow as tf

    def look() -> int | None:
        try:
            return int(gfile(path).stat(path).length)
        except tf.errors.NotFoundError:
            return None

    return _attempt(look, path)


def read_bytes(path: str, start: int = 0, count: int = -1) -> bytes:
    """`count` bytes of a file from `start` on, or all that follow; fewer where it ends before.

    Raises:
        InputError: it cannot be read.
    """
    if is_remote(path):
        return _attempt(lambda: _read_remote(path, start, count), path)
    try:
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(count)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise InputError(f"cannot read {path}: {reason(error)}") from error


def walk(folder: str) -> list[tuple[str, str]]:
    """(folder, name) of all files behind the URL `folder`, in any depth, sorted."""
    folder = folder.rstrip("/") + "/"  # or a bucket itself would have none

    def look() -> list[tuple[str, str]]:
        return sorted(
            (place, name) for place, _, names in gfile(folder).walk(folder) for name in names
        )

    return _attempt(look, folder)


def files_below(folder: str) -> list[str]:
    """The names, relative to `folder`, with `/`, of all files in it, sorted; none if it is none."""
    if is_remote(folder):
        found: Iterator[str] = (f"{place.rstrip('/')}/{name}" for place, name in walk(folder))
    else:
        found = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)
    start = len(folder.rstrip("/")) + 1
    return sorted(path[start:].replace(os.sep, "/") for path in found)


def join(folder: str, *names: str) -> str:
    """`os.path.join`, with `/` behind a URL."""
    if is_remote(folder):
        return "/".join([folder.rstrip("/"), *names])
    return os.path.join(folder, *names)


def upload(path: str, url: str) -> None:
    """Copies a local file behind a URL; raises `InputError` where that fails for a minute."""

    def copy() -> None:
        with open(path, "rb") as source, gfile(url).GFile(url, "wb") as target:
            target.write(b"")  # or an empty file would not be made
            while data := source.read(_COPIED_AT_A_TIME):
                target.write(data)

    _attempt(copy, url, "write")
    if size_of(url) != os.path.getsize(path):
        raise InputError(f"cannot write {url}: it is not of the size of {path} afterwards")


def download(url: str, path: str) -> None:
    """Copies a file behind a URL to a local one, in a folder that is made if need be.

    Raises:
        InputError: it cannot be read, or not be written here.
    """
    data = read_bytes(url)
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as target:
            target.write(data)
    except OSError as error:
        raise InputError(f"cannot write {path}: {reason(error)}") from error


def remove(url: str) -> None:
    """Removes a file behind a URL; one that is not there is no mistake."""
    import tensorflow as tf

    def delete() -> None:
        with contextlib.suppress(tf.errors.NotFoundError):
            gfile(url).remove(url)

    _attempt(delete, url, "remove")


def _read_remote(path: str, start: int, count: int) -> bytes:
    import tensorflow as tf

    files = gfile(path)
    left = int(files.stat(path).length) - start
    count = left if count < 0 else min(count, left)
    if count <= 0:
        return b""
    if not start and count == left:
        return bytes(tf.io.read_file(path).numpy())  # in one request
    with files.GFile(path, "rb") as file:
        file.seek(start)
        return bytes(file.read(count))


def _attempt(action: Callable[[], Result], path: str, verb: str = "read") -> Result:
    """What `action` returns; tried again while that may help.

    Raises:
        InputError: it was refused, or failed each time.
    """
    import tensorflow as tf

    final = (
        tf.errors.NotFoundError,
        tf.errors.PermissionDeniedError,
        tf.errors.UnauthenticatedError,
        tf.errors.InvalidArgumentError,
        tf.errors.UnimplementedError,
        tf.errors.FailedPreconditionError,
    )
    wait, number = FIRST_WAIT, 0
    while True:
        number += 1
        try:
            return action()
        except tf.errors.OpError as error:
            if isinstance(error, final) or number == ATTEMPTS:
                tried = "" if isinstance(error, final) else f", tried {number} times"
                raise InputError(f"cannot {verb} {path}: {reason(error)}{tried}") from error
            logging.warning(
                "cannot %s %s (%s), trying again in %g s", verb, path, reason(error), wait
            )
            time.sleep(wait)
            wait *= 2
