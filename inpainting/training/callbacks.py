"""What happens beside the updates: checks, logs, checkpoints and validation pictures.

All of them count steps over the whole run, not since the last resume.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from typing import Any, Callable

import tensorflow as tf
from tqdm import tqdm

from inpainting.errors import InputError, TrainingStopped
from inpainting.training.averaging import WeightAverage
from inpainting.training.best import BestCheckpoint
from inpainting.training.checkpoints import CheckpointStore
from inpainting.training.run_log import RunLog
from inpainting.training.stop import StopSignals

Logs = dict[str, float]


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
        good = self.store.latest
        kept = f"the last good checkpoint is {good}" if good else "no checkpoint was written yet"
        raise TrainingStopped(f"step {step}: {', '.join(bad)} not finite; {kept}")


class TakeAverage(StepCallback):
    """Takes the weights of every step into their moving average."""

    def __init__(self, start_step: int, average: WeightAverage) -> None:
        super().__init__(start_step)
        self.average = average

    def on_step(self, step: int, logs: Logs) -> None:
        self.average.update(step)


class Report(StepCallback):
    """Every `every` steps and at the end: means since the last report to the log."""

    def __init__(
        self,
        start_step: int,
        steps: int,
        log: RunLog,
        every: int,
        batch_size: int,
        learning_rates: Callable[[int], dict[str, float]],
        extras: Sequence[Callable[[int, Logs], Logs]] = (),
    ) -> None:
        super().__init__(start_step)
        self.extras = extras
        self.steps, self.log, self.every, self.batch_size = steps, log, every, batch_size
        self.learning_rates = learning_rates

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
        for extra in self.extras:
            figures |= extra(step, figures)
        self.log.write(step, figures, f"step {step}/{self.steps}")
        self.model.reset_metrics()
        self.last_step, self.last_time = step, time.perf_counter()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.bar.close()


class SaveCheckpoints(StepCallback):
    """Writes a checkpoint every `every` steps and at the end."""

    def __init__(self, start_step: int, steps: int, every: int, store: CheckpointStore) -> None:
        super().__init__(start_step)
        self.steps, self.every, self.store = steps, every, store

    def on_step(self, step: int, logs: Logs) -> None:
        if step % self.every == 0 or step == self.steps:
            self.store.save(step)


class Validate(StepCallback):
    """Every `every` steps and at the end: figures of the validation photos; the best is kept.

    `score()` gives the figures, or None when it was told to stop; the lowest `val_l1_hole` is best.
    """

    def __init__(
        self,
        start_step: int,
        steps: int,
        every: int,
        score: Callable[[], Logs | None],
        best: BestCheckpoint,
        log: RunLog,
    ) -> None:
        super().__init__(start_step)
        self.steps, self.every, self.score, self.best, self.log = steps, every, score, best, log

    def on_step(self, step: int, logs: Logs) -> None:
        if step % self.every and step != self.steps:
            return
        figures = self.score()
        if figures is None:
            return
        better = self.best.offer(step, figures["val_l1_hole"])
        self.log.write(step, figures, f"step {step}/{self.steps}{' best' if better else ''}")


class ValidationGrids(StepCallback):
    """Writes a picture of the same validation fills every `every` steps and at the end.

    A picture that cannot be written (a full disk) is said and costs nothing else.
    """

    def __init__(
        self,
        start_step: int,
        steps: int,
        every: int,
        write: Callable[[int], Any],
        heard: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(start_step)
        self.steps, self.every, self.write, self.heard = steps, every, write, heard

    def on_step(self, step: int, logs: Logs) -> None:
        if self.heard() or (step % self.every and step != self.steps):
            return
        try:
            self.write(step)
        except InputError as error:
            tqdm.write(f"{error}; training goes on without this picture")


class HearSignals(StepCallback):
    """From the first step on there is something to save: a signal waits for the step's end.

    The first of the callbacks, as `LeaveOnSignal` is the last.
    """

    def __init__(self, start_step: int, stop: StopSignals) -> None:
        super().__init__(start_step)
        self.stop = stop

    def on_step(self, step: int, logs: Logs) -> None:
        self.stop.stepping = True


class LeaveOnSignal(StepCallback):
    """Saves and ends `fit` once a signal was heard."""

    def __init__(
        self, start_step: int, steps: int, stop: StopSignals, store: CheckpointStore
    ) -> None:
        super().__init__(start_step)
        self.steps, self.stop, self.store = steps, stop, store

    def on_step(self, step: int, logs: Logs) -> None:
        if not self.stop.heard or step == self.steps:
            return
        if self.store.saved_step != step:
            self.store.save(step)
        self.model.stop_training = True
