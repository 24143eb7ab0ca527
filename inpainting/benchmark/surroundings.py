"""Work around the networks: the input pipeline of training, and a cold start of `inpaint.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from inpainting.benchmark.networks import Work
from inpainting.errors import InputError

ROOT = Path(__file__).parents[2]
# What a start consists of, each in a process of its own.
IMPORTS = {"python": "pass", "import tensorflow": "import tensorflow"}


def pipeline(size: int, batch: int) -> Work:
    """One batch of crops and masks, made of the embedded photographs by two workers."""
    from inpainting.data.pipeline import training_dataset
    from inpainting.data.sources import open_photos

    photos = open_photos("sample", "", "train")
    batches = iter(training_dataset(photos, size, batch, seed=0, workers=2))
    # More than what was made ahead while the other side had its turn.
    return Work(lambda: [next(batches) for _ in range(8)])


def startup(size: int) -> Work:
    """`inpaint.py` on one photo of `size` pixels a side, by the shipped weights."""
    from inpainting.image import write_image

    folder = tempfile.mkdtemp()
    photo, mask = (os.path.join(folder, name) for name in ("photo.png", "mask.png"))
    rng = np.random.default_rng(0)
    write_image(photo, rng.integers(0, 256, (size, size, 3), dtype=np.uint8))
    hole = np.zeros((size, size, 3), np.uint8)
    hole[size // 4 : size // 2, size // 4 : size // 2] = 255
    write_image(mask, hole)
    command = [sys.executable, "inpaint.py", photo, "--mask", mask, "--model", "places"]
    command += ["--output", os.path.join(folder, "filled.png")]
    parts: dict[str, Any] = {}

    def run() -> dict[str, Any]:
        for name, code in IMPORTS.items():
            parts[name] = _seconds([sys.executable, "-c", code])
        parts["whole"] = _seconds(command)
        return {"seconds": parts["whole"], "parts": dict(parts)}

    return Work(run)


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InputError(f"{command[1]} ended with code {done.returncode}: {done.stderr[-200:]}")
    return time.perf_counter() - start
