"""tools/prepare_dataset.py as a user starts it: killed and gone on with, and wrong usage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMAND = [sys.executable, os.path.join(ROOT, "tools", "prepare_dataset.py")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """120 photographs of noise that take PNG's encoder some milliseconds each."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(120):
        pixels = rng.integers(0, 8, (160, 160, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03}.bmp")
    return folder


def _run(*flags: str) -> subprocess.CompletedProcess:
    return subprocess.run([*COMMAND, *flags], capture_output=True, text=True, check=False)


def _children(process: int) -> list[int]:
    with open(f"/proc/{process}/task/{process}/children") as file:
        return [int(number) for number in file.read().split()]


def _is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.002)


def _contents(output) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in output.iterdir()}


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux")
def test_killed_and_started_again_it_ends_in_the_same_bytes(folder, tmp_path):
    flags = [f"--data_dir={folder}", "--encode=png", "--shard_size=0.25", "--workers=2"]
    killed = tmp_path / "killed"
    process = subprocess.Popen([*COMMAND, *flags, f"--output={killed}"])
    _wait(lambda: len(list(killed.glob("*.tfrecord"))) == 2)  # the first is in the journal
    workers = _children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "manifest.json").exists(), "it had finished before it was killed"
    assert len(workers) >= 2
    _wait(lambda: not any(map(_is_alive, workers)))

    again = _run(*flags, f"--output={killed}")
    assert again.returncode == 0, again.stderr
    assert "all: going on after " in again.stderr
    whole = _run(*flags[:-1], "--workers=1", f"--output={tmp_path / 'whole'}")
    assert " has 120 photographs in " in whole.stdout
    assert whole.stdout.replace("whole", "killed") == again.stdout
    assert _contents(killed) == _contents(tmp_path / "whole")
    assert _run(*flags, f"--output={killed}").stdout.startswith("all: nothing to do, ")
    assert _run("--verify", f"--output={killed}").stdout.endswith(
        "files are as the manifest says\n"
    )


def test_a_failing_verification_names_the_files(tmp_path):
    flags = ["--dataset=sample", "--split=val", f"--output={tmp_path}"]
    assert _run(*flags, "--encode=jpeg", "--shorter_side=32", "--workers=1").returncode == 0
    shard = tmp_path / "val-00000.tfrecord"
    data = bytearray(shard.read_bytes())
    data[500] ^= 1
    shard.write_bytes(data)
    result = _run("--verify", f"--output={tmp_path}")
    assert result.returncode == 2
    assert result.stderr == (
        f"error: 1 of 3 files in {tmp_path} are not as the manifest says: val-00000.tfrecord\n"
    )


BAD_USAGE = {
    "no output": ([], "--output is needed"),
    "remote output": (["--output=gs://x/y"], "prepare on this machine and copy the folder"),
    "no folder": (["--output=OUT"], "--dataset=folder needs --data_dir"),
    "missing folder": (["--output=OUT", "--data_dir=nowhere"], "no such folder: nowhere"),
    "unknown split": (["--output=OUT", "--split=test"], "--split=test is none of train, val, all"),
    "unknown encoding": (["--output=OUT", "--encode=gif"], "--encode=gif is none of keep"),
    "workers": (["--output=OUT", "--workers=-1"], "--workers must be 0 or more, got -1"),
    "missing tar": (["--output=OUT", "--tar=x.tar"], "--tar=x.tar is not a file"),
    "tar and folder": (["--output=OUT", "--tar=x", "--data_dir=y"], "--tar goes without"),
    "two splits": (["--output=OUT", "--tar=x", "--split=train,val"], "give one split"),
    "argument": (["--output=OUT", "photos"], "unexpected argument 'photos'"),
    "nothing to verify": (["--output=.", "--verify"], "has no manifest of shards"),
}


@pytest.mark.parametrize("usage", list(BAD_USAGE))
def test_wrong_usage_is_one_line_and_code_2(tmp_path, usage):
    flags, message = BAD_USAGE[usage]
    result = subprocess.run(
        [*COMMAND, *flags], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert not list(tmp_path.iterdir())
