"""`inpaint.py` and `export.py` as a user runs them: processes, files, exit codes."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from inpainting.systems import registry
from inpainting.training.config import RunConfig

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(command, *arguments, cwd, env=None):
    return subprocess.run(
        [sys.executable, str(ROOT / command), *map(str, arguments)],
        cwd=cwd,
        env=env or {**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def place(tmp_path, rng):
    """A folder with a photo, a mask and things that are neither."""
    photo = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    mask = np.zeros((20, 30), np.uint8)
    mask[5:12, 8:20] = 255
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(mask[:, :-1]).save(tmp_path / "narrow.png")
    Image.fromarray(mask * 0).save(tmp_path / "black.png")
    Image.fromarray(mask * 0 + 255).save(tmp_path / "white.png")
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "cut.png").write_bytes((tmp_path / "photo.png").read_bytes()[:200])
    (tmp_path / "empty").mkdir()
    return tmp_path


BAD = {
    "nothing": ([], "expected one photo or folder, received 0"),
    "two photos": (["photo.png", "mask.png"], "expected one photo or folder, received 2"),
    "no mask": (["photo.png", "--output=o.png"], "--mask is missing"),
    "no output": (["photo.png", "--mask=mask.png"], "--output is missing"),
    "unknown flag": (["photo.png", "--polish"], "polish"),
    "photo not there": (["no.png", "--mask=mask.png", "--output=o.png"], "no such file: no.png"),
    "mask not there": (["photo.png", "--mask=no.png", "--output=o.png"], "no such file: no.png"),
    "no image": (["text.png", "--mask=mask.png", "--output=o.png"], "text.png is not an image"),
    "cut": (["cut.png", "--mask=mask.png", "--output=o.png"], "cut.png is truncated or damaged"),
    "sizes": (
        ["photo.png", "--mask=narrow.png", "--output=o.png"],
        "narrow.png is 29 x 20 pixels (width x height) but photo.png is 30 x 20",
    ),
    "no hole": (["photo.png", "--mask=black.png", "--output=o.png"], "black.png has no hole"),
    "all hole": (["photo.png", "--mask=white.png", "--output=o.png"], "white.png is all hole"),
    "inverted": (
        ["photo.png", "--mask=white.png", "--output=o.png", "--invert_mask"],
        "white.png has no hole",
    ),
    "mask is a folder": (["photo.png", "--mask=empty", "--output=o.png"], "empty is a folder"),
    "output's kind": (["photo.png", "--mask=mask.png", "--output=o.xyz"], "suffix must be one of"),
    "output is a folder": (["photo.png", "--mask=mask.png", "--output=empty"], "it is a folder"),
    "output's folder": (["photo.png", "--mask=mask.png", "--output=n/o.png"], "no folder n"),
    "over itself": (["photo.png", "--mask=mask.png", "--output=photo.png"], "would replace"),
    "empty folder": (["empty", "--mask=mask.png", "--output=o"], "no photo in empty"),
    "dilate": (["photo.png", "--mask=mask.png", "--output=o.png", "--dilate=-1"], "dilate"),
    "feather": (["photo.png", "--mask=mask.png", "--output=o.png", "--feather=-1"], "feather"),
    "detail": (["photo.png", "--mask=mask.png", "--output=o.png", "--detail=much"], "detail"),
    "model": (
        ["photo.png", "--mask=mask.png", "--output=o.png", "--model=mine"],
        "--model mine does not exist: expected a run folder",
    ),
    "dry run of a cut file": (
        ["cut.png", "--mask=mask.png", "--output=o.png", "--dry_run"],
        "cut.png is truncated or damaged",
    ),
    "dry run to nowhere": (
        ["photo.png", "--mask=mask.png", "--output=n/o.png", "--dry_run"],
        "no folder n",
    ),
    "dry run without a model": (
        ["photo.png", "--mask=mask.png", "--output=o.png", "--dry_run", "--model=mine"],
        "--model mine does not exist",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_use_is_one_line_and_writes_nothing(place, case):
    arguments, message = BAD[case]
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    process = run("inpaint.py", *arguments, cwd=place)
    assert process.returncode == 2
    assert process.stdout == ""
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


@pytest.mark.parametrize("model", ["mask.png"])
def test_a_model_that_is_none_is_told(place, model):
    arguments = ["photo.png", "--mask=mask.png", "--output=o.png", f"--model={model}"]
    process = run("inpaint.py", *arguments, cwd=place)
    assert process.returncode == 2
    assert process.stderr.startswith(f"error: {model} ")
    assert len(process.stderr.splitlines()) == 1
    assert not (place / "o.png").exists()


def test_preview_needs_no_model_and_no_tensorflow(place):
    arguments = ["photo.png", "--mask=mask.png", "--output=o.png", "--preview", "--dilate=1"]
    process = run("inpaint.py", *arguments, cwd=place)
    assert process.returncode == 0, process.stderr
    # 7 x 12 pixels and a rim of one without corners: 84 + 2 * (7 + 12) of 600.
    assert process.stdout == "o.png: 20.3 % of 30 x 20 pixels would be filled\n"
    shown, photo = (np.asarray(Image.open(place / name)) for name in ("o.png", "photo.png"))
    assert (shown != photo).any(axis=-1)[5:12, 8:20].all()
    np.testing.assert_array_equal(shown[13:], photo[13:])


@pytest.fixture
def without_tensorflow(tmp_path_factory):
    """An environment in which importing TensorFlow ends the process."""
    folder = tmp_path_factory.mktemp("without")
    (folder / "tensorflow.py").write_text("raise SystemExit('tensorflow was imported')")
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def test_a_dry_run_checks_all_loads_nothing_and_writes_nothing(place, without_tensorflow):
    photos = place / "photos"
    photos.mkdir()
    for name in ("a.png", "b.jpg"):
        Image.open(place / "photo.png").save(photos / name)
    (photos / "c.png").write_text("not an image")
    before = sorted(place.rglob("*"))
    arguments = ["photos", "--mask=mask.png", "--output=out", "--dry_run"]
    process = run("inpaint.py", *arguments, cwd=place, env=without_tensorflow)
    assert process.returncode == 1
    assert process.stdout.splitlines() == [
        "out/a.png: 14.0 % of 30 x 20 pixels would be filled",
        "out/b.jpg: 14.0 % of 30 x 20 pixels would be filled",
        "2 of 3 photos checked, in out",
    ]
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: photos/c.png is not an image")
    assert sorted(place.rglob("*")) == before


def test_what_looks_wrong_is_said_in_one_line_each(place, without_tensorflow):
    arguments = ["photo.png", "--mask=mask.png", "--output=o.png", "--dry_run", "--invert_mask"]
    process = run("inpaint.py", *arguments, cwd=place, env=without_tensorflow)
    assert process.returncode == 0, process.stderr
    assert process.stdout == "o.png: 86.0 % of 30 x 20 pixels would be filled\n"
    (line,) = process.stderr.splitlines()
    assert line.startswith("warning: mask.png is mostly hole (86 %)")


def test_resume_does_what_is_left_over(place, without_tensorflow):
    photos = place / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        Image.open(place / "photo.png").save(photos / name)
    arguments = ["photos", "--mask=mask.png", "--output=out", "--preview"]
    first = run("inpaint.py", *arguments, cwd=place, env=without_tensorflow)
    assert first.returncode == 0, first.stderr
    later = (place / "out" / "a.png").stat().st_mtime + 10
    (place / "out" / "b.png").unlink()
    os.utime(photos / "c.png", (later, later))  # changed since
    kept = (place / "out" / "a.png").stat().st_mtime_ns
    again = run("inpaint.py", *arguments, "--resume", cwd=place, env=without_tensorflow)
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines() == [
        "out/b.png: 14.0 % of 30 x 20 pixels would be filled",
        "out/c.png: 14.0 % of 30 x 20 pixels would be filled",
        "2 of 2 photos done, 1 done before, in out",
    ]
    assert (place / "out" / "a.png").stat().st_mtime_ns == kept
    one = ["photo.png", "--mask=mask.png", "--output=out/a.png", "--preview", "--resume"]
    single = run("inpaint.py", *one, cwd=place, env=without_tensorflow)
    assert single.stdout == "out/a.png: done before\n"


def test_help_and_import_need_no_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('tensorflow was imported')")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    for arguments, expected in (
        ([str(ROOT / "inpaint.py"), "--help"], "invert_mask"),
        ([str(ROOT / "export.py"), "--help"], "--checkpoint"),
        (["-c", "import inpainting; print(inpainting.load.__name__)"], "load"),
    ):
        process = subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        assert expected in process.stdout


def test_one_photo(place, exported):
    arguments = ["photo.png", "--mask=mask.png", "--output=o.png", f"--model={exported}"]
    arguments += ["--detail=off", "--feather=0"]
    process = run("inpaint.py", *arguments, cwd=place)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == "o.png: 14.0 % of 30 x 20 pixels filled\n"
    filled, photo, mask = (
        np.asarray(Image.open(place / name)) for name in ("o.png", "photo.png", "mask.png")
    )
    signature = tf.saved_model.load(exported).signatures["serving_default"]
    expected = signature(
        image=tf.constant(photo[np.newaxis]), mask=tf.constant(mask[np.newaxis, ..., np.newaxis])
    )
    np.testing.assert_array_equal(filled, expected["completed"][0])


@pytest.mark.slow
def test_the_shipped_weights_fill_by_default_and_keep_sixteen_bits(place, rng):
    """Nothing but photo, mask and output is named; what isn't hole keeps all of its bits."""
    smooth = rng.integers(0, 65536, (5, 8)).astype(np.float32)
    photo = cv2.resize(smooth, (150, 100), interpolation=cv2.INTER_LINEAR).astype(np.uint16)
    mask = np.zeros((100, 150), np.uint8)
    mask[30:60, 50:90] = 255
    cv2.imwrite(str(place / "deep.png"), photo)
    cv2.imwrite(str(place / "hole.png"), mask)
    process = run("inpaint.py", "deep.png", "--mask=hole.png", "--output=o.tif", cwd=place)
    assert (process.returncode, process.stderr) == (0, "")
    filled = cv2.imread(str(place / "o.tif"), cv2.IMREAD_UNCHANGED)
    assert (filled.dtype, filled.shape) == (np.uint16, (100, 150))
    np.testing.assert_array_equal(filled[mask == 0], photo[mask == 0])
    assert (filled[mask > 0] != photo[mask > 0]).mean() > 0.99
    error = filled[mask > 0].astype(np.float64) - photo[mask > 0]
    assert np.sqrt(np.mean(error**2)) < photo[mask > 0].std()  # better than the best flat fill


