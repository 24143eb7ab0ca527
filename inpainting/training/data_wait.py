"""How much of a step's time training waits for its batch."""

from __future__ import annotations

import time
from collections import deque

import tensorflow as tf

from inpainting.training.callbacks import Logs, StepCallback


class DataWait(StepCallback):
    """Measures from a step's beginning to the moment its batch leaves the input pipeline.

    A batch that is there before the step begins costs nothing. Give `fit` the dataset that `timed`
    returns, and the log what `share` does.

    Arguments:
        start_step: the step that the run goes on from.
    """

    def __init__(self, start_step: int) -> None:
        super().__init__(start_step)
        self._delivered: deque[float] = deque()
        self._began = self._waited = self._taken = 0.0

    def timed(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """`dataset`, the delivery of whose elements is noted."""

        def note() -> float:
            self._delivered.append(time.perf_counter())
            return 0.0

        def deliver(*element: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tf.control_dependencies([tf.numpy_function(note, [], tf.float64)]):
                return tuple(tf.identity(part) for part in element)

        return dataset.map(deliver)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._began = time.perf_counter()

    def on_step(self, step: int, logs: Logs) -> None:
        if not self._delivered:
            return
        delivered = self._delivered.popleft()
        if step > self.start_step + 1:  # the first step makes the graph and fills the pipeline
            self._waited += max(0.0, delivered - self._began)
            self._taken += time.perf_counter() - self._began

    def share(self, step: int, figures: Logs) -> Logs:
        """`data_wait`, the share of the steps' time since the last call, from 0 to 1."""
        if not self._taken:
            return {}
        share = self._waited / self._taken
        self._waited = self._taken = 0.0
        return {"data_wait": share}
