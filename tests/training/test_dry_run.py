"""A dry run: facts, one picture, and a folder that is still free."""

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InputError
from inpainting.systems import registry
from inpainting.training.config import RunConfig
from inpainting.training.dry_run import dry_run

PLAIN = {
    "base": 2,
    "adversarial_weight": 0.0,
    "perceptual_weight": 0.0,
    "low_pass_perceptual_weight": 0.0,
    "style_weight": 0.0,
    "feature_matching_weight": 0.0,
}


def config(data_dir, **changes):
    values = {
        "model": "recurrent",
        "preset": "paper",
        "system": registry.preset("recurrent", "paper", PLAIN | changes.pop("system", {})),
        "dataset": "folder",
        "data_dir": str(data_dir),
        "batch_size": 2,
        "image_size": 64,
    }
    return RunConfig(**(values | changes))


@pytest.fixture
def photos(tmp_path):
    """Three photos of one colour to train on, one smaller than the crop, and one for validation."""
    folder = tmp_path / "photos"
    for name, size in [("train/a", 80), ("train/b", 100), ("train/c", 48), ("val/d", 80)]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture = np.full((size, size + 10, 3), (200, 40, 40), np.uint8)
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


def test_facts_and_picture(photos, tmp_path, capsys):
    run_dir = tmp_path / "run"
    path = dry_run(config(photos), str(run_dir))
    assert [str(file) for file in run_dir.iterdir()] == [path]  # no config.json: no run
    said = capsys.readouterr().out
    assert "3 photos of folder to train on, 1 to validate with" in said
    assert "VGG-19 not used" in said
    assert "shorter sides of 3 photos: 48 to 100 px, median 80; 1 of them below the 64 px" in said
    assert "masks of the first 64 samples:" in said
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    colours = {tuple(colour) for colour in np.unique(pixels, axis=0)}
    assert {(200, 40, 40), (255, 255, 255), (0, 0, 0)} <= colours


def test_unreadable_photos_are_listed(photos, tmp_path, capsys):
    (photos / "train" / "broken.png").write_bytes(b"no picture")
    dry_run(config(photos), str(tmp_path / "run"))
    said = capsys.readouterr().out
    assert "skipped 1 of 4 files" in said
    assert "broken.png" in said


def test_missing_weights_are_found(photos, tmp_path):
    settings = config(photos, vgg_weights="nosuch.h5", system={"style_weight": 1.0})
    with pytest.raises(InputError, match=r"nosuch\.h5"):
        dry_run(settings, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
