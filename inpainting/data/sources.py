"""Where photographs come from: the datasets by name, their splits, and lists of one's own.

`open_photos` is the way in. Every dataset has the splits `train` and `val`, which share no file
(unless there is only one), and `all`, which is everything that the dataset finds.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import Callable, NamedTuple

from absl import logging

from inpainting.data import celeba_hq, places365
from inpainting.data.photos import (
    PHOTO_SUFFIXES,
    Photos,
    exists,
    is_folder,
    list_photos,
    read_lines,
)
from inpainting.errors import InputError

SPLITS = ("train", "val", "all")

# Without sub-folders one photograph in so many is for validation.
_VALIDATION_PART = 20
# How many names of a list are looked for before it is taken to belong to another folder.
_NAMES_TRIED = 100

_SAMPLE_FOLDER = os.path.join(os.path.dirname(__file__), "sample")


class _Source(NamedTuple):
    find: Callable[[str, str], list[str]]  # (data_dir, split) -> paths
    expected: str  # in data_dir, and where it comes from


def open_photos(
    dataset: str, data_dir: str | None, split: str, filelist: str | None = None
) -> Photos:
    """The photographs of a dataset's split.

    Args:
        dataset: `sample` (embedded), `folder`, `places365` or `celeba_hq`.
        data_dir: the folder it is in; none for `sample`.
        split: `train`, `val` or `all`.
        filelist: a text file with one name a line, absolute or relative to `data_dir`; an integer
            label after the name, as the lists of Places365 have, is ignored. It then decides
            alone which photographs are meant, whatever the split.

    Raises:
        InputError: unknown dataset; the folder or the list is missing or holds no photograph.
        ValueError: unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}, received {split!r}")
    if dataset not in SOURCES:
        raise InputError(f"unknown dataset {dataset!r}: it is one of {', '.join(sorted(SOURCES))}")
    source = SOURCES[dataset]
    if dataset == "sample":
        if data_dir:
            raise InputError(
                f"--data_dir={data_dir}, but the dataset sample is embedded and has none: "
                "for photographs of your own give --dataset=folder"
            )
        data_dir = _SAMPLE_FOLDER
    if not data_dir:
        raise InputError(f"--dataset={dataset} needs --data_dir: {source.expected}")
    if not is_folder(data_dir):
        raise InputError(f"no such folder: {data_dir}; expected {source.expected}")
    paths = _listed(filelist, data_dir) if filelist else source.find(data_dir, split)
    if not paths:
        raise InputError(
            f"no photographs for the split {split} in {data_dir}; expected {source.expected}"
        )
    return Photos(paths)


def _find_in_folder(data_dir: str, split: str) -> list[str]:
    """Any tree of photographs.

    If `data_dir` has the folders `train` and `val`, these are the splits. Otherwise one in twenty,
    by a hash of its path within `data_dir`, is for validation (one at least) and the rest for
    training, so that a photograph keeps its split when others are added. A single photograph is
    used for both.
    """
    if split == "all":
        return list_photos(data_dir)
    folders = {name: os.path.join(data_dir, name) for name in ("train", "val")}
    if all(is_folder(folder) for folder in folders.values()):
        return list_photos(folders[split])
    hashed = sorted((_hash(os.path.relpath(p, data_dir)), p) for p in list_photos(data_dir))
    paths = [path for _, path in hashed]
    if len(paths) < 2:
        return paths
    count = sum(number < 2**256 // _VALIDATION_PART for number, _ in hashed)
    count = min(max(count, 1), len(paths) - 1)
    logging.info(
        "%s has no folders train and val: %d of its %d photographs are kept for validation",
        data_dir,
        count,
        len(paths),
    )
    return paths[:count] if split == "val" else paths[count:]


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.replace(os.sep, "/").encode()).digest(), "big")


def _listed(filelist: str, data_dir: str) -> list[str]:
    """Paths of a list of names; raises InputError if none of the first ones is there."""
    names = [re.sub(r"\s+-?\d+$", "", line) for line in read_lines(filelist)]
    names = [name for name in names if name.lower().endswith(PHOTO_SUFFIXES)]
    if not names:
        raise InputError(
            f"{filelist} names no photograph, expected one name ({' '.join(PHOTO_SUFFIXES)}) a line"
        )
    relative = [os.path.join(data_dir, name.lstrip("/")) for name in names]
    for paths in (relative, names):
        if any(exists(path) for path in paths[:_NAMES_TRIED]):
            return paths
    raise InputError(f"the photographs named in {filelist} are not in {data_dir}: no {relative[0]}")


SOURCES: dict[str, _Source] = {
    "sample": _Source(_find_in_folder, "the embedded photographs (reinstall the package)"),
    "folder": _Source(
        _find_in_folder,
        f"a folder, in any depth, of photographs ({' '.join(PHOTO_SUFFIXES)}), or one with the "
        "folders train and val",
    ),
    "places365": _Source(places365.find, places365.EXPECTED),
    "celeba_hq": _Source(celeba_hq.find, celeba_hq.EXPECTED),
}
