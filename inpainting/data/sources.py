"""Where photographs come from: the datasets by name, their splits, and lists of one's own.

`open_photos` is the way in. Every dataset has the splits `train` and `val`, which share no file
(unless there is only one), and `all`, which is everything that the dataset finds.
"""

from __future__ import annotations

import os
import re
from typing import Callable, NamedTuple

from absl import logging

from inpainting.data import celeba_hq, places365
from inpainting.data.photos import (
    PHOTO_SUFFIXES,
    Photos,
    list_photos,
    read_lines,
)
from inpainting.data.shards.manifest import holds_shards
from inpainting.data.shards.sharded_photos import ShardedPhotos
from inpainting.data.split_rule import split_by_hash
from inpainting.errors import InputError
from inpainting.files import exists, is_folder

SPLITS = ("train", "val", "all")

# How many names of a list are looked for before it is taken to belong to another folder.
_NAMES_TRIED = 100

_SAMPLE_FOLDER = os.path.join(os.path.dirname(__file__), "sample")


class _Source(NamedTuple):
    find: Callable[[str, str], list[str]]  # (data_dir, split) -> paths
    expected: str  # in data_dir, and where it comes from


def open_photos(
    dataset: str,
    data_dir: str | None,
    split: str,
    filelist: str | None = None,
    *,
    skip_bad_records: bool = False,
    least_side: int = 0,
) -> Photos:
    """The photographs of a dataset's split.

    Args:
        dataset: `sample` (embedded), `folder`, `shards`, `places365` or `celeba_hq`; a `folder`
            that holds shards is read as such.
        data_dir: the folder it is in; none for `sample`.
        split: `train`, `val` or `all`.
        filelist: a text file with one name a line, absolute or relative to `data_dir`; an integer
            label after the name, as the lists of Places365 have, is ignored. It then decides
            alone which photographs are meant, whatever the split.
        skip_bad_records: of shards, leave out what is damaged or smaller than `least_side` pixels
            (`ShardedPhotos`). The sizes of plain files are not known before they are read.

    Raises:
        InputError: unknown dataset; the folder or the list is missing or holds no photograph;
            shards are damaged or too small.
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
    if dataset in ("folder", "shards") and holds_shards(data_dir):
        if filelist:
            raise InputError(
                f"--filelist={filelist} goes with files, but {data_dir} holds shards: prepare "
                "shards of the photographs that it names"
            )
        return ShardedPhotos(data_dir, split, skip_bad_records, least_side)
    paths = _listed(filelist, data_dir) if filelist else source.find(data_dir, split)
    if not paths:
        raise InputError(
            f"no photographs for the split {split} in {data_dir}; expected {source.expected}"
        )
    return Photos(paths)


def _find_in_folder(data_dir: str, split: str) -> list[str]:
    """Any tree of photographs.

    If `data_dir` has the folders `train` and `val`, these are the splits; otherwise see
    `split_rule.split_by_hash`.
    """
    if split == "all":
        return list_photos(data_dir)
    folders = {name: os.path.join(data_dir, name) for name in ("train", "val")}
    if all(is_folder(folder) for folder in folders.values()):
        return list_photos(folders[split])
    paths = sorted(list_photos(data_dir))
    names = [os.path.relpath(path, data_dir).replace(os.sep, "/") for path in paths]
    chosen = split_by_hash([name.encode("utf-8", "surrogateescape") for name in names], split)
    logging.info(
        "%s has no folders train and val: a hash of their names puts %d of its %d photographs into "
        "%s",
        data_dir,
        len(chosen),
        len(paths),
        split,
    )
    return [paths[number] for number in chosen]


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
    "shards": _Source(
        lambda data_dir, split: [],  # those that are there have been opened before
        "manifest.json and the files that it names, made by tools/prepare_dataset.py",
    ),
    "places365": _Source(places365.find, places365.EXPECTED),
    "celeba_hq": _Source(celeba_hq.find, celeba_hq.EXPECTED),
}
