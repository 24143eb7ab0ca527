"""The best checkpoint by validation: the run folder's `best/`."""

from __future__ import annotations

import math
import os

import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.training.checkpoints import BEST_FOLDER, CheckpointStore, latest_checkpoint, write


class BestCheckpoint:
    """Keeps the whole state of the step with the lowest error, apart from the newest ones.

    The error is written into the checkpoint itself, so that a resumed run knows what to beat.
    When the run is resumed from before the best step, that step comes again with the same error.
    """

    def __init__(self, store: CheckpointStore) -> None:
        self._step = store.step
        self._error = tf.Variable(math.inf, dtype=tf.float64, trainable=False)
        self._folder = os.path.join(store.run_dir, BEST_FOLDER)
        self._manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(error=self._error, **store.items),
            self._folder,
            max_to_keep=1,
            checkpoint_name="step",
        )
        self.error = self._error_before()

    def _error_before(self) -> float:
        prefix = latest_checkpoint(self._folder)
        if prefix is None:
            return math.inf
        try:
            reader = tf.train.load_checkpoint(prefix)
            return float(reader.get_tensor("error/.ATTRIBUTES/VARIABLE_VALUE"))
        except (ValueError, IndexError, tf.errors.OpError) as error:
            print(f"best checkpoint {prefix} cannot be read ({reason(error)}): the next is kept")
            return math.inf

    def offer(self, step: int, error: float) -> bool:
        """Writes the state after `step` steps if `error` is the lowest so far.

        Raises:
            InputError: it could not be written; the best one before is as it was.
        """
        if not error < self.error:
            return False
        self._step.assign(step)
        self._error.assign(error)
        try:
            write(self._manager, step)
        except InputError as failure:
            raise InputError(f"best {failure}") from failure
        self.error = error
        return True
