"""Columns: classical fills, generators under a strategy, pictures of another program."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InputError
from inpainting.evaluation.classical import telea
from inpainting.evaluation.columns import make_columns, newest_run
from inpainting.evaluation.exchange import write_inputs


def columns(inputs, models=(), outputs=()):
    return make_columns(models, outputs, inputs, batch_size=2, threads=2)


def fill_inputs(inputs, folder, target, suffix=".png", save=None):
    """Plays the other program: fills what `write_inputs` wrote, by Telea's method."""
    write_inputs(inputs, str(folder), batch_size=2)
    for path in sorted(folder.glob("*/images/**/*.png")):
        bucket = path.relative_to(folder).parts[0]
        name = path.relative_to(folder / bucket / "images")
        mask = np.asarray(Image.open(folder / bucket / "masks" / name)) // 255
        result = (target / bucket / name).with_suffix(suffix)
        result.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(telea(np.asarray(Image.open(path)), mask)).save(result, **(save or {}))


def test_a_classical_column_fills_every_photo_of_the_batch(make_inputs):
    inputs = make_inputs()
    (column,) = columns(inputs, ["telea"])
    _, (batch,) = inputs.batches(range(5))
    filled = column.fill(batch)["telea"]
    for image, mask, picture in zip(batch.images, batch.masks, filled):
        assert (picture == telea(np.where(mask[..., None] == 1, 255, image), mask)).all()
        assert (picture[mask == 0] == image[mask == 0]).all()


def test_columns_can_be_named_and_keep_their_order(make_inputs):
    made = columns(make_inputs(), ["ns", "fast=telea", "mean"])
    assert [column.names for column in made] == [["ns"], ["fast"], ["mean"]]
    assert made[1].record == columns(make_inputs(), ["telea"])[0].record


def test_two_columns_of_one_name_are_refused(make_inputs):
    with pytest.raises(InputError, match="two columns are called telea"):
        columns(make_inputs(), ["telea", "telea=ns"])


def test_no_run_to_evaluate_is_said(tmp_path):
    with pytest.raises(InputError, match="nothing to evaluate"):
        newest_run(str(tmp_path))


def test_the_newest_run_is_found(tmp_path):
    for age, name in ((30, "old"), (10, "new"), (20, "middle")):
        state = tmp_path / name / "checkpoints" / "checkpoint"
        state.parent.mkdir(parents=True)
        state.touch()
        os.utime(state, (1e9 - age, 1e9 - age))
    (tmp_path / "unfinished").mkdir()
    assert newest_run(str(tmp_path)) == str(tmp_path / "new")


def test_another_programs_pictures_score_as_our_own(tmp_path, make_inputs):
    inputs = make_inputs("10-20,30-40")
    fill_inputs(inputs, tmp_path / "given", tmp_path / "peer")
    theirs, ours = (
        *columns(inputs, outputs=[f"{tmp_path}/peer"]),
        *columns(inputs, ["telea"]),
    )
    assert theirs.names == ["peer"]
    _, batches = inputs.batches(range(5))
    for batch in batches:
        assert (theirs.fill(batch)["peer"] == ours.fill(batch)["telea"]).all()


def test_one_bucket_needs_no_sub_folder(tmp_path, make_inputs):
    fill_inputs(make_inputs(), tmp_path / "given", tmp_path / "peer")
    (column,) = columns(make_inputs(), outputs=[f"flat={tmp_path}/peer/10-20"])
    _, (batch,) = make_inputs().batches([4])
    assert column.fill(batch)["flat"].shape == (1, 32, 32, 3)


def test_known_pixels_of_another_program_are_not_repaired(tmp_path, make_inputs):
    inputs = make_inputs()
    fill_inputs(inputs, tmp_path / "g", tmp_path / "peer", ".jpg", {"quality": 30})
    (column,) = columns(inputs, outputs=[str(tmp_path / "peer")])
    _, (batch,) = inputs.batches(range(5))
    known = batch.masks == 0
    assert (column.fill(batch)["peer"][known] != batch.images[known]).any()


def test_missing_and_differently_sized_pictures_are_refused(tmp_path, make_inputs):
    inputs = make_inputs()
    peer = tmp_path / "peer"
    fill_inputs(inputs, tmp_path / "given", peer)
    record = columns(inputs, outputs=[str(peer)])[0].record
    Image.new("RGB", (40, 32)).save(peer / "10-20" / "c.png")
    with pytest.raises(InputError, match=r"c\.png is 40x32; the photos are scored at 32x32"):
        columns(inputs, outputs=[str(peer)])
    Image.new("RGB", (32, 32)).save(peer / "10-20" / "c.png")
    assert columns(inputs, outputs=[str(peer)])[0].record != record
    (peer / "10-20" / "c.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"c\.png is not a picture"):
        columns(inputs, outputs=[str(peer)])
    (peer / "10-20" / "c.png").unlink()
    (peer / "10-20" / "b.png").unlink()
    with pytest.raises(InputError, match=r"lacks 2 of 5 pictures, the first is .*b\.png"):
        columns(inputs, outputs=[str(peer)])
    with pytest.raises(InputError, match="is not a folder"):
        columns(inputs, outputs=[str(tmp_path / "none")])


REPLICAS = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from inpainting.evaluation.inputs import Batch
from inpainting.evaluation.model_column import ModelColumn
from inpainting.evaluation.protocol import Bucket
from inpainting.training.strategy import make_strategy

class Generator:
    weights_hash, record, shares = "00", {"model": "stub", "step": 7, "data_dir": "/home"}, []

    @staticmethod
    @tf.function
    def generate(image, mask):
        Generator.shares.append(image.shape[0])
        return {"coarse": image * 0.5, "refined": image * (1 - mask) + mask * 0.2}

def run(strategy, count):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 9, 9, 3), dtype=np.uint8)
    masks = (rng.random((count, 9, 9)) < 0.3).astype(np.uint8)
    column = ModelColumn("stub", Generator, strategy)
    filled = column.fill(Batch(["x"] * count, images, masks, Bucket("10-20", 10, 20)))
    hole = masks[..., None] == 1
    assert (filled["stub"] == np.where(hole, 51, images)).all(), "refined"
    assert (filled["stub (coarse)"] == np.where(hole, 128, images)).all(), "coarse"
    return column

strategy = make_strategy(4)
assert strategy.num_replicas_in_sync == 2
column = run(strategy, 4)
run(strategy, 3)
assert set(Generator.shares) == {2}, Generator.shares
run(tf.distribute.get_strategy(), 3)
assert column.record == {"kind": "model", "weights_sha256": "00", "model": "stub", "step": 7}
print("equal")
"""


def test_a_model_runs_on_all_replicas_and_sees_no_truth():
    """In a process of its own: devices can be split only before TensorFlow's first use."""
    result = subprocess.run([sys.executable, "-c", REPLICAS], capture_output=True, text=True)
    assert result.stdout == "equal\n", result.stderr
