"""Checkpoints of a run: everything that training continues from, and what a fill needs of it."""

from __future__ import annotations

import glob
import itertools
import os
import re
import shutil
import time
from typing import Any

import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.systems.base import InpaintingSystem

FOLDER = "checkpoints"
BEST_FOLDER = "best"
LIST_FILE = "checkpoint"  # TensorFlow's name for it
# The name under which a checkpoint has the averaged generator, where a run keeps one.
AVERAGE = "generator_average"


class CheckpointStore:
    """The checkpoints of one run folder: both networks, both optimizers, the step.

    TensorFlow writes a checkpoint's files beside the older ones and only then names it as the
    newest, so a write that fails leaves the previous checkpoint loadable.

    Arguments:
        run_dir: the run folder; its `checkpoints/` is made when the first one is written.
        system: what is kept; see `InpaintingSystem.checkpoint_items`.
        keep: how many of the newest are kept.
        average: the averaged generator, if there is one.

    Attributes:
        items: what a checkpoint has, by name.
        latest: the prefix of the checkpoint that was last written or restored, or None.
        saved_step: its step.
    """

    def __init__(
        self,
        run_dir: str,
        system: InpaintingSystem,
        keep: int,
        average: tf.keras.Model | None = None,
    ) -> None:
        self.run_dir = run_dir
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        self.items: dict[str, Any] = {"step": self.step, **system.checkpoint_items()}
        if average is not None:
            self.items[AVERAGE] = average
        self.checkpoint = tf.train.Checkpoint(**self.items)
        self.directory = os.path.join(run_dir, FOLDER)
        self.keep = keep
        self.manager = self._make_manager()
        self.latest: str | None = None
        self.saved_step: int | None = None

    def _make_manager(self) -> tf.train.CheckpointManager:
        if _listed_latest(self.directory) is None:
            _rewrite_list(self.directory)
        return tf.train.CheckpointManager(
            self.checkpoint, self.directory, max_to_keep=self.keep, checkpoint_name="step"
        )

    def save(self, step: int) -> str:
        """Writes the state after `step` steps; returns the checkpoint's prefix.

        Raises:
            InputError: it could not be written; what was written of it is removed, and the
                previous checkpoint is named.
        """
        self.step.assign(step)
        try:
            self.latest = write(self.manager, step)
        except InputError as error:
            kept = f"the last good one is {self.latest}" if self.latest else "there is none before"
            raise InputError(f"{error}; {kept}") from error
        self.saved_step = step
        return self.latest

    def restore_latest(self) -> int:
        """Restores the newest checkpoint that is whole; returns its step.

        TensorFlow compares the checksum of every tensor that it reads, so that no damage goes
        unseen. One that is damaged is named, and the one before it is taken. The best by
        validation counts among them.

        Raises:
            InputError: there is none, or none that is whole and fits.
        """
        prefixes = checkpoint_prefixes(self.run_dir)
        if not prefixes:
            raise InputError(f"no checkpoint in {self.directory} to resume from")
        for prefix in prefixes:
            try:
                restore(self.checkpoint, prefix)
            except InputError as error:
                if len(prefixes) == 1:
                    raise
                print(f"{error}; trying the one before it", flush=True)
                continue
            self.latest = prefix
            self._tidy(prefix)
            self.saved_step = int(self.step.numpy())
            return self.saved_step
        raise InputError(
            f"none of the {len(prefixes)} checkpoints of {self.run_dir} can be read; "
            f"the newest is {prefixes[0]}"
        )

    def _tidy(self, restored: str) -> None:
        """Puts in order what a kill left: pieces of a checkpoint, one that no list has.

        The index is the last of a checkpoint's files that TensorFlow writes.
        """
        own = [prefix for prefix in checkpoint_prefixes(self.run_dir) if self._is_own(prefix)]
        whole = {os.path.basename(prefix) for prefix in own}
        for path in glob.glob(os.path.join(glob.escape(self.directory), "step-*")):
            if re.split("[._]", os.path.basename(path))[0] not in whole:
                _remove(path)
        if own:
            newest = restored if self._is_own(restored) else own[0]
            _write_list(self.directory, newest, own[::-1])
            self.manager = self._make_manager()

    def _is_own(self, prefix: str) -> bool:
        return os.path.dirname(prefix) == self.directory