def test_a_folder_goes_on_after_bad_files_and_lists_them(place, exported):
    photos = place / "photos"
    photos.mkdir()
    for name in ("a.png", "z.jpg"):
        Image.open(place / "photo.png").save(photos / name)
    Image.new("RGB", (9, 9)).save(photos / "m.bmp")
    (photos / "c.png").write_text("not an image")
    arguments = ["photos", "--mask=mask.png", "--output=out", f"--model={exported}"]
    process = run("inpaint.py", *arguments, cwd=place)
    assert process.returncode == 1
    assert process.stdout.splitlines() == [
        "out/a.png: 14.0 % of 30 x 20 pixels filled",
        "out/z.jpg: 14.0 % of 30 x 20 pixels filled",
        "2 of 4 photos done, in out",
    ]
    bad = process.stderr.splitlines()
    assert len(bad) == 2
    assert bad[0].startswith("error: photos/c.png is not an image")
    assert bad[1].startswith("error: mask.png is 30 x 20 pixels")
    assert sorted(os.listdir(place / "out")) == ["a.png", "z.jpg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--checkpoint="], "--checkpoint is empty"),
        (["--checkpoint=empty", "--output=o"], "error: empty is "),
        (["run", "--output=o"], "unexpected argument 'run'"),
    ],
)
def test_bad_use_of_export(place, arguments, message):
    process = run("export.py", *arguments, cwd=place)
    assert process.returncode == 2
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert not (place / "o").exists()


