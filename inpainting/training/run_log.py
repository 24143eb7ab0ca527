"""The log of a run: `logs/train.jsonl`, TensorBoard and the console."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Callable

import tensorflow as tf
from tqdm import tqdm

from inpainting.errors import InputError, reason
from inpainting.image import write_bytes

LOG_FILE = "train.jsonl"
SUMMARIES = "TensorBoard's file"


class RunLog:
    """One JSON object a line in `logs/train.jsonl`, the same figures to TensorBoard, a line to see.

    On resume the lines after the step resumed from are dropped, since those steps are made again.
    A log that can no longer be written (a full disk) is said once and costs only its lines.

    Arguments:
        run_dir: the run folder.
        start_step: the step that the run goes on from.

    Raises:
        InputError: the folder cannot be written at the start.
    """

    def __init__(self, run_dir: str, start_step: int) -> None:
        folder = self._folder = os.path.join(run_dir, "logs")
        self.path = os.path.join(folder, LOG_FILE)
        self._failing: set[str] = set()
        try:
            os.makedirs(folder, exist_ok=True)
            _drop_after(self.path, start_step)
            self._writer = tf.summary.create_file_writer(folder)
        except (OSError, tf.errors.OpError) as error:
            raise InputError(f"{folder} cannot be written: {reason(error)}") from None

    def write(self, step: int, figures: dict[str, float], title: str) -> None:
        """Logs `figures`; the console has `title` before them."""
        text = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        tqdm.write(f"{title}  {text}")
        sys.stdout.flush()
        written = self._try("train.jsonl", lambda: self._write_line({"step": step} | figures))
        if SUMMARIES in self._failing:
            if not written:
                return
            # The rest of the file behind half a record would not be read: begin another.
            self._writer = tf.summary.create_file_writer(self._folder)
        self._try(SUMMARIES, lambda: self._write_summary(step, figures))

    def say(self, step: int, line: str) -> None:
        """A line for the reader: on the console, and as a text in TensorBoard."""
        tqdm.write(line)
        sys.stdout.flush()
        if SUMMARIES not in self._failing:
            self._try(SUMMARIES, lambda: self._write_text(step, line))

    def _write_line(self, values: dict[str, float]) -> None:
        with open(self.path, "ab", buffering=0) as file:
            size = file.tell()
            line = (json.dumps(values) + "\n").encode()
            try:
                if file.write(line) != len(line):
                    raise OSError(None, "not all of the line was written")
            except OSError:
                file.truncate(size)  # no half a line
                raise

    def _write_summary(self, step: int, figures: dict[str, float]) -> None:
        with self._writer.as_default(step=step):
            for name, value in figures.items():
                tf.summary.scalar(name, value)
        self._writer.flush()

    def _write_text(self, step: int, line: str) -> None:
        with self._writer.as_default(step=step):
            tf.summary.text("alarm", line)
        self._writer.flush()

    def _try(self, name: str, action: Callable[[], None]) -> bool:
        try:
            action()
        except (OSError, tf.errors.OpError) as error:
            if name not in self._failing:
                tqdm.write(f"{name} not written ({reason(error)}); training goes on without it")
            self._failing.add(name)
            return False
        self._failing.discard(name)
        return True

    def close(self) -> None:
        self._try(SUMMARIES, self._writer.close)


def _drop_after(path: str, step: int) -> None:
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if _step_of(line) <= step]
    write_bytes(path, "".join(lines).encode())


def _step_of(line: str) -> float:
    """The step of a line; of what a kill left of one, infinity."""
    try:
        return float(json.loads(line)["step"]) if line.endswith("\n") else math.inf
    except (ValueError, KeyError, TypeError):
        return math.inf
