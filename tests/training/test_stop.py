"""Signals, heard by real processes that train nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Stands in for train.py: says when it is ready, works in steps of which each waits for a line.
PROGRAM = """
import os, sys, time
from inpainting import cli
from inpainting.training.stop import StopSignals

run_dir, grace, mode = sys.argv[1], float(sys.argv[2]), sys.argv[3]

def main(arguments):
    with StopSignals(run_dir, grace) as stop:
        stop.stepping = mode != "before"
        print("ready", flush=True)
        if mode == "hangs":
            # As TensorFlow's operations do, this leaves the main thread in C with the lock free.
            import ctypes
            ctypes.CDLL(None).pause()
            ctypes.CDLL(None).pause()
            time.sleep(60)
        sys.stdin.readline()
        if stop.heard:
            raise stop.interruption("checkpoint step-7")
        print("went on")

cli.run(main, [sys.argv[0]])
"""


@pytest.fixture
def start(tmp_path):
    made = []

    def begin(mode, grace=30.0, run=True):
        if run:
            (tmp_path / "config.json").write_text("{}")
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), str(grace), mode],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        made.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in made:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_step_in_work_is_ended_and_saved(start, number, tmp_path):
    process = start("steps")
    process.send_signal(number)
    told = process.stderr.readline()  # at once, not after the step
    name = signal.Signals(number).name
    assert told == f"{name}: leaving after this step; a second signal leaves at once\n"
    out, err = process.communicate("\n", timeout=60)
    assert (process.returncode, out) == (75, "")
    assert err == (
        f"stopped by {name}: checkpoint step-7; "
        f"go on with: python train.py --resume --run_dir={tmp_path}\n"
    )


def test_without_a_signal_nothing_happens(start):
    out, err = start("steps").communicate("\n", timeout=60)
    assert (out, err) == ("went on\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_leaves_at_once(start, number):
    process = start("hangs")
    process.send_signal(number)
    process.stderr.readline()
    process.send_signal(number)
    assert process.wait(timeout=60) == 128 + number
    assert process.stderr.read() == "left at once\n"


def test_the_time_to_leave_ends(start):
    process = start("hangs", grace=2.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 75
    err = process.stderr.read()
    assert "the step was not done within 2.5 s and is lost; go on with: python train.py" in err


@pytest.mark.parametrize(
    ("run", "way"), [(True, "--resume --run_dir="), (False, "give the same command again")]
)
def test_before_the_first_step_it_leaves_at_once(start, run, way):
    process = start("before", run=run)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 75
    err = process.stderr.read()
    assert err.startswith("stopped by SIGTERM: no step was made since the start; ")
    assert way in err
    assert err.count("\n") == 1


def test_handlers_are_put_back():
    from inpainting.training.stop import StopSignals

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    open_files = len(os.listdir("/proc/self/fd"))
    with StopSignals("nowhere"):
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert len(os.listdir("/proc/self/fd")) == open_files
