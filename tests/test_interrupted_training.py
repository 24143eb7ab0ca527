"""Real trainings that are killed and told to stop: what they end with is as if nothing had been."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

ROOT = Path(__file__).parents[1]
STEPS = 12
SETTINGS = [
    "--set=base=2",
    "--set=perceptual_weight=0",
    "--set=low_pass_perceptual_weight=0",
    "--set=style_weight=0",
    "--image_size=32",
    "--batch_size=1",
    f"--steps={STEPS}",
    "--checkpoint_every=3",
    "--keep_checkpoints=2",
    "--validate_every=4",
    "--validate_photos=4",
    "--grid_every=0",
    "--log_every=1",
    "--workers=1",
    "--resume_or_start",
    "--grace_seconds=0",  # a loaded machine may need longer for a step
]


def start(run_dir):
    command = [sys.executable, "-u", "train.py", *SETTINGS, f"--run_dir={run_dir}"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def until(process, step):
    """Reads what the training says until it has made `step`."""
    for line in process.stdout:
        if line.startswith(f"step {step}/"):
            return
    raise AssertionError(f"ended before step {step}: {process.stderr.read()}")


def stop(process, number):
    """Sends the signal; the exit code and what was said."""
    process.send_signal(number)
    _, err = process.communicate()
    return process.returncode, err


def finish(process):
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out


def state(prefix):
    """Every number in a checkpoint: networks, average, power iterations, optimizers, step."""
    reader = tf.train.load_checkpoint(str(prefix))
    names = sorted(reader.get_variable_to_shape_map())
    kept = [name for name in names if name != "_CHECKPOINTABLE_OBJECT_GRAPH"]
    # How often something was saved counts the interruptions, and nothing else does.
    return {name: reader.get_tensor(name) for name in kept if "save_counter" not in name}


@pytest.mark.slow
def test_kills_and_signals_change_nothing(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(start(whole))

    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)

    # Before the first step: while TensorFlow loads or the networks are made.
    process = start(broken)
    time.sleep(rng.uniform(1, 3))
    code, err = stop(process, signal.SIGTERM)
    assert code == 75, err
    assert "no step was made since the start" in err

    # Killed after a random step, or in the one after it, or while it saves.
    killed = rng.randint(4, 6)
    process = start(broken)
    until(process, killed)
    process.kill()
    process.communicate()

    # Told to leave in a random step that is none of the checkpoints'.
    process = start(broken)
    told = rng.choice([7, 10])
    until(process, told)
    code, err = stop(process, rng.choice([signal.SIGTERM, signal.SIGINT]))
    assert code == 75, err
    assert f"--resume --run_dir={broken}" in err
    left = int(tf.train.latest_checkpoint(broken / "checkpoints").rpartition("-")[2])
    assert told <= left <= told + 2

    out = finish(start(broken))
    assert f"steps {left} to {STEPS}" in out

    for folder, name in [("checkpoints", f"step-{STEPS}"), ("best", None)]:
        found = tf.train.latest_checkpoint(whole / folder)
        name = name or Path(found).name
        ours, theirs = state(whole / folder / name), state(broken / folder / name)
        assert set(ours) == set(theirs)
        parts = {key.split("/")[0] for key in ours}
        assert parts >= {"generator", "generator_average", "discriminator", "generator_optimizer"}
        assert any("vector" in key or "/u/" in key for key in ours), sorted(ours)
        for key, value in ours.items():
            np.testing.assert_array_equal(value, theirs[key], err_msg=f"{folder} {key}")
    assert validations(whole) == validations(broken)


def validations(folder):
    lines = [
        json.loads(line) for line in (folder / "logs" / "train.jsonl").read_text().splitlines()
    ]
    return [line for line in lines if "val_l1_hole" in line]
