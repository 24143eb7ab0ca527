"""tools/reproduce.py as a user runs it: small trainings, the table, the verdicts, bad flags."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = [
    "--steps=2",
    "--image_size=32",
    "--batch_size=2",
    "--seeds=3",
    "--mask_range=20-30",
    "--vgg_weights=random",
    *(f"--set={name}=0" for name in ("perceptual_weight", "low_pass_perceptual_weight")),
    "--set=style_weight=0",
    "--set=base=4",
    "--variants=paper,no_recurrence",
]


def reproduce(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reproduce.py"), *arguments],
        cwd=cwd,
        env=dict(os.environ, CUDA_VISIBLE_DEVICES="-1"),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--variants=paper,nothing", "nothing is none of"),
        ("--seeds=0,one", "expected whole numbers"),
        ("--seeds=1,1", "only once"),
    ],
)
def test_bad_flags_are_one_line(tmp_path, flag, message):
    done = reproduce(flag, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_from_training_to_verdicts_and_again(tmp_path):
    first = reproduce("--output=out", *SMALL, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    text = (tmp_path / "out" / "reproduction.md").read_text()
    assert "| PSNR dB ↑ | 20-30 |" in text
    assert "| gain of the whole model | holes % | no_recurrence |" in text
    assert "PL (random)" in text
    # What is trained is not trained again, and the same comes out.
    second = reproduce("--output=out", *SMALL, cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert "== training" not in second.stdout
    assert (tmp_path / "out" / "reproduction.md").read_text() == text
