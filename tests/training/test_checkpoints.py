"""Checkpoints: what comes back, what is refused, and that a failed write loses nothing."""

import resource
import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.training.checkpoints import CheckpointStore, restore


class Network(tf.Module):
    """A generator's stand-in: one variable of the wanted size."""

    def __init__(self, size=4, value=0.0):
        super().__init__()
        self.weight = tf.Variable(tf.fill([size], value))

    def checkpoint_items(self):
        return {"generator": self}


def test_restores_values_and_step(tmp_path):
    network = Network(value=1.5)
    CheckpointStore(str(tmp_path), network, keep=2).save(7)
    fresh = Network()
    assert CheckpointStore(str(tmp_path), fresh, keep=2).restore_latest() == 7
    np.testing.assert_array_equal(fresh.weight.numpy(), np.full(4, 1.5, np.float32))


def test_keeps_the_newest(tmp_path):
    store = CheckpointStore(str(tmp_path), Network(), keep=2)
    for step in (1, 2, 3):
        store.save(step)
    names = {path.name for path in (tmp_path / "checkpoints").glob("*.index")}
    assert names == {"step-2.index", "step-3.index"}


def test_nothing_to_resume_from(tmp_path):
    with pytest.raises(InputError, match="no checkpoint in"):
        CheckpointStore(str(tmp_path), Network(), keep=1).restore_latest()


def test_other_shapes_and_damage_are_one_line(tmp_path):
    prefix = CheckpointStore(str(tmp_path), Network(size=4), keep=1).save(1)
    with pytest.raises(InputError, match="cannot be read") as caught:
        restore(tf.train.Checkpoint(generator=Network(size=5)), prefix)
    assert "\n" not in str(caught.value)
    Path(prefix + ".index").write_bytes(b"not an index")
    with pytest.raises(InputError, match="cannot be read"):
        restore(tf.train.Checkpoint(generator=Network(size=4)), prefix)


def test_a_missing_variable_is_an_error(tmp_path):
    prefix = CheckpointStore(str(tmp_path), Network(), keep=1).save(1)
    with pytest.raises(InputError, match="cannot be read"):
        restore(tf.train.Checkpoint(nosuch=Network()), prefix)


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path):
    """The limit on a file's size makes the kernel refuse the write, as a full disk does."""
    network = Network(size=100_000, value=1.0)
    store = CheckpointStore(str(tmp_path), network, keep=3)
    store.save(1)
    network.weight.assign(tf.fill([100_000], 2.0))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        said = r"step 2 not written \(File too large\); the last good one is .*step-1"
        with pytest.raises(InputError, match=said):
            store.save(2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    left = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert left == ["checkpoint", "step-1.data-00000-of-00001", "step-1.index"]
    fresh = Network(size=100_000)
    assert CheckpointStore(str(tmp_path), fresh, keep=3).restore_latest() == 1
    assert fresh.weight.numpy().min() == 1.0
    assert store.save(3).endswith("step-3")
