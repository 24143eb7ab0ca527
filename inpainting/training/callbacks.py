"""What happens beside the updates: checks, logs, checkpoints and validation pictures.

All of them count steps over the whole run, not since the last resume.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from typing import Any, Callable

import tensorflow as tf
from tqdm import tqdm

from inpainting.errors import TrainingStopped
from inpainting.training.checkpoints import CheckpointStore

Logs = dict[str, float]
LOG_FILE = "train.jsonl"


class StepCallback(tf.keras.callbacks.Callback):
    """Calls `on_step(step, logs)` after each update, with the step counted over the whole run."""

    def __init__(self, start_step: int) -> None:
        super().__init__()
        self.start_step = start_step

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.on_step(self.start_step + batch + 1, logs or {})

    def on_step(self, step: int, logs: Logs) -> None:
        raise NotImplementedError


class StopOnNonFinite(StepCallback):
    """Stops the run when a loss or gradient norm is no longer finite, and names it.

    It must come before `SaveCheckpoints`, so that no bad state is ever written.
    """

    def __init__(self, start_step: int, store: CheckpointStore) -> None:
        super().__init__(start_step)
        self.store = store

    def on_step(self, step: int, logs: Logs) -> None:
        bad = [name for name, value in logs.items() if not math.isfinite(value)]
        if not bad:
            return
        good = self.store.manager.latest_checkpoint
        kept = f"the last good checkpoint is {good}" if good else "no checkpoint was written yet"
        raise TrainingStopped(f"step {step}: {', '.join(bad)} not finite; {kept}")


class Report(StepCallback):
    """Every `every` steps: means since the last report to TensorBoard, a line log and the console.

    The line log `logs/train.jsonl` has one JSON object a report. On resume its lines after the
    step resumed from are dropped, since those steps are made again.
    """

    def __init__(
        self,
        start_step: int,
        steps: int,
        run_dir: str,
        every: int,
        batch_size: int,
        learning_rates: Callable[[int], dict[str, float]],
    ) -> None:
        super().__init__(start_step)
        self.steps, self.every, self.batch_size = steps, every, batch_size
        self.learning_rates = learning_rates
        folder = os.path.join(run_dir, "logs")
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, LOG_FILE)
        _drop_after(self.path, start_step)
        self.writer = tf.summary.create_file_writer(folder)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.bar = tqdm(
            total=self.steps,
            initial=self.start_step,
            unit="step",
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
        )
        self.last_step, self.last_time = self.start_step, time.perf_counter()

    def on_step(self, step: int, logs: Logs) -> None:
        self.bar.update(1)
        if step == self.start_step + 1:
            # The first step traces and compiles the graph; it says nothing of the speed.
            self.last_step, self.last_time = step, time.perf_counter()
        if step % self.every and step != self.steps:
            return
        elapsed = time.perf_counter() - self.last_time
        figures = dict(logs)
        figures |= self.learning_rates(step - 1)
        if step > self.last_step:
            rate = (step - self.last_step) * self.batch_size / elapsed
            figures["images_per_second"] = rate
        self._write(step, figures)
        self.model.reset_metrics()
        self.last_step, self.last_time = step, time.perf_counter()

    def _write(self, step: int, figures: Logs) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step} | figures) + "\n")
        with self.writer.as_default(step=step):
            for name, value in figures.items():
                tf.summary.scalar(name, value)
        self.writer.flush()
        text = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        tqdm.write(f"step {step}/{self.steps}  {text}")
        sys.stdout.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.bar.close()
        self.writer.close()


def _drop_after(path: str, step: int) -> None:
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if line.endswith("\n") and json.loads(line)["step"] <= step]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)


class SaveCheckpoints(StepCallback):
    """Writes a checkpoint every `every` steps and at the end."""

    def __init__(self, start_step: int, steps: int, every: int, store: CheckpointStore) -> None:
        super().__init__(start_step)
        self.steps, self.every, self.store = steps, every, store

    def on_step(self, step: int, logs: Logs) -> None:
        if step % self.every == 0 or step == self.steps:
            self.store.save(step)


class ValidationGrids(StepCallback):
    """Writes a picture of the same validation fills every `every` steps and at the end."""

    def __init__(
        self, start_step: int, steps: int, every: int, write: Callable[[int], Any]
    ) -> None:
        super().__init__(start_step)
        self.steps, self.every, self.write = steps, every, write

    def on_step(self, step: int, logs: Logs) -> None:
        if step % self.every == 0 or step == self.steps:
            self.write(step)
