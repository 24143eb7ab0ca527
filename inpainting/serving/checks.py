"""What is looked at before a photo is filled: does the model exist, does the mask look right?

`hole_warnings` finds what is allowed and probably a mistake, `folder_warnings` what a user may
believe to be filled and is not; errors are found where files are read. No TensorFlow, so that
`--dry_run` answers at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

import cv2
import numpy as np

from inpainting.errors import InputError
from inpainting.files import is_remote, version_names
from inpainting.pretrained.shipped import shipped_folder, shipped_names

# Above this share of hole, black was probably meant to be filled.
_MOSTLY = 0.6
# Regions of so few pixels, if there are many and more than of others, are a lossy file's noise.
_SPECK, _MANY_SPECKS = 4, 20
# Of the suffixes that are left out of a folder so many are named.
_KINDS = 6
_CARD = os.path.join("assets.extra", "model_card.json")
_CONFIG = "config.json"


def trained_size(model: str) -> int | None:
    """The side in pixels of the pictures that a model was trained on; None where it isn't said.

    Args:
        model: as `inpainting.load` takes it. Only its record is read here, and none of a URL.

    Raises:
        InputError: there is nothing of that name.
    """
    if is_remote(model):
        return None  # its record is read where the model is copied from there
    folder = model if os.path.exists(model) else shipped_folder(model)
    if folder is None and os.path.isfile(model + ".index"):
        folder = os.path.dirname(model)
    if folder is None:
        raise InputError(
            f"--model {model} does not exist: expected a run folder, a checkpoint prefix, a "
            f"SavedModel folder or shipped weights ({', '.join(shipped_names())})"
        )
    newest = next(iter(version_names(folder)), "")
    for path in (
        os.path.join(folder, _CONFIG),
        os.path.join(folder, os.pardir, _CONFIG),  # of a checkpoint in its run folder
        os.path.join(folder, _CARD),
        os.path.join(folder, newest, _CARD),
    ):
        try:
            with open(path, encoding="utf-8") as file:
                return int(json.load(file)["image_size"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # loading the model tells what is wrong, if anything is
    return None


def hole_warnings(hole: np.ndarray, mask: str, trained: int | None) -> list[str]:
    """One line for each thing about a mask that is allowed, but probably not meant.

    Args:
        hole: bool (H, W).
        mask: what the lines call it.
        trained: see `trained_size`.
    """
    found = []
    rate = hole.mean()
    if rate > _MOSTLY:
        found.append(
            f"{mask} is mostly hole ({100 * rate:.0f} %): white is filled; if black is meant, add "
            "--invert_mask"
        )
    sizes = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=8)[2][1:, 4]
    specks = int((sizes <= _SPECK).sum())
    if specks >= _MANY_SPECKS and 2 * specks > len(sizes):
        found.append(
            f"{mask} has {specks} specks of at most {_SPECK} pixels among {len(sizes)} regions: "
            "noise of a lossy file? Save masks as PNG"
        )
    thickness = _thickness(hole)
    if trained and thickness > trained / 2:
        found.append(
            f"{mask} has a hole {thickness} pixels thick, beyond what the model was trained on "
            f"(pictures of {trained} pixels, holes up to half of that): expect soft shapes there"
        )
    return found


def folder_warnings(folder: str, known: Iterable[str]) -> list[str]:
    """One line if a folder holds more than the paths `known` (photos, masks, output), else none."""
    paths = {os.path.realpath(path) for path in known}
    left = [
        entry
        for entry in os.scandir(folder)
        if not entry.name.startswith(".") and os.path.realpath(entry.path) not in paths
    ]
    if not left:
        return []
    kinds = {
        "folders" if entry.is_dir() else os.path.splitext(entry.name)[1].lower() or entry.name
        for entry in left
    }
    shown = " ".join(sorted(kinds)[:_KINDS]) + (" ..." if len(kinds) > _KINDS else "")
    return [f"{folder} holds {len(left)} more, no photos that can be read, left out: {shown}"]


def _thickness(hole: np.ndarray) -> int:
    """The diameter of the largest disc in the hole, in pixels; it may reach over the edge."""
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return round(2 * float(depth.max()) - 1)
