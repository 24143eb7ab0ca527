"""Where photographs to be put into shards come from: files, or a tar that is read as a stream.

Both give `Item`s in an order that does not change, have a `record` by which the same input is
known again, and count up to `total` in `done` what they have gone through.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from inpainting.data.photos import PHOTO_SUFFIXES, Photos
from inpainting.data.shards.index import encode_name
from inpainting.errors import InputError
from inpainting.files import is_remote

_MEGABYTE = 1_000_000
_DAMAGED = (tarfile.TarError, OSError, EOFError, zlib.error)


class Item(NamedTuple):
    """A photograph's name, with `/`, and where its bytes are; or what is wrong with it."""

    name: str
    path: str = ""
    data: bytes | None = None
    problem: str = ""


class Input(Protocol):
    """What `prepare` reads; `names_may_repeat` if one name can come twice."""

    record: dict[str, Any]
    names_may_repeat: bool
    unit: str
    total: int
    done: int

    def items(self, start: int) -> Iterator[Item]:
        """All from number `start` on."""


class FileInput:
    """Files on disk or behind a URL, in the order of their paths.

    Their `record` has the names, sizes and times of change; behind a URL, where each size would be
    a request, the names alone.

    Args:
        photos: the files.
        root: the folder that their names are relative to.
    """

    names_may_repeat = False
    unit = "files"

    def __init__(self, photos: Photos, root: str) -> None:
        self._paths = photos.paths
        # The datasets make some paths absolute.
        self._roots = [place.rstrip("/") + "/" for place in (root, os.path.abspath(root))]
        self.total = len(self._paths)
        self.done = 0
        digest = hashlib.sha256()
        for path in self._paths:
            digest.update(encode_name(f"{self._name(path)}\n{_state(path)}\n"))
        self.record = {"kind": "files", "files": self.total, "sha256": digest.hexdigest()}

    def items(self, start: int) -> Iterator[Item]:
        for number in range(start, self.total):
            path = self._paths[number]
            name = self._name(path)
            problem = "has a line break in its name" if "\n" in name else ""
            self.done = number + 1
            yield Item(name, path, problem=problem)

    def _name(self, path: str) -> str:
        for root in self._roots:
            if path.startswith(root):
                return path[len(root) :].replace(os.sep, "/")
        return _plain(path if is_remote(path) else os.path.relpath(path, self._roots[0]))


class TarInput:
    """The photographs in a tar, compressed or not, in its order; it is not unpacked.

    Raises:
        InputError: it is not a file, or not a tar; from `items`, it is truncated or damaged.
    """

    names_may_repeat = True
    unit = "MB of the tar"

    def __init__(self, path: str) -> None:
        if is_remote(path) or not os.path.isfile(path):
            raise InputError(f"--tar={path} is not a file on this machine")
        self._path = path
        status = os.stat(path)
        self.total = status.st_size // _MEGABYTE
        self.done = 0
        self.record = {"kind": "tar", "bytes": status.st_size, "changed": status.st_mtime_ns}
        with open(path, "rb") as file, self._open(file):
            pass

    def items(self, start: int) -> Iterator[Item]:
        with open(self._path, "rb") as file, self._open(file) as tar:
            number = 0
            try:
                while (member := tar.next()) is not None:
                    tar.members = []  # type: ignore[attr-defined]  # it would keep them all
                    name = _plain(member.name)
                    if not _is_photo(name) or member.isdir():
                        continue
                    number += 1
                    if number <= start:
                        continue
                    item = _item(tar, member, name)
                    self.done = file.tell() // _MEGABYTE
                    yield item
                self._check_end(tar)
            except _DAMAGED as error:
                reason = " ".join(str(error).split())
                raise InputError(
                    f"{self._path} is truncated or damaged, at photograph {number} or after it: "
                    f"{reason}"
                ) from error

    def _open(self, file: Any) -> tarfile.TarFile:
        try:
            return tarfile.open(fileobj=file, mode="r:*")
        except _DAMAGED as error:
            raise InputError(f"{self._path} is not a tar, compressed or not") from error

    def _check_end(self, tar: tarfile.TarFile) -> None:
        """A damaged header in the middle looks to `tarfile` like the end, which is zeros."""
        tar.fileobj.seek(tar.offset)  # type: ignore[union-attr]
        block = tar.fileobj.read(tarfile.BLOCKSIZE)  # type: ignore[union-attr]
        if block != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError(f"no end of the archive at byte {tar.offset}")


def _item(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> Item:
    if "\n" in name:
        return Item(name, problem="has a line break in its name")
    stream = tar.extractfile(member) if member.isfile() else None
    if stream is None:
        return Item(name, problem="is a link in the archive, not a file")
    return Item(name, data=stream.read())


def _plain(name: str) -> str:
    """Without `./`, `../` and `/` at the beginning."""
    parts = posixpath.normpath(name.replace(os.sep, "/")).split("/")
    return "/".join(part for part in parts if part not in ("", "..", "."))


def _is_photo(name: str) -> bool:
    """As in a folder: a photograph's suffix, and nothing hidden on the way."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return name.lower().endswith(PHOTO_SUFFIXES) and not hidden


def _state(path: str) -> str:
    if is_remote(path):
        return "remote"
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return "missing"
    return f"{status.st_size} {status.st_mtime_ns}"
