"""What a run will cost: hours, from its first steps, and room on the disk for its checkpoints."""

from __future__ import annotations

import os
import shutil
import time
from typing import Any

from absl import logging
from tqdm import tqdm

from inpainting.training.callbacks import Logs, StepCallback
from inpainting.training.checkpoints import BEST_FOLDER, FOLDER

MEASURED_STEPS = 50


class Estimate(StepCallback):
    """Says once, after `MEASURED_STEPS` steps beyond the first, how long the whole run will take.

    The first step, which traces the graph, doesn't count; what happens between the others does.
    """

    def __init__(self, start_step: int, steps: int, disk: str) -> None:
        super().__init__(start_step)
        self.steps, self.disk = steps, disk

    def on_step(self, step: int, logs: Logs) -> None:
        made = step - self.start_step
        if made == 1:
            self.began = time.perf_counter()
        if made != 1 + MEASURED_STEPS:
            return
        rate = MEASURED_STEPS / (time.perf_counter() - self.began)
        left = self.steps - step
        tqdm.write(
            f"estimate: {rate:.3g} steps/s, {_duration(left / rate)} for the {left:,} steps that "
            f"are left; {self.disk}"
        )


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def checkpoint_bytes(items: dict[str, Any]) -> int:
    """The size of a checkpoint of these networks, optimizers and variables."""
    return sum(
        variable.shape.num_elements() * variable.dtype.size
        for item in items.values()
        for variable in (item.variables if hasattr(item, "variables") else [item])
    )


def disk_need(run_dir: str, size: int, keep: int, best: bool) -> str:
    """What the checkpoints of a run need at most, in words; warns if the disk has not that room.

    A new checkpoint is written before the oldest one is removed.
    """
    need = size * (keep + 1 + (2 if best else 0))
    text = f"a checkpoint has {_megabytes(size)}, all of them at most {_megabytes(need)}"
    there = os.path.abspath(run_dir)
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    free = shutil.disk_usage(there).free + _used(run_dir)
    if free < need:
        logging.warning("%s, but the disk has only %s free", text, _megabytes(free))
    return text


def _used(run_dir: str) -> int:
    """What the checkpoints that are there take."""
    total = 0
    for folder in (os.path.join(run_dir, name) for name in (FOLDER, BEST_FOLDER)):
        if os.path.isdir(folder):
            with os.scandir(folder) as entries:
                total += sum(entry.stat().st_size for entry in entries if entry.is_file())
    return total


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
