"""Callbacks: reports hold the means between them, and a bad loss stops before a checkpoint."""

import json
import math

import pytest
import tensorflow as tf

from inpainting.errors import InputError, TrainingStopped
from inpainting.training.callbacks import (
    LeaveOnSignal,
    Report,
    SaveCheckpoints,
    StepCallback,
    StopOnNonFinite,
    Validate,
    ValidationGrids,
)
from inpainting.training.run_log import RunLog


class Store:
    """Stands in for CheckpointStore: remembers the steps saved."""

    def __init__(self, latest=None):
        self.latest = latest
        self.saved_step = None
        self.saved = []

    def save(self, step):
        self.saved_step = step
        self.saved.append(step)


class Model:
    def reset_metrics(self):
        self.resets = getattr(self, "resets", 0) + 1


def report(tmp_path, start=0, steps=5, every=2):
    log = RunLog(str(tmp_path), start)
    callback = Report(start, steps, log, every, 4, lambda step: {"rate": 10.0 - step})
    callback.set_model(Model())
    callback.on_train_begin()
    return callback


def lines(tmp_path):
    text = (tmp_path / "logs" / "train.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_steps_count_over_the_whole_run():
    seen = []

    class Remember(StepCallback):
        def on_step(self, step, logs):
            seen.append(step)

    callback = Remember(start_step=100)
    for batch in range(3):
        callback.on_train_batch_end(batch, {})
    assert seen == [101, 102, 103]


def test_reports_at_intervals_and_at_the_end(tmp_path, capsys):
    callback = report(tmp_path)
    for step in range(1, 6):
        callback.on_step(step, {"l1": 0.5 / step})
    callback.on_train_end()
    found = lines(tmp_path)
    assert [line["step"] for line in found] == [2, 4, 5]
    assert [line["l1"] for line in found] == [0.25, 0.125, 0.1]
    # The rate that the reported step's update used: steps count from 0 in a schedule.
    assert [line["rate"] for line in found] == [9.0, 7.0, 6.0]
    assert all(line["images_per_second"] > 0 for line in found)
    assert callback.model.resets == 3
    assert "step 4/5  l1 0.125" in capsys.readouterr().out


def test_tensorboard_gets_the_same_figures(tmp_path):
    callback = report(tmp_path, steps=2)
    for step in (1, 2):
        callback.on_step(step, {"l1": 0.25})
    callback.on_train_end()
    callback.log.close()
    (path,) = (tmp_path / "logs").glob("events*")
    found = {}
    for event in tf.compat.v1.train.summary_iterator(str(path)):
        for value in event.summary.value:
            found[value.tag] = (event.step, float(tf.make_ndarray(value.tensor)))
    assert found["l1"] == (2, 0.25)
    assert found["rate"] == (2, 9.0)


def test_resume_drops_the_lines_that_are_made_again(tmp_path):
    callback = report(tmp_path, steps=4)
    for step in range(1, 5):
        callback.on_step(step, {"l1": float(step)})
    callback.on_train_end()
    with (tmp_path / "logs" / "train.jsonl").open("a") as file:
        file.write('{"step": 4, "l1"')  # what a kill leaves of a line
    again = report(tmp_path, start=2, steps=4)
    again.on_step(3, {"l1": 30.0})
    again.on_step(4, {"l1": 40.0})
    again.on_train_end()
    assert [(line["step"], line["l1"]) for line in lines(tmp_path)] == [(2, 2.0), (4, 40.0)]


def test_checkpoints_at_intervals_and_at_the_end():
    store = Store()
    callback = SaveCheckpoints(10, 15, 2, store)
    for batch in range(5):
        callback.on_train_batch_end(batch, {})
    assert store.saved == [12, 14, 15]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_bad_loss_is_named_with_the_last_good_checkpoint(value):
    callback = StopOnNonFinite(0, Store("run/checkpoints/step-40"))
    callback.on_step(41, {"l1": 0.1, "style": 2.0})
    said = r"step 42: style not finite; the last good checkpoint is run/checkpoints/step-40"
    with pytest.raises(TrainingStopped, match=said):
        callback.on_step(42, {"l1": 0.1, "style": value})


class Best:
    """Stands in for BestCheckpoint."""

    def __init__(self):
        self.error, self.offered = math.inf, []

    def offer(self, step, error):
        self.offered.append((step, error))
        better, self.error = error < self.error, min(error, self.error)
        return better


def test_validation_is_logged_and_the_best_is_told_of(tmp_path, capsys):
    scores = iter([4.0, 5.0, 3.0])
    best = Best()

    def score():
        return {"val_l1_hole": next(scores), "val_psnr_hole": 20.0}

    callback = Validate(0, 5, 2, score, best, RunLog(str(tmp_path), 0))
    for step in range(1, 6):
        callback.on_step(step, {})
    assert best.offered == [(2, 4.0), (4, 5.0), (5, 3.0)]
    assert [(line["step"], line["val_l1_hole"]) for line in lines(tmp_path)] == best.offered
    said = capsys.readouterr().out
    assert "step 2/5 best  val_l1_hole 4" in said
    assert "step 4/5  val_l1_hole 5" in said


def test_a_validation_that_was_told_to_stop_counts_for_nothing(tmp_path):
    best = Best()
    Validate(0, 4, 2, lambda: None, best, RunLog(str(tmp_path), 0)).on_step(2, {})
    assert best.offered == []
    assert not (tmp_path / "logs" / "train.jsonl").exists()


def test_a_picture_that_cannot_be_written_does_not_stop_the_run(capsys):
    def write(step):
        raise InputError("cannot write grids/step-2.png: No space left on device")

    ValidationGrids(0, 4, 2, write).on_step(2, {})
    assert "No space left on device; training goes on" in capsys.readouterr().out


class Stop:
    """Stands in for StopSignals."""

    def __init__(self, heard):
        self.heard = heard


def test_a_signal_ends_fit_with_the_step_saved():
    store = Store()
    for heard, stopped, saved in [(False, False, []), (True, True, [7])]:
        callback = LeaveOnSignal(5, 10, Stop(heard), store)
        callback.set_model(type("Model", (), {"stop_training": False})())
        callback.on_step(7, {})
        assert (callback.model.stop_training, store.saved) == (stopped, saved)
    callback.on_step(7, {})
    assert store.saved == [7]  # it had been saved at its interval


def test_pictures_are_left_out_once_a_signal_was_heard():
    drawn = []
    ValidationGrids(0, 4, 2, drawn.append, lambda: True).on_step(2, {})
    ValidationGrids(0, 4, 2, drawn.append, lambda: False).on_step(4, {})
    assert drawn == [4]
