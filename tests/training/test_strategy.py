"""Which strategy is chosen, and which batches it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.training.config import STRATEGIES, RunConfig
from inpainting.training.strategy import Agreement, distribute, is_chief, make_strategy

ROOT = Path(__file__).parents[2]
TWO_DEVICES = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from inpainting.training.strategy import distribute, make_strategy
for name in ("auto", "mirrored", "one_device"):
    strategy = make_strategy(4, name)
    print(type(strategy).__name__, strategy.num_replicas_in_sync)
for arguments in ((3, "auto"), (6, "mirrored", 2)):
    try:
        make_strategy(*arguments)
    except ValueError as error:
        print(error)
numbers = lambda share: tf.data.Dataset.range(8).batch(4, drop_remainder=True)
strategy = make_strategy(4, "mirrored")
for batch in distribute(strategy, numbers):
    print([part.numpy().tolist() for part in strategy.experimental_local_results(batch)])
"""


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch):
    for name in ("TF_CONFIG", "SLURM_STEP_NUM_TASKS", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


def test_one_device():
    for name in ("auto", "one_device"):
        assert isinstance(make_strategy(3, name), tf.distribute.OneDeviceStrategy)
    assert isinstance(make_strategy(3, "mirrored"), tf.distribute.MirroredStrategy)


def test_two_devices():
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "MirroredStrategy 2",
        "MirroredStrategy 2",
        "OneDeviceStrategy 1",
        "--batch_size=3 cannot be split evenly over 2 devices",
        "--batch_size=6 cannot be split evenly over 2 devices in 2 micro-batches each",
        "[[0, 1], [2, 3]]",
        "[[4, 5], [6, 7]]",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((4, "nosuch"), "--strategy=nosuch: known are auto"),
        ((4, "multi_worker"), "neither TF_CONFIG nor Slurm nor torchrun"),
        ((5, "auto", 2), "--batch_size=5 .* 1 devices in 2 micro-batches each"),
    ],
)
def test_wrong_strategies_are_one_line(arguments, said):
    with pytest.raises(InputError, match=said):
        make_strategy(*arguments)


def test_a_batch_that_workers_do_not_divide_is_refused_before_they_meet(monkeypatch):
    workers = {"worker": ["localhost:1", "localhost:2", "localhost:3"]}
    task = {"type": "worker", "index": 1}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": workers, "task": task}))
    with pytest.raises(InputError, match="cannot be split evenly over 3 workers"):
        make_strategy(4, "auto")


def test_a_process_alone_agrees_with_itself():
    strategy = make_strategy(1, "one_device")
    assert is_chief(strategy)
    assert Agreement(strategy)(7) == [7]


def test_a_process_alone_makes_whole_batches():
    asked = []

    def make_share(share):
        asked.append(share)
        return tf.data.Dataset.range(4).batch(2)

    dataset = distribute(make_strategy(2, "one_device"), make_share)
    np.testing.assert_array_equal(list(dataset), [[0, 1], [2, 3]])
    assert asked == [(0, 1)]


@pytest.mark.parametrize(
    "changes", [{"strategy": "nosuch"}, {"mixed_precision": "int8"}, {"micro_batches": 0}]
)
def test_settings_are_checked(changes):
    (name,) = changes
    with pytest.raises(InputError, match=f"--{name} must be"):
        RunConfig(model="gated", preset="paper", system=None, **changes)


def test_strategies_are_those_that_are_documented():
    flags = (ROOT / "train.py").read_text()
    assert all(name in flags for name in STRATEGIES)
