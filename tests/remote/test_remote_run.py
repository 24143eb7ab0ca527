"""A run folder behind a URL: what is uploaded, in which order, and what a failing server costs.

TensorFlow's in-memory file system stands for a server here.
"""

from __future__ import annotations

import os

import pytest

from inpainting.errors import InputError
from inpainting.files import files_below, read_bytes
from inpainting.training import remote_run
from inpainting.training.remote_run import RemoteRun, Upload


def write(run, name, text="text"):
    path = os.path.join(run.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def checkpoint(run, step):
    write(run, f"checkpoints/step-{step}.index")
    write(run, f"checkpoints/step-{step}.data-00000-of-00001")
    write(run, "checkpoints/checkpoint", f"newest is {step}")


@pytest.fixture(autouse=True)
def order(monkeypatch):
    """The names that were uploaded and, with a minus, removed."""
    import tensorflow as tf

    done = []
    uploads, removes = remote_run.upload, remote_run.remove

    def upload(path, url):
        done.append(os.path.basename(url))
        # Unlike a server, this file system adds to a file that is there, and needs its folder.
        removes(url)
        tf.io.gfile.makedirs(os.path.dirname(url))
        uploads(path, url)

    def remove(url):
        done.append("-" + os.path.basename(url))
        removes(url)

    monkeypatch.setattr(remote_run, "upload", upload)
    monkeypatch.setattr(remote_run, "remove", remove)
    return done


def test_a_checkpoint_is_named_when_all_of_it_is_there(order):
    with RemoteRun("ram://order/run") as run:
        write(run, "config.json")
        write(run, "checkpoints/.hidden.tmp")
        write(run, "checkpoints/step-2_temp/part-0.data-00000-of-00001")
        checkpoint(run, 2)
        run.push()
        data = "step-2.data-00000-of-00001"
        assert order == ["-step-2.index", data, "step-2.index", "config.json", "checkpoint"]
        order.clear()
        run.push()
        assert order == []
        checkpoint(run, 4)
        for name in ("index", "data-00000-of-00001"):
            os.remove(os.path.join(run.folder, f"checkpoints/step-2.{name}"))
    data = "step-4.data-00000-of-00001"
    assert order[:4] == ["-step-4.index", data, "step-4.index", "checkpoint"]
    assert files_below("ram://order/run") == [
        "checkpoints/checkpoint",
        "checkpoints/step-4.data-00000-of-00001",
        "checkpoints/step-4.index",
        "config.json",
    ]
    assert not os.path.exists(run.folder)


def test_a_run_is_fetched_without_its_pictures():
    with RemoteRun("ram://fetch/run/") as run:
        for name in ("config.json", "logs/train.jsonl", "logs/events.1", "grids/step-2.png"):
            write(run, name, name)
        checkpoint(run, 2)
    with RemoteRun("ram://fetch/run") as again:
        again.fetch()
        assert files_below(again.folder) == [
            "checkpoints/checkpoint",
            "checkpoints/step-2.data-00000-of-00001",
            "checkpoints/step-2.index",
            "config.json",
            "logs/train.jsonl",
        ]
        prefix = os.path.join(again.folder, "checkpoints", "step-2")
        assert again.name_of(prefix) == "ram://fetch/run/checkpoints/step-2"
    # What was not fetched is not taken for removed.
    assert "grids/step-2.png" in files_below("ram://fetch/run")


def test_only_one_of_several_workers_uploads():
    with RemoteRun("ram://workers/run", uploads=False) as run:
        write(run, "config.json")
    assert files_below("ram://workers/run") == []


def test_a_server_that_fails_costs_a_warning_and_at_the_end_the_run_is_kept(monkeypatch, caplog):
    def failing(path, url):
        raise InputError(f"cannot write {url}: no answer, tried 6 times")

    working = remote_run.upload
    monkeypatch.setattr(remote_run, "upload", failing)
    run = RemoteRun("ram://failing/run")
    write(run, "config.json", "kept")
    Upload(0, 10, 2, run).on_step(2, {})
    assert "training goes on" in caplog.text
    with pytest.raises(InputError, match=r"no answer.*the run is kept in") as caught, run:
        pass
    assert run.folder in str(caught.value)
    with open(os.path.join(run.folder, "config.json")) as file:
        assert file.read() == "kept"
    monkeypatch.setattr(remote_run, "upload", working)
    run.__exit__(None, None, None)
    assert read_bytes("ram://failing/run/config.json") == b"kept"


def test_an_error_of_the_training_is_not_hidden_by_one_of_the_server(monkeypatch):
    def failing(path, url):
        raise InputError("no answer")

    monkeypatch.setattr(remote_run, "upload", failing)
    run = RemoteRun("ram://two/run")
    write(run, "config.json")
    with pytest.raises(KeyError), run:
        raise KeyError("training")
    run.uploads = False
    run.__exit__(None, None, None)


def test_uploads_after_checkpoints_and_once_a_minute(monkeypatch):
    times, pushed = [0.0], []
    monkeypatch.setattr(remote_run.time, "monotonic", lambda: times[0])

    class Run:
        def push(self):
            pushed.append(step)

    callback = Upload(0, 20, 5, Run())
    for step in range(1, 21):
        times[0] += 20.0
        callback.on_step(step, {})
    # Every fifth step, and the third step after the last upload; the end is the context's.
    assert pushed == [3, 5, 8, 10, 13, 15, 18]
