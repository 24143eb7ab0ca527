"""Two workers on loopback: what one process computes, and what happens when one of them dies."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.cli import INTERRUPTED
from inpainting.training.stop import StopSignals
from inpainting.training.workers import LeaveTogether, leave_with_the_others, lost_line

ROOT = Path(__file__).parents[2]
NO_SUCH_LOSS = ("adversarial", "perceptual", "low_pass_perceptual", "style", "feature_matching")
FLAGS = [
    *(f"--set={name}_weight=0" for name in NO_SUCH_LOSS),
    "--set=base=4",
    # Adam takes rounding noise for gradients; at the paper's 1e-3 that grows past 1e-4 in 5 steps.
    "--set=generator_rate=1e-6",
    "--steps=60",
    "--image_size=32",
    "--batch_size=4",
    "--grid_every=0",
    "--log_every=1",
    "--checkpoint_every=4",
    "--validate_every=0",
    "--workers=1",
]
A_MINUTE = 60


def _ports(count):
    """Free ports; another process could take one meanwhile, but does not on a machine of tests."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _start(run_dir, environment, *flags):
    command = [sys.executable, "train.py", *FLAGS, f"--run_dir={run_dir}", *flags]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _start_two(run_dir, *flags):
    workers = [f"127.0.0.1:{port}" for port in _ports(2)]
    return [
        _start(
            run_dir,
            {
                "TF_CONFIG": json.dumps(
                    {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
                )
            },
            *flags,
        )
        for index in range(2)
    ]


def _finish(process, timeout=600):
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return process.returncode, out, err


def _lines(run_dir):
    path = Path(run_dir) / "logs" / "train.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _figures(run_dir):
    lines = _lines(run_dir)
    assert [line["step"] for line in lines] == list(range(1, 61))
    names = ("l1", "low_pass", "high_pass", "generator_loss")
    return np.array([[line[name] for name in names] for line in lines])


class _Store:
    saved_step = None
    saved = ()

    def save(self, step):
        self.saved_step, self.saved = step, (*self.saved, step)


@pytest.mark.parametrize(
    ("told", "own", "leaves"), [([0, 0], "", False), ([0, 1], "", True), ([1, 0], "SIGTERM", True)]
)
def test_all_leave_where_one_was_told_to(told, own, leaves):
    store, stop = _Store(), StopSignals("run")
    stop.name = own
    said = []

    def agree(number):
        said.append(number)
        return told

    callback = LeaveTogether(0, 9, stop, store, agree)
    callback.set_model(tf.keras.Sequential())
    callback.on_step(4, {})
    assert said == [int(bool(own))]
    assert store.saved == ((4,) if leaves else ())
    assert stop.heard == leaves
    assert not leaves or callback.model.stop_training


def test_a_signal_after_the_workers_agreed_waits_for_the_next_step():
    store, stop = _Store(), StopSignals("run")

    def agree(number):
        stop.name = "SIGTERM"
        return [number, 0]

    callback = LeaveTogether(0, 9, stop, store, agree)
    callback.on_step(4, {})
    assert store.saved == ()


@pytest.mark.slow
def test_two_workers_train_as_one_and_survive_a_death(tmp_path):
    one = _start(tmp_path / "one", {"TF_CONFIG": ""})
    chief, other = _start_two(tmp_path / "two")
    while len(_lines(tmp_path / "two")) < 9 and chief.poll() is None:
        time.sleep(0.01)
    os.kill(other.pid, signal.SIGKILL)
    killed_at = time.monotonic()
    code, out, err = _finish(chief)
    assert time.monotonic() - killed_at < A_MINUTE
    assert code == INTERRUPTED, err
    assert err.startswith("worker 1 of 2 has gone"), err
    assert err.count("\n") == 1
    assert "trained" not in out
    other.communicate()
    assert len(_lines(tmp_path / "two")) < 60

    ended = [_finish(process) for process in _start_two(tmp_path / "two", "--resume")]
    assert [code for code, _, _ in ended] == [0, 0], ended
    (_, said, _), (_, said_by_other, _) = ended
    assert "over 2 device(s), steps 0" not in said
    assert said_by_other.splitlines()[-1] == said.splitlines()[-1]
    assert {path.name for path in (tmp_path / "two").iterdir()} == {
        "config.json",
        "checkpoints",
        "logs",
    }
    code, _, err = _finish(one)
    assert code == 0, err
    np.testing.assert_allclose(_figures(tmp_path / "two"), _figures(tmp_path / "one"), rtol=1e-4)


def _fails(*flags, own_lines=True, **environment):
    """What is said; gRPC puts a line of its own before, where it cannot listen."""
    command = [sys.executable, "train.py", *FLAGS, *flags]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    said = done.stderr if own_lines else done.stderr.splitlines()[-1] + "\n"
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


def test_wrong_environments_are_one_line(tmp_path):
    run_dir = f"--run_dir={tmp_path / 'run'}"
    three = {"cluster": {"worker": ["a:1", "b:1", "c:1"]}, "task": {"type": "worker", "index": 0}}
    said = _fails(run_dir, TF_CONFIG=json.dumps(three))
    assert "--batch_size=4 cannot be split evenly over 3 workers" in said
    assert "TF_CONFIG is not JSON" in _fails(run_dir, TF_CONFIG="worker 1")
    assert "neither TF_CONFIG" in _fails(run_dir, "--strategy=multi_worker", TF_CONFIG="")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        workers = [f"127.0.0.1:{port}" for port in (taken.getsockname()[1], *_ports(1))]
        task = {"type": "worker", "index": 0}
        config = json.dumps({"cluster": {"worker": workers}, "task": task})
        said = _fails(run_dir, own_lines=False, TF_CONFIG=config)
        assert f"worker 0 at {workers[0]} cannot meet" in said
    assert not (tmp_path / "run").exists()


def test_the_line_names_who_has_gone():
    error = (
        "/job:worker/replica:0/task:1/device:CPU:0 Collective ops is aborted by: Connection reset "
        "by peer\nAdditional GRPC error information from remote target "
        "/job:worker/replica:0/task:3 while calling /tensorflow.WorkerService"
    )
    line = lost_line(error, 1, 4, "runs/mine")
    assert line.startswith("worker 3 of 4 has gone")
    assert line.endswith("python train.py --resume --run_dir=runs/mine")
    assert lost_line("heartbeat timeout", 1, 4, "r").startswith("another of the 4 workers has gone")


def test_an_error_of_one_process_stays_what_it_is():
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    with pytest.raises(tf.errors.UnavailableError), leave_with_the_others(strategy, "r"):
        raise tf.errors.UnavailableError(None, None, "Socket closed")