def checkpoint_prefixes(run_dir: str) -> list[str]:
    """The prefixes of a run's checkpoints, the best by validation among them, newest first.

    Found by their files: the list that TensorFlow keeps of them may be damaged itself.
    """
    found = [_prefixes_in(os.path.join(run_dir, folder)) for folder in (FOLDER, BEST_FOLDER)]
    return sorted(itertools.chain(*found), key=_step_of, reverse=True)


def latest_checkpoint(folder: str) -> str | None:
    """The prefix of the newest checkpoint in a folder: the listed one, else by the files' names."""
    return _listed_latest(folder) or max(_prefixes_in(folder), key=_step_of, default=None)


def _listed_latest(folder: str) -> str | None:
    try:
        prefix = tf.train.latest_checkpoint(folder)
    except ValueError:  # the list is empty
        return None
    return str(prefix) if prefix else None


def _rewrite_list(folder: str) -> None:
    """Lists what is there, where the list is missing or damaged."""
    prefixes = sorted(_prefixes_in(folder), key=_step_of)
    if prefixes:
        _write_list(folder, prefixes[-1], prefixes)
    elif os.path.exists(os.path.join(folder, LIST_FILE)):
        os.remove(os.path.join(folder, LIST_FILE))


def _write_list(folder: str, newest: str, prefixes: list[str]) -> None:
    """TensorFlow's list, by names alone: a run folder may be moved. The newest stands at its end.

    `tf.train.CheckpointManager` removes, in time, only what has a timestamp after the last one.
    """
    lines = [f'model_checkpoint_path: "{os.path.basename(newest)}"']
    for prefix in [*(prefix for prefix in prefixes if prefix != newest), newest]:
        lines.append(f'all_model_checkpoint_paths: "{os.path.basename(prefix)}"')
    now = time.time()
    lines += [f"all_model_checkpoint_timestamps: {now}"] * len(prefixes)
    lines.append(f"last_preserved_timestamp: {now - 1}")
    path = os.path.join(folder, LIST_FILE)
    with tf.io.gfile.GFile(path + ".writing", "w") as file:
        file.write("\n".join(lines) + "\n")
    tf.io.gfile.rename(path + ".writing", path, overwrite=True)


def _prefixes_in(folder: str) -> list[str]:
    paths = tf.io.gfile.glob(os.path.join(glob.escape(folder), "step-*.index"))
    return [path[: -len(".index")] for path in paths if re.search(r"step-\d+\.index$", path)]


def _step_of(prefix: str) -> int:
    return int(prefix.rpartition("-")[2])


def write(manager: tf.train.CheckpointManager, step: int) -> str:
    """Writes a checkpoint and returns its prefix.

    Raises:
        InputError: it could not be written; what was written of it is removed.
    """
    try:
        return str(manager.save(checkpoint_number=step))
    except (tf.errors.OpError, OSError) as error:
        _remove_partial(manager.directory, step)
        raise InputError(f"checkpoint of step {step} not written ({reason(error)})") from error


def _remove_partial(directory: str, step: int) -> None:
    for path in glob.glob(os.path.join(glob.escape(directory), f"step-{step}[._]*")):
        _remove(path)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        os.remove(path)


def restore(checkpoint: tf.train.Checkpoint, prefix: str) -> None:
    """Restores every object of `checkpoint` from the files at `prefix`.

    A checkpoint may hold more than is asked for (optimizers, when only a fill is wanted).

    Raises:
        InputError: a variable is missing, has another shape, or the files cannot be read.
    """
    try:
        checkpoint.restore(prefix).assert_existing_objects_matched().expect_partial()
    # TensorFlow reports a data file that is too short as an IndexError.
    except (AssertionError, ValueError, IndexError, tf.errors.OpError) as error:
        raise InputError(f"checkpoint {prefix} cannot be read: {reason(error)}") from None


def stored_items(prefix: str) -> set[str]:
    """The names of the objects in a checkpoint.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return {name.split("/")[0] for name, _ in tf.train.list_variables(prefix)}
    except (ValueError, IndexError, tf.errors.OpError) as error:
        raise InputError(f"checkpoint {prefix} cannot be read: {reason(error)}") from None


def generator_item(prefix: str) -> str:
    """The name of the generator to fill with: the average, where the checkpoint has one."""
    return AVERAGE if AVERAGE in stored_items(prefix) else "generator"
