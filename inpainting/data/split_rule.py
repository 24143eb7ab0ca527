"""Which photographs are for validation where nobody has said so: one in twenty, by its name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

# Without sub-folders one photograph in so many is for validation.
_VALIDATION_PART = 20
_FOLDERS = {"train": b"train/", "val": b"val/"}


def split_names(names: Sequence[bytes], split: str) -> np.ndarray:
    """The places in `names`, ascending, that are in `train` or `val`.

    Args:
        names: relative to the folder of all, with `/`. If some are in `train/` and some in `val/`,
            these are the splits; otherwise see `split_by_hash`.
    """
    members = {
        name: np.array([n for n, path in enumerate(names) if path.startswith(folder)], np.int64)
        for name, folder in _FOLDERS.items()
    }
    if all(len(found) for found in members.values()):
        return members[split]
    return split_by_hash(names, split)


def split_by_hash(names: Sequence[bytes], split: str) -> np.ndarray:
    """The places in `names`, ascending, that are in `train` or `val` by a hash of the name.

    One in twenty is for validation (one at least) and the rest for training, so that a photograph
    keeps its split when others are added. A single photograph is used for both.
    """
    if len(names) < 2:
        return np.arange(len(names))
    hashes = np.array([_hash(name) for name in names], np.uint64)
    count = int(np.count_nonzero(hashes < np.uint64(2**64 // _VALIDATION_PART)))
    count = min(max(count, 1), len(names) - 1)
    order = np.argsort(hashes, kind="stable")
    return np.sort(order[:count] if split == "val" else order[count:])


def _hash(name: bytes) -> int:
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
