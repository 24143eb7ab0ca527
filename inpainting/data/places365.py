"""Places365 (Zhou et al., TPAMI 2018) in the layouts in which its archives unpack.

- places365standard_easyformat.tar: `places365_standard/train/airfield/00000001.jpg`, `.../val/...`
- train_256_places365standard.tar, train_256_places365challenge.tar: `data_256/a/airfield/...`
- train_large_places365standard.tar, train_large_places365challenge.tar: `data_large/a/airfield/...`
- val_256.tar, val_large.tar: `val_256/Places365_val_00000001.jpg`, `val_large/...`
- filelist_places365-standard.tar, filelist_places365-challenge.tar:
  `places365_train_standard.txt`, `places365_train_challenge.txt`, `places365_val.txt`

Training folders renamed with `_standard` or `_challenge` at the end (as torchvision does) are
known too. A file list that lies beside the folders decides which photographs belong to the split;
without one, all of the folder do.
"""

from __future__ import annotations

import os

from absl import logging

from inpainting.data.photos import list_photos, read_lines
from inpainting.files import exists, is_folder

EXPECTED = (
    "Places365 as its archives unpack: places365_standard/train and /val, or data_256 (data_large) "
    "and val_256 (val_large), from http://places2.csail.mit.edu/download.html"
)

# (training folder, validation folder, lists of the training photographs), by preference.
_STANDARD, _CHALLENGE = "places365_train_standard.txt", "places365_train_challenge.txt"
_LAYOUTS = (
    (os.path.join("places365_standard", "train"), os.path.join("places365_standard", "val"), ()),
    ("train", "val", ()),
    ("data_256_standard", "val_256", (_STANDARD,)),
    ("data_256", "val_256", (_STANDARD, _CHALLENGE)),
    ("data_256_challenge", "val_256", (_CHALLENGE,)),
    ("data_large_standard", "val_large", (_STANDARD,)),
    ("data_large", "val_large", (_STANDARD, _CHALLENGE)),
    ("data_large_challenge", "val_large", (_CHALLENGE,)),
)
_VALIDATION_LISTS = ("places365_val.txt",)
# Where the lists are looked for, from the folder that holds the photographs' folders.
_LIST_FOLDERS = ("", "filelist_places365-standard", "filelist_places365-challenge", "meta")


def find(data_dir: str, split: str) -> list[str]:
    """Paths of the split `train`, `val` or `all`; none if no layout fits.

    `data_dir` holds the folders of a layout, or is one of them.
    """
    if split == "all":
        return find(data_dir, "train") + find(data_dir, "val")
    data_dir = os.path.abspath(data_dir) if "://" not in data_dir else data_dir.rstrip("/")
    parent, name = os.path.split(data_dir)
    for train, validation, lists in _LAYOUTS:
        folder = train if split == "train" else validation
        root = parent if name in (train, validation) else data_dir
        if is_folder(os.path.join(root, folder)):
            return _photos_of(root, folder, lists if split == "train" else _VALIDATION_LISTS)
    return []


def _photos_of(root: str, folder: str, lists: tuple[str, ...]) -> list[str]:
    photos = os.path.join(root, folder)
    for place in _LIST_FOLDERS:
        for name in lists:
            path = os.path.join(root, place, name)
            if exists(path):
                logging.info("Places365: the photographs in %s that %s names", photos, path)
                return [_path_of(photos, line) for line in read_lines(path)]
    logging.info("Places365: all photographs in %s", photos)
    return list_photos(photos)


def _path_of(folder: str, line: str) -> str:
    """`/a/airfield/00000001.jpg 0` -> the path of that photograph."""
    return os.path.join(folder, line.split()[0].lstrip("/"))
