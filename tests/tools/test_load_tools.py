"""tools/load_test.py and tools/fuzz_server.py, small; and that what they look for is seen."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.serving.export import export
from inpainting.serving.load.abuse_run import abuse
from inpainting.serving.load.mixed import MixedRun
from inpainting.serving.load.server_process import ServerProcess

ROOT = Path(__file__).parents[2]


class Grey(tf.keras.Model):
    def call(self, image, mask, training=None):
        return {"coarse": image * 0 + 0.5, "refined": image * 0 + 0.5}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grey")
    export(Grey(), str(folder))
    return str(folder)


def run(tool, *arguments):
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / tool), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.mark.slow
def test_load(model):
    done = run("load_test.py", f"--model={model}", "--requests=10", "--clients=1,2", "--mixed=60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^\| [12] \| [\d.]+ \| \d+ \| \d+ \|$", done.stdout, re.M)) == 2
    assert "60 of 60 photos" in done.stdout
    assert "0 mixed up, 0 unfilled, 0 failed" in done.stdout


@pytest.mark.slow
def test_fuzz(model):
    done = run("fuzz_server.py", f"--model={model}", "--requests=90")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("0 wrong\n")
    assert sum(map(int, re.findall(r"^ *(\d+)  \w", done.stdout, re.M))) == 90


@pytest.mark.parametrize("tool", ["load_test.py", "fuzz_server.py"])
def test_bad_usage(tool):
    done = run(tool)
    assert (done.returncode, done.stderr) == (2, "error: --model is missing (see --help)\n")


class Liar:
    """Stands for a server: one that is asked over HTTP by nobody."""

    rest = grpc = "127.0.0.1:9"
    alive = True
    megabytes = 1.0


def test_mixed_answers_would_be_seen(monkeypatch):
    last = []

    def ask(kind, image, mask, rest, grpc):
        last.append(image)
        if len(last) == 3:  # another's photo, where the size allows
            return np.resize(last[0], image.shape)
        if len(last) == 4:
            return image
        if len(last) == 5:
            return image[1:]
        return np.where(mask[..., np.newaxis] > 0, 255 - image, image)

    monkeypatch.setattr(MixedRun, "_ask", staticmethod(ask))
    outcome = MixedRun(Liar(), requests=8, clients=1).run()
    assert (outcome.answered, outcome.mixed_up, outcome.unfilled) == (7, 1, 1)
    assert len(outcome.failures) == 1
    assert not outcome.good


def test_silence_would_be_seen():
    verdict = abuse(Liar(), requests=2)
    assert any("request 1:" in line for line in verdict.wrong)


@pytest.mark.slow
def test_a_server_that_does_not_start_is_told(tmp_path):
    with pytest.raises(ValueError, match="holds no version"):
        ServerProcess(str(tmp_path))