@pytest.mark.slow
def test_a_run_is_exported_and_both_fill_alike(place):
    system = registry.preset("recurrent", "paper", {"base": 2})
    config = RunConfig(model="recurrent", preset="paper", system=system, image_size=32)
    generator = registry.build_generator("recurrent", system)
    checkpoint = tf.train.Checkpoint(
        generator=generator, step=tf.Variable(7, dtype=tf.int64, trainable=False)
    )
    checkpoints = place / "runs" / "mine" / "checkpoints"
    manager = tf.train.CheckpointManager(checkpoint, str(checkpoints), 1, checkpoint_name="step")
    manager.save(checkpoint_number=7)
    (place / "runs" / "mine" / "config.json").write_text(config.to_json())

    process = run("export.py", "--checkpoint=runs/mine", "--output=exports/mine", cwd=place)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == "exported: exports/mine/1\n"
    card = json.loads((place / "exports/mine/1/assets.extra/model_card.json").read_text())
    second = run("export.py", "--model=runs/mine", cwd=place)
    assert (second.returncode, second.stdout) == (0, "exported: exports/mine/2\n")
    assert card["name"] == "mine"
    assert (card["model"], card["step"], card["image_size"]) == ("recurrent", 7, 32)
    assert card["system"]["base"] == 2
    assert len(card["weights_hash"]) == 64
    again = run("export.py", "--checkpoint=exports/mine", "--output=exports/more", cwd=place)
    assert again.returncode == 2
    assert "is a SavedModel already" in again.stderr
    assert not (place / "exports/more").exists()

    pair = ["photo.png", "--mask=mask.png"]
    by_run = run("inpaint.py", *pair, "--output=run.png", "--model=runs/mine", cwd=place)
    by_model = run("inpaint.py", *pair, "--output=saved.png", "--model=exports/mine", cwd=place)
    assert (by_run.returncode, by_model.returncode) == (0, 0), by_run.stderr + by_model.stderr
    assert (place / "run.png").read_bytes() == (place / "saved.png").read_bytes()
    assert (place / "run.png").read_bytes() != (place / "photo.png").read_bytes()
