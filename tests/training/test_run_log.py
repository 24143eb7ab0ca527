"""The log: what a full disk and a kill leave of it."""

import json
import resource
import signal

import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.training.run_log import RunLog


def lines(folder):
    return [json.loads(line) for line in (folder / "logs" / "train.jsonl").read_text().splitlines()]


def test_a_full_disk_costs_only_lines(tmp_path, capsys):
    """The limit on a file's size makes the kernel refuse the write, as a full disk does."""
    log = RunLog(str(tmp_path), 0)
    log.write(1, {"l1": 0.5}, "step 1")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = (tmp_path / "logs" / "train.jsonl").stat().st_size
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, limits[1]))
        log.write(2, {"l1": 0.4}, "step 2")
        log.write(3, {"l1": 0.3}, "step 3")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    said = capsys.readouterr().out
    assert said.count("train.jsonl not written") == 1
    assert "step 3" in said
    log.write(4, {"l1": 0.2}, "step 4")
    log.close()
    assert [line["step"] for line in lines(tmp_path)] == [1, 4]


def test_tensorboards_writer_may_fail(tmp_path, capsys, monkeypatch):
    log = RunLog(str(tmp_path), 0)

    def flush():
        raise tf.errors.ResourceExhaustedError(None, None, "events; No space left on device")

    monkeypatch.setattr(log._writer, "flush", flush)
    log.write(1, {"l1": 0.5}, "step 1")
    said = capsys.readouterr().out
    assert "TensorBoard's file not written (No space left on device); training goes on" in said
    log.write(2, {"l1": 0.25}, "step 2")  # in a file of its own
    log.close()
    assert [line["step"] for line in lines(tmp_path)] == [1, 2]
    steps = [
        event.step
        for path in (tmp_path / "logs").glob("events*")
        for event in tf.compat.v1.train.summary_iterator(str(path))
        if event.summary.value
    ]
    assert 2 in steps


def test_damaged_lines_are_dropped_on_resume(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "train.jsonl").write_text('{"step": 1}\n{"st\n\0\0\n[]\n{"step": 2}\n{"step": 3}\n')
    RunLog(str(tmp_path), 2).write(3, {"l1": 1.0}, "")
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        RunLog(str(tmp_path), 0)
