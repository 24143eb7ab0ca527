"""Training from s3:// and gs:// into them, resuming, exporting there and filling from there."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

TRAIN = "tests/remote/small_train.py"
TINY = [
    "--image_size=32",
    "--batch_size=2",
    "--log_every=2",
    "--checkpoint_every=2",
    "--grid_every=0",
    "--workers=1",
    "--set=base=4",
    *(
        f"--set={name}_weight=0"
        for name in ("perceptual", "low_pass_perceptual", "style", "feature_matching")
    ),
]


@pytest.fixture(scope="module")
def data(photos, tmp_path_factory):
    """The photographs as a folder and as shards, side by side."""
    from inpainting.data.photos import Photos, list_photos
    from inpainting.data.shards.conversion import Options
    from inpainting.data.shards.inputs import FileInput
    from inpainting.data.shards.prepare import prepare

    folder = tmp_path_factory.mktemp("data")
    shutil.copytree(photos, folder / "photos")
    source = FileInput(Photos(list_photos(str(photos))), str(photos))
    prepare(source, "all", str(folder / "shards"), Options(shard_bytes=20_000))
    return folder


def put(cloud, folder):
    cloud.python(
        f"folder = {str(folder)!r}\n"
        "for name in files.files_below(folder):\n"
        "    files.upload(f'{folder}/{name}', f'{url}/{name}')\n"
    )


def fetched(cloud, name, folder):
    """A run folder of the bucket, copied here."""
    cloud.python(
        f"name, folder = {name!r}, {str(folder)!r}\n"
        "for file in files.files_below(f'{url}/{name}'):\n"
        "    files.download(f'{url}/{name}/{file}', f'{folder}/{file}')\n"
    )
    return folder


def weights(run, step):
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(run / "checkpoints" / f"step-{step}"))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("gene")]
    return {name: reader.get_tensor(name) for name in names}


def test_a_flaky_server_changes_nothing_in_a_run(cloud, data, tmp_path):
    """Shards there, the run folder there, resumed there: the weights of a run that is all here."""
    here = tmp_path / "here"
    shards = ["--dataset=shards", "--steps=4"]
    cloud.run(TRAIN, *TINY, *shards, f"--data_dir={data}/shards", f"--run_dir={here}")
    put(cloud, data)
    there = f"{cloud.bucket}/runs/a"
    cloud.fail(4, "error,cut,slow")
    flags = [*TINY, "--dataset=shards", f"--data_dir={cloud.bucket}/shards", f"--run_dir={there}"]
    done = cloud.run(TRAIN, *flags, "--steps=4")
    assert f"trained: checkpoint {there}/checkpoints/step-4" in done.stdout
    assert cloud.fail(4, "error,cut,slow") > 5
    again = cloud.run(TRAIN, *flags, "--steps=4", code=2)
    assert f"{there} already holds a run" in again.stderr
    copy = fetched(cloud, "runs/a", tmp_path / "copy")
    ours, theirs = weights(here, 4), weights(copy, 4)
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    assert json.loads((copy / "config.json").read_text())["data_dir"].startswith(cloud.bucket)
    lines = (copy / "logs" / "train.jsonl").read_text().splitlines()
    assert {json.loads(line)["step"] for line in lines} == {2, 4}
    assert list((copy / "logs").glob("events*"))
    state = tmp_path / "state"
    state.write_text('model_checkpoint_path: "step-2"\nall_model_checkpoint_paths: "step-2"\n')
    # Gone on with after a loss of its last checkpoint, it makes the same one again.
    cloud.python(
        "for name in files.files_below(url + '/runs/a'):\n"
        "    if 'step-4' in name or name.endswith('/checkpoint'):\n"
        "        files.remove(f'{url}/runs/a/{name}')\n"
        f"files.upload({str(state)!r}, url + '/runs/a/checkpoints/checkpoint')\n"
    )
    cloud.run(TRAIN, "--resume", f"--run_dir={there}")
    resumed = weights(fetched(cloud, "runs/a", tmp_path / "resumed"), 4)
    for name, value in ours.items():
        np.testing.assert_array_equal(value, resumed[name], err_msg=name)


def test_export_there_and_fill_from_there(cloud, data, tmp_path):
    put(cloud, data)
    run = f"{cloud.bucket}/runs/b"
    folder = ["--dataset=folder", f"--data_dir={cloud.bucket}/photos"]
    cloud.run(TRAIN, *TINY, *folder, "--steps=2", f"--run_dir={run}")
    cloud.fail(5)
    exports = f"{cloud.bucket}/exports"
    for number in (1, 2):
        done = cloud.run("export.py", f"--checkpoint={run}", f"--output={exports}")
        assert done.stdout.splitlines()[-1] == f"exported: {exports}/{number}"
    photo, mask = data / "photos" / "train" / "00.png", np.zeros((40, 40), np.uint8)
    mask[10:20, 10:20] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    filled = []
    for number, model in enumerate((exports, run, f"{run}/checkpoints/step-2")):
        output = tmp_path / f"{number}.png"
        flags = [f"--mask={tmp_path}/mask.png", f"--output={output}", f"--model={model}"]
        cloud.run("inpaint.py", photo, *flags)
        filled.append(np.asarray(Image.open(output)).astype(int))
    original = np.asarray(Image.open(photo))
    for image in filled:
        np.testing.assert_array_equal(image[mask == 0], original[mask == 0])
        assert np.abs(image - filled[0]).max() <= 1
    assert (filled[0][mask > 0] != original[mask > 0]).any()


def test_mistakes_are_one_line_and_the_exit_code_is_right(s3):
    for flags, said in (
        (["--dataset=shards", f"--data_dir={s3.bucket}/no"], "no such folder"),
        (["--resume", f"--run_dir={s3.bucket}/no"], "is not a run folder"),
        ([f"--start_from={s3.bucket}/no"], "does not exist"),
    ):
        done = s3.run("train.py", *TINY, *flags, code=2)
        assert done.stderr.startswith("error: "), done.stderr
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
