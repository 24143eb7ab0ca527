"""Hours and disk: a clock and a disk of the test's own."""

import collections
import time

import numpy as np
import pytest
import tensorflow as tf

from inpainting.training import estimate
from inpainting.training.checkpoints import CheckpointStore
from inpainting.training.estimate import Estimate, checkpoint_bytes, disk_need


def test_the_estimate_is_said_once(capsys, monkeypatch):
    """Half a second a step: 2 steps/s, of 3,651 steps 3,600 are left after the first 51."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    callback = Estimate(1000, 4651, "DISK")
    for step in range(1001, 1200):
        callback.on_step(step, {})
        now[0] += 0.5
    assert capsys.readouterr().out == (
        "estimate: 2 steps/s, 30.0 min for the 3,600 steps that are left; DISK\n"
    )


def test_long_runs_are_told_in_hours(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    callback = Estimate(0, 200_000, "DISK")
    for step in range(1, 52):
        callback.on_step(step, {})
        now[0] += 2.0
    assert "0.5 steps/s, 111.1 h for the 199,949 steps" in capsys.readouterr().out


class System:
    """A network and its optimizer."""

    def __init__(self):
        self.network = tf.keras.Sequential([tf.keras.layers.Dense(500, input_shape=(400,))])
        self.optimizer = tf.keras.optimizers.Adam()
        self.optimizer.build(self.network.trainable_variables)

    def checkpoint_items(self):
        return {"generator": self.network, "optimizer": self.optimizer}


def test_the_size_is_that_of_the_files(tmp_path):
    store = CheckpointStore(str(tmp_path), System(), 2)
    store.save(1)
    written = sum(path.stat().st_size for path in (tmp_path / "checkpoints").glob("step-1.*"))
    assert checkpoint_bytes(store.items) == pytest.approx(3 * 4 * 500 * 401, rel=0.001)
    assert checkpoint_bytes(store.items) == pytest.approx(written, rel=0.01)


def disk(monkeypatch, free):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(estimate.shutil, "disk_usage", lambda path: usage(0, 0, free))


def test_too_small_a_disk_is_warned_of(tmp_path, monkeypatch, caplog):
    """Three kept, one being written, the best and the next best: six of 100 MB."""
    run = str(tmp_path / "deep" / "run")
    disk(monkeypatch, 600_000_000)
    assert disk_need(run, 100_000_000, 3, best=True) == (
        "a checkpoint has 100 MB, all of them at most 600 MB"
    )
    assert caplog.text == ""
    disk(monkeypatch, 599_000_000)
    disk_need(run, 100_000_000, 3, best=True)
    assert "but the disk has only 599 MB free" in caplog.text


def test_what_is_there_already_counts(tmp_path, monkeypatch, caplog):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-1.data").write_bytes(np.zeros(2_000_000, np.uint8).tobytes())
    disk(monkeypatch, 0)
    disk_need(str(tmp_path), 1_000_000, 1, best=False)
    assert caplog.text == ""
