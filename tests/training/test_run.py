"""Whole runs on the embedded photographs: what the run folder holds, resuming, and stopping."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from inpainting.errors import InputError, TrainingStopped
from inpainting.loading import load_generator
from inpainting.systems import registry
from inpainting.systems.recurrent.system import RecurrentSystem
from inpainting.training import run
from inpainting.training.config import RunConfig, read_config
from inpainting.training.run import train

RECONSTRUCTION = {
    "base": 4,
    "adversarial_weight": 0.0,
    "perceptual_weight": 0.0,
    "low_pass_perceptual_weight": 0.0,
    "style_weight": 0.0,
    "feature_matching_weight": 0.0,
}


def config(**changes):
    values = {
        "model": "recurrent",
        "preset": "paper",
        "system": registry.preset("recurrent", "paper", RECONSTRUCTION),
        "steps": 4,
        "batch_size": 2,
        "image_size": 32,
        "checkpoint_every": 2,
        "log_every": 2,
        "grid_every": 4,
        "workers": 1,
    }
    return RunConfig(**(values | changes))


def weights(prefix):
    reader = tf.train.load_checkpoint(prefix)
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.startswith(("generator", "step", "discriminator"))
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of four steps without a break: its folder and its last checkpoint."""
    folder = tmp_path_factory.mktemp("run") / "run"
    return folder, train(config(), str(folder))


def test_the_run_folder_holds_all_there_is(finished):
    folder, prefix = finished
    assert read_config(str(folder)) == config()
    assert prefix == str(folder / "checkpoints" / "step-4")
    assert {path.name for path in (folder / "checkpoints").glob("*.index")} == {
        "step-2.index",
        "step-4.index",
    }
    lines = [
        json.loads(line) for line in (folder / "logs" / "train.jsonl").read_text().splitlines()
    ]
    assert [line["step"] for line in lines] == [2, 4]
    wanted = {"l1", "low_pass", "high_pass", "generator_loss", "generator_gradient_norm"}
    wanted |= {"generator_rate", "discriminator_rate", "images_per_second", "step"}
    wanted |= {"data_wait", "hole_spread", "coarse_change", "alarms"}
    assert set(lines[-1]) == wanted
    assert list((folder / "logs").glob("events.out.tfevents*"))
    with Image.open(folder / "grids" / "step-0000004.png") as picture:
        assert picture.width > 6 * 32
        assert picture.height > 5 * 32


def test_a_resumed_run_ends_with_the_same_weights(finished, tmp_path):
    """Two steps, a new process's worth of state from the checkpoint, two more: as four in a row."""
    whole = weights(finished[1])
    folder = tmp_path / "run"
    with pytest.raises(TrainingStopped, match="step 3"):
        _train_until_broken(config(), str(folder))
    resumed = weights(train(config(), str(folder), resume=True))
    assert set(resumed) == set(whole)
    for name, value in whole.items():
        np.testing.assert_array_equal(value, resumed[name], err_msg=name)


def _train_until_broken(settings, folder):
    """Trains with a batch in step 3 that is not a number."""
    original = RecurrentSystem.train_step

    def step(self, batch):
        image, mask = batch
        broken = tf.where(self.generator_optimizer.iterations >= 2, np.nan, 1.0)
        return original(self, (image * tf.cast(broken, image.dtype), mask))

    RecurrentSystem.train_step = step
    try:
        train(settings, folder)
    finally:
        RecurrentSystem.train_step = original


def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(TrainingStopped, match=r"l1.*not finite.*step-2") as caught:
        _train_until_broken(config(), str(folder))
    assert "\n" not in str(caught.value)
    generator = load_generator(str(folder))
    assert generator.record["step"] == 2
    fill = generator.generate(tf.zeros((1, 32, 32, 3)), tf.ones((1, 32, 32, 1)))["refined"]
    assert np.isfinite(fill.numpy()).all()


def test_a_finished_run_has_nothing_left_to_do(finished):
    folder, prefix = finished
    assert train(config(), str(folder), resume=True) == prefix


@pytest.mark.parametrize("changes", [{"seed": 1}, {"batch_size": 4}, {"steps": 8}])
def test_another_configuration_is_not_resumed(finished, changes):
    (name,) = changes
    with pytest.raises(InputError, match=f"another configuration .*{name}"):
        train(dataclasses.replace(config(), **changes), str(finished[0]), resume=True)


def test_a_run_is_never_overwritten(finished):
    with pytest.raises(InputError, match="already holds a run"):
        train(config(), str(finished[0]))


def test_bad_data_leaves_nothing_behind(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    folder = tmp_path / "run"
    with pytest.raises(InputError):
        train(config(dataset="folder", data_dir=str(empty)), str(folder))
    assert not folder.exists()


def test_unreadable_photos_are_skipped_and_listed(tmp_path, capsys):
    photos = tmp_path / "photos"
    rng = np.random.default_rng(0)
    for name in ("train/a", "train/b", "train/c", "val/d"):
        pixels = rng.integers(0, 256, (40, 40, 3), np.uint8)
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(photos / f"{name}.png")
    (photos / "train" / "broken.png").write_bytes(b"no picture")
    settings = config(dataset="folder", data_dir=str(photos), steps=3, grid_every=0)
    train(settings, str(tmp_path / "run"))
    assert not (tmp_path / "run" / "grids").exists()
    said = capsys.readouterr().out
    assert "skipped 1 of 4 files" in said
    assert "broken.png" in said


def test_photos_that_vanish_while_it_runs_are_one_line(tmp_path, monkeypatch):
    photos = tmp_path / "photos"
    for name in ("train/a", "val/b"):
        (photos / name).parent.mkdir(parents=True)
        Image.fromarray(np.full((40, 40, 3), 99, np.uint8)).save(photos / f"{name}.png")
    original = run.training_dataset

    def training_dataset(*arguments, **options):
        dataset = original(*arguments, **options)
        (photos / "train" / "a.png").write_bytes(b"gone")
        return dataset

    monkeypatch.setattr(run, "training_dataset", training_dataset)
    settings = config(dataset="folder", data_dir=str(photos), grid_every=0)
    with pytest.raises(InputError, match=r"none of the 1 files can be used.*a\.png") as caught:
        train(settings, str(tmp_path / "run"))
    assert "\n" not in str(caught.value)
