"""What the checks compare with: answers that TensorFlow gave, and how far an answer may be off.

Imported by checks that run in environments of their own: NumPy only, nothing of the project.
"""

from __future__ import annotations

import glob
import importlib.util
import os
from typing import NoReturn

import numpy as np

# Grey levels of uint8; the largest difference of floats in [0, 1].
GREY_LEVELS, DIFFERENCE = 1, 1e-3

Case = dict[str, np.ndarray]


def read_cases(folder: str) -> list[Case]:
    """One for each size: `image`, `mask`, `completed` (uint8), and the inputs and outputs of
    `generate` as `float_image`, `float_mask`, `coarse` and `refined`; batches of one.

    Raises:
        SystemExit: this program could import the project, or there are no cases.
    """
    if importlib.util.find_spec("inpainting") is not None:
        raise SystemExit("the project is on this program's path: the check would prove nothing")
    paths = sorted(glob.glob(os.path.join(folder, "case-*.npz")))
    if not paths:
        raise SystemExit(f"there are no cases in {folder}")
    return [dict(np.load(path)) for path in paths]


def grey_levels(completed: np.ndarray, case: Case) -> int:
    """By how much a filled photo is off, inside the hole.

    Raises:
        SystemExit: another shape or dtype than expected, or a pixel outside the hole has changed.
    """
    expected = case["completed"]
    if completed.shape != expected.shape or completed.dtype != expected.dtype:
        raise SystemExit(
            f"expected {expected.dtype} {expected.shape}, got {completed.dtype} {completed.shape}"
        )
    known = case["mask"][..., 0] == 0
    if not (completed[known] == case["image"][known]).all():
        raise SystemExit(f"pixels outside the hole have changed, at {expected.shape}")
    return int(np.abs(completed.astype(int) - expected).max())


def difference(outputs: dict[str, np.ndarray], case: Case) -> float:
    """By how much `coarse` and `refined` are off; raises `SystemExit` for another shape."""
    largest = 0.0
    for name in ("coarse", "refined"):
        if outputs[name].shape != case[name].shape:
            raise SystemExit(f"{name}: expected {case[name].shape}, got {outputs[name].shape}")
        largest = max(largest, float(np.abs(outputs[name] - case[name]).max()))
    return largest


def verdict(said: str, off: float, limit: float) -> NoReturn:
    """Prints the check's line and ends the program: 0 if `off` is within `limit`, else 1."""
    print(f"{said}: off by {off:.3g}, limit {limit:g}")
    raise SystemExit(0 if off <= limit else 1)  # not-a-number is above every limit
