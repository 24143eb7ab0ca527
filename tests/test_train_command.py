"""train.py as a user meets it: help, and one clear line with exit code 2 for each mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments, code=2):
    command = [sys.executable, "train.py", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done


def test_help_names_the_flags_without_loading_tensorflow():
    command = [sys.executable, "-X", "importtime", "train.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "--dataset" in done.stdout
    assert "| tensorflow\n" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nosuch"], "nosuch"),
        (["--steps=many"], "steps"),
        (["photo.jpg"], "unexpected argument 'photo.jpg'"),
        (["--model=nosuch"], "unknown model 'nosuch'"),
        (["--preset=nosuch"], "unknown preset 'nosuch'"),
        (["--set", "bass=3"], "no setting 'bass'"),
        (["--set", "base"], "expected NAME=VALUE"),
        (["--set", "base=7"], "base must be an even number"),
        (["--set", "base=wide"], "base takes int"),
        (["--steps=0"], "--steps must be 1 or more, got 0"),
        (["--image_size=8"], "--image_size must be 32 or more"),
        (["--resume"], "--resume needs --run_dir"),
        (["--resume", "--run_dir=nosuch"], "nosuch is not a run folder"),
    ],
)
def test_wrong_flags_are_one_line(arguments, said):
    done = run(*arguments)
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dataset=nosuch"], "unknown dataset 'nosuch'"),
        (["--dataset=places365", "--data_dir=nosuch"], "nosuch"),
        (["--dataset=folder"], "--data_dir"),
        (["--mask_dir=nosuch"], "no mask files in nosuch"),
        (["--vgg_weights=nosuch.h5"], "nosuch.h5"),
        (["--model=gated", "--set=schedule=nosuch"], "unknown schedule 'nosuch'"),
    ],
)
def test_missing_inputs_are_one_line_and_leave_nothing(arguments, said, tmp_path):
    folder = tmp_path / "run"
    done = run(*arguments, f"--run_dir={folder}", "--image_size=32")
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    """A file stands where the run folder should be made; this stops even a superuser."""
    (tmp_path / "file").write_text("")
    plain = [f"--set={name}_weight=0" for name in ("perceptual", "low_pass_perceptual", "style")]
    done = run(f"--run_dir={tmp_path}/file/run", "--image_size=32", "--set=base=4", *plain)
    assert "cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1
