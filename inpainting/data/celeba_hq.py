"""CelebA-HQ (Karras et al., ICLR 2018): 30,000 faces, of 1024 or 256 pixels, and their splits.

The photographs are in `data_dir/CelebA-HQ-img` (as CelebAMask-HQ unpacks), in the folders `train`
and `val` of `data_dir`, or anywhere in `data_dir`. Which of them are for training and which for
validation is decided by the first of these that is there:

1. folders `train` and `val`;
2. text files `train*` and `val*` (.txt or .flist) with one name a line, in `data_dir`;
3. `CelebA-HQ-to-CelebA-mapping.txt` in `data_dir` or the folder above: the official partition of
   CelebA, from `list_eval_partition.txt` beside it or, without that file, from the numbers at which
   it cuts. With all 30,000 that is 24,183 for training and 2,993 for validation; the 2,824 of the
   test partition are in neither;
4. otherwise the first nine tenths by number are for training (27,000 of all) and the rest for
   validation.

The official lists count photographs from 0; a folder that has 30000.jpg but no 0.jpg is taken to
count from 1, and one with larger numbers to use the names of the CelebA originals.
"""

from __future__ import annotations

import os
import re

from absl import logging

from inpainting.data.photos import list_photos, read_lines
from inpainting.errors import InputError
from inpainting.files import exists, is_folder, is_remote

EXPECTED = (
    "CelebA-HQ: a folder of photographs (0.jpg to 29999.jpg, of 1024 or 256 pixels), for example "
    "CelebA-HQ-img of CelebAMask-HQ from https://github.com/switchablenorms/CelebAMask-HQ"
)

_COUNT = 30_000
_MAPPING, _PARTITION = "CelebA-HQ-to-CelebA-mapping.txt", "list_eval_partition.txt"
# CelebA numbers its photographs from 1: from these on they are for validation and for testing.
_FIRST_VALIDATION, _FIRST_TEST = 162_771, 182_638
_PARTITION_OF_SPLIT = {"train": 0, "val": 1}


def find(data_dir: str, split: str) -> list[str]:
    """Paths of the split `train`, `val` or `all`; none if there are no photographs."""
    folder = _photo_folder(data_dir)
    if split == "all":
        return list_photos(folder)
    if all(is_folder(os.path.join(data_dir, name)) for name in ("train", "val")):
        return list_photos(os.path.join(data_dir, split))
    paths = sorted(list_photos(folder), key=_by_number)
    lists = {name: _find_list(data_dir, name) for name in ("train", "val")}
    if any(lists.values()):
        for name, names in lists.items():
            if not names:
                raise InputError(f"{data_dir} has a split list, but none with names for {name}")
        return _named(paths, lists[split], data_dir)
    here = data_dir if is_remote(data_dir) else os.path.abspath(data_dir)
    for place in (data_dir, os.path.dirname(here.rstrip("/"))):
        if exists(os.path.join(place, _MAPPING)):
            partition = _official_partition(place, paths)
            logging.info("CelebA-HQ: split by the official partition of CelebA (%s)", _MAPPING)
            return [p for p in paths if partition.get(p) == _PARTITION_OF_SPLIT[split]]
    logging.info("CelebA-HQ: no split list found, nine tenths by number are for training")
    cut = len(paths) * 9 // 10
    return paths[:cut] if split == "train" else paths[cut:]


def _photo_folder(data_dir: str) -> str:
    """Not the masks that CelebAMask-HQ has beside the photographs."""
    for name in ("CelebA-HQ-img", os.path.join("CelebAMask-HQ", "CelebA-HQ-img")):
        if is_folder(os.path.join(data_dir, name)):
            return os.path.join(data_dir, name)
    return data_dir


def _number(path: str) -> int | None:
    stem = os.path.splitext(os.path.basename(path))[0]
    digits = re.search(r"\d+$", stem)
    return int(digits.group()) if digits else None


def _by_number(path: str) -> tuple[int, str]:
    number = _number(path)
    return (-1 if number is None else number, path)


def _find_list(data_dir: str, split: str) -> list[str]:
    """The names in `train*.txt` or `.flist` (`val*`), none without such a file."""
    if "://" in data_dir:
        return []
    found = [
        name
        for name in sorted(os.listdir(data_dir))
        if name.startswith(split) and name.endswith((".txt", ".flist"))
    ]
    if len(found) > 1:
        raise InputError(f"{data_dir} has several lists for {split}: {' '.join(found)}; leave one")
    return read_lines(os.path.join(data_dir, found[0])) if found else []


def _named(paths: list[str], names: list[str], data_dir: str) -> list[str]:
    """The paths whose file is named in a list, whatever the folders and suffixes there."""
    wanted = {os.path.splitext(os.path.basename(name.split()[0]))[0] for name in names}
    found = [p for p in paths if os.path.splitext(os.path.basename(p))[0] in wanted]
    if len(found) < len(wanted):
        missing = len(wanted) - len(found)
        logging.warning("CelebA-HQ: %d of the names listed are not in %s", missing, data_dir)
    return found


def _official_partition(folder: str, paths: list[str]) -> dict[str, int]:
    """Path -> 0 (training), 1 (validation), 2 (test), for the paths that the mapping knows."""
    originals: dict[int, int] = {}  # number in CelebA-HQ -> number in CelebA
    for fields in _table(os.path.join(folder, _MAPPING), 3):
        if fields[0] != "idx":  # the line of headings
            originals[int(fields[0])] = int(fields[2])
    partition = _partition_of_originals(folder)
    numbers = {path: number for path in paths if (number := _number(path)) is not None}
    present = set(numbers.values())
    if present and max(present) > _COUNT:
        originals = {original: original for original in originals.values()}
    elif _COUNT in present and 0 not in present:
        originals = {number + 1: original for number, original in originals.items()}
    found = {}
    for path, number in numbers.items():
        original = originals.get(number)
        if original is None:
            continue
        part = partition.get(original)
        if part is None:
            part = (original >= _FIRST_VALIDATION) + (original >= _FIRST_TEST)
        found[path] = part
    return found


def _partition_of_originals(folder: str) -> dict[int, int]:
    """Number in CelebA -> partition, by `list_eval_partition.txt` if that is there."""
    path = os.path.join(folder, _PARTITION)
    return {int(n): int(part) for n, part in _table(path, 2)} if exists(path) else {}


def _table(path: str, columns: int) -> list[list[str]]:
    """Rows such as `0 119613 119614.jpg`, suffixes taken off; the first may be headings."""
    rows = [line.replace(".jpg", "").split() for line in read_lines(path)]
    for row in rows[1:]:
        if len(row) != columns or not all(field.isdigit() for field in row):
            raise InputError(f"{path} is not the published list: {' '.join(row)!r}")
    return rows
