"""Photographs that are there already: of the same pixels, or, in a tar, of the same name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from inpainting.data.shards.conversion import Converted
from inpainting.data.shards.index import encode_name


class Duplicates:
    """Remembers photographs by 16 bytes of a hash; some 130 bytes of memory for each.

    Duplicates are those whose decoded pixels, upright and in sRGB, are equal at full size, whatever
    their format and metadata. The first in the order of the input stays.
    """

    def __init__(self, names_may_repeat: bool) -> None:
        self._numbers: dict[bytes, int] = {}
        self._names: set[bytes] | None = set() if names_may_repeat else None

    def find(self, photo: Converted) -> dict[str, Any] | None:
        """What a `journal.Part` keeps of a duplicate; None, and it is remembered, if it is new."""
        number = self._numbers.get(photo.pixels)
        if number is not None:
            return {"name": photo.name, "kind": "duplicate", "of": number}
        name = encode_name(photo.name)
        if self._names is not None and _hash(name) in self._names:
            reason = f"{photo.name} is in the archive twice, the first is kept"
            return {"name": photo.name, "kind": "same name", "reason": reason}
        self._add(name, photo.pixels)
        return None

    def add_all(self, names: Sequence[bytes], pixels: np.ndarray) -> None:
        """Remembers finished photographs; `pixels` is uint8 (N, 16)."""
        for name, row in zip(names, pixels):
            self._add(name, row.tobytes())

    def _add(self, name: bytes, pixels: bytes) -> None:
        self._numbers[pixels] = len(self._numbers)
        if self._names is not None:
            self._names.add(_hash(name))


def _hash(name: bytes) -> bytes:
    return hashlib.sha256(name).digest()[:16]
