"""Checkpoints of a run: everything that training continues from, and what a fill needs of it."""

from __future__ import annotations

import glob
import os
import shutil

import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.systems.base import InpaintingSystem

FOLDER = "checkpoints"


class CheckpointStore:
    """The checkpoints of one run folder: both networks, both optimizers, the step.

    TensorFlow writes a checkpoint's files beside the older ones and only then names it as the
    newest, so a write that fails leaves the previous checkpoint loadable.
    """

    def __init__(self, run_dir: str, system: InpaintingSystem, keep: int) -> None:
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        self.checkpoint = tf.train.Checkpoint(step=self.step, **system.checkpoint_items())
        self.directory = os.path.join(run_dir, FOLDER)
        self.manager = tf.train.CheckpointManager(
            self.checkpoint, self.directory, max_to_keep=keep, checkpoint_name="step"
        )

    def save(self, step: int) -> str:
        """Writes the state after `step` steps; returns the checkpoint's prefix.

        Raises:
            InputError: it could not be written; what was written of it is removed, and the
                previous checkpoint is named.
        """
        self.step.assign(step)
        previous = self.manager.latest_checkpoint
        try:
            return self.manager.save(checkpoint_number=step)
        except (tf.errors.OpError, OSError) as error:
            self._remove_partial(step)
            kept = f"the last good one is {previous}" if previous else "there is none before it"
            raise InputError(
                f"checkpoint of step {step} not written ({reason(error)}); {kept}"
            ) from error

    def _remove_partial(self, step: int) -> None:
        for path in glob.glob(os.path.join(glob.escape(self.directory), f"step-{step}[._]*")):
            if os.path.isdir(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.remove(path)

    def restore_latest(self) -> int:
        """Restores the newest checkpoint, whole; returns its step.

        Raises:
            InputError: there is none, or it does not fit.
        """
        prefix = self.manager.latest_checkpoint
        if prefix is None:
            raise InputError(f"no checkpoint in {self.directory} to resume from")
        restore(self.checkpoint, prefix)
        return int(self.step.numpy())


def restore(checkpoint: tf.train.Checkpoint, prefix: str) -> None:
    """Restores every object of `checkpoint` from the files at `prefix`.

    A checkpoint may hold more than is asked for (optimizers, when only a fill is wanted).

    Raises:
        InputError: a variable is missing, has another shape, or the files cannot be read.
    """
    try:
        checkpoint.restore(prefix).assert_existing_objects_matched().expect_partial()
    except (AssertionError, ValueError, tf.errors.OpError) as error:
        raise InputError(f"checkpoint {prefix} cannot be read: {reason(error)}") from None
