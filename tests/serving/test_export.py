from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.serving import export as export_module
from inpainting.serving.export import export, versions
from inpainting.serving.predictor import Predictor
from inpainting.systems.recurrent.generator import RecurrentGenerator

ROOT = Path(__file__).parents[2]
# Loads the SavedModel as a stranger would: TensorFlow, NumPy, nothing of this project.
STRANGER = """
import sys
import numpy as np
import tensorflow as tf

folder, inputs, outputs = sys.argv[1:]
module = tf.saved_model.load(folder)
signatures = module.signatures
answers = {}
for name, array in np.load(inputs).items():
    kind, size = name.split("-")
    if kind == "image":
        mask = np.load(inputs)["mask-" + size]
        answer = signatures["serving_default"](image=tf.constant(array), mask=tf.constant(mask))
        answers["arrays-" + size] = answer["completed"].numpy()
        answer = signatures["serve_bytes"](
            image_bytes=tf.stack([tf.io.encode_png(one) for one in array]),
            mask_bytes=tf.stack([tf.io.encode_png(one) for one in mask]),
        )
        decoded = [tf.io.decode_png(one).numpy() for one in answer["completed_bytes"]]
        answers["bytes-" + size] = np.stack(decoded)
np.savez(outputs, **answers)
ours = ("inpainting", "tensorflow_addons")
foreign = [name for name in sys.modules if name.split(".")[0] in ours]
print("imported:", foreign)
"""


def test_a_stranger_gets_the_same_bytes(tmp_path, rng):
    tf.keras.utils.set_random_seed(1)
    generator = RecurrentGenerator(base=2)
    generator(tf.zeros((1, 16, 16, 3)), tf.zeros((1, 16, 16, 1)))
    # So large that the outputs spread over all grey levels.
    generator.set_weights([3 * value for value in generator.get_weights()])
    folder = export(generator, str(tmp_path / "model"), detail=False)
    arrays = {}
    for batch, height, width in ((1, 16, 16), (2, 37, 50), (1, 1, 1), (3, 8, 21)):
        size = f"{batch}x{height}x{width}"
        image = rng.integers(0, 256, (batch, height, width, 3), dtype=np.uint8)
        arrays[f"image-{size}"] = image
        arrays[f"mask-{size}"] = 255 * (rng.random((batch, height, width, 1)) < 0.4).astype(
            np.uint8
        )
    np.savez(tmp_path / "inputs.npz", **arrays)

    paths = [folder, str(tmp_path / "inputs.npz"), str(tmp_path / "outputs.npz")]
    process = subprocess.run(
        [sys.executable, "-I", "-c", STRANGER, *paths],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == "imported: []"

    predictor = Predictor(generator)
    changed = 0
    with np.load(tmp_path / "outputs.npz") as answers:
        assert len(answers) == 8
        for name, answer in answers.items():
            size = name.split("-")[1]
            images, masks = arrays[f"image-{size}"], arrays[f"mask-{size}"]
            outside = np.broadcast_to(masks == 0, images.shape)
            np.testing.assert_array_equal(answer[outside], images[outside])
            # The same batch: another one may take other sums, and round a level off.
            outputs = predictor.generate(images / np.float32(255), (masks > 0).astype(np.float32))
            refined = np.floor(outputs["refined"] * 255 + 0.5)
            np.testing.assert_array_equal(answer, np.where(masks > 0, refined, images))
            if len(images) == 1:
                filled = predictor(images[0], masks[0], feather=0, detail=False)
                np.testing.assert_array_equal(answer[0], filled)
            changed += (answer != images).sum()
    assert changed > 1000


def test_versions_count_up_and_earlier_ones_stay(generator, tmp_path):
    directory = str(tmp_path / "new" / "model")
    assert export(generator, directory) == os.path.join(directory, "1")
    files = [path for path in (tmp_path / "new/model/1").rglob("*") if path.is_file()]
    first = {path: path.read_bytes() for path in files}
    assert export(generator, directory) == os.path.join(directory, "2")
    os.rename(os.path.join(directory, "2"), os.path.join(directory, "10"))
    assert export(generator, directory) == os.path.join(directory, "11")
    assert {path: path.read_bytes() for path in first} == first
    assert sorted(os.listdir(directory)) == ["1", "10", "11"]
    assert versions(directory) == [1, 10, 11]


def test_a_version_taken_meanwhile_is_not_touched(generator, tmp_path, monkeypatch):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "theirs").write_text("x")
    monkeypatch.setattr(export_module, "versions", lambda directory: [])
    assert export(generator, str(tmp_path)) == str(tmp_path / "2")
    assert os.listdir(tmp_path / "1") == ["theirs"]


def test_the_model_card_says_what_it_is(exported):
    with open(os.path.join(exported, "assets.extra", "model_card.json")) as file:
        card = json.load(file)
    assert card["name"] == "tiny"
    assert card["versions"]["tensorflow"] == tf.__version__
    assert card["signatures"]["serving_default"] == {
        "inputs": {"image": "uint8 (?, ?, ?, 3)", "mask": "uint8 (?, ?, ?, 1)"},
        "outputs": {"completed": "uint8 (?, ?, ?, 3)"},
    }
    assert card["signatures"]["serve_bytes"]["outputs"] == {"completed_bytes": "string (?)"}
    assert card["signatures"]["generate"]["inputs"]["mask"] == "float32 (?, ?, ?, 1)"


def test_the_float_signature_is_the_network(exported, generator, rng):
    image = tf.constant(rng.random((2, 9, 7, 3)), tf.float32)
    mask = tf.constant(rng.random((2, 9, 7, 1)) < 0.5, tf.float32)
    outputs = tf.saved_model.load(exported).signatures["generate"](image=image, mask=mask)
    expected = generator(image, mask)
    assert set(outputs) == {"coarse", "refined"}
    for name in expected:
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-6)


def test_only_what_serving_needs_is_written(exported):
    module = tf.saved_model.load(exported)
    assert set(module.signatures) == {"serving_default", "serve_bytes", "generate"}
    with open(os.path.join(exported, "saved_model.pb"), "rb") as file:
        graph = file.read()
    for unwanted in (b"PyFunc", b"EagerPyFunc", b"DecodeBase64", b"__inference__wrapped_model"):
        assert unwanted not in graph


def test_a_failed_write_leaves_nothing(generator, tmp_path, monkeypatch):
    def disk_full(module, folder, **options):
        with open(os.path.join(folder, "saved_model.pb"), "wb") as file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", disk_full)
    with pytest.raises(InputError, match="No space left on device"):
        export(generator, str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_way_is_told(generator, tmp_path):
    (tmp_path / "file").write_text("x")
    for directory in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"cannot write to folder .*file"):
            export(generator, str(directory))


MIRRORED = """
import os, sys
import numpy as np
import tensorflow as tf
from inpainting.serving.export import export
from inpainting.systems.recurrent.generator import RecurrentGenerator

cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    generator = RecurrentGenerator(base=2)
    generator(tf.zeros((1, 16, 16, 3)), tf.zeros((1, 16, 16, 1)))
assert type(generator.variables[0]).__name__ == "MirroredVariable"
folder = export(generator, sys.argv[1])
image = tf.random.stateless_uniform((1, 20, 27, 3), seed=(1, 2))
mask = tf.cast(tf.random.stateless_uniform((1, 20, 27, 1), seed=(3, 4)) < 0.4, tf.float32)
loaded = tf.saved_model.load(folder).signatures["generate"](image=image, mask=mask)
np.testing.assert_allclose(loaded["refined"], generator(image, mask)["refined"], atol=1e-5)
print("equal")
"""


@pytest.mark.slow
def test_a_generator_of_two_replicas_exports_the_same(tmp_path):
    process = subprocess.run(
        [sys.executable, "-c", MIRRORED, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert process.stdout.strip() == "equal", process.stderr


TRAINED_BY_TWO = """
import sys
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import small_train
from inpainting import cli

cli.run(small_train.main, sys.argv)
"""


@pytest.mark.slow
def test_a_checkpoint_that_two_replicas_trained_is_exported(tmp_path):
    """What `export.py` writes on one device has the weights that stand in the file, each once."""
    flags = ["--strategy=mirrored", "--steps=2", "--batch_size=2", "--image_size=32", "--ema=0"]
    flags += ["--vgg_weights=random", "--set=base=2", "--validate_every=0", "--run_dir=run"]
    folders = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "remote")))
    environment = {**os.environ, "PYTHONPATH": folders}

    def run(*command):
        return subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    trained = run("-c", TRAINED_BY_TWO, *flags)
    assert trained.returncode == 0, trained.stderr
    assert "over 2 device(s)" in trained.stdout
    done = run(str(ROOT / "export.py"), "--checkpoint=run", "--output=exports")
    assert (done.returncode, done.stdout) == (0, "exported: exports/1\n"), done.stderr

    prefix = tf.train.latest_checkpoint(str(tmp_path / "run" / "checkpoints"))
    inside = tf.train.load_checkpoint(prefix)
    kept = [
        inside.get_tensor(name)
        for name in inside.get_variable_to_shape_map()
        if name.startswith("generator/") and name.endswith("VARIABLE_VALUE")
    ]
    loaded = tf.saved_model.load(str(tmp_path / "exports" / "1"))
    weights = [variable.numpy() for variable in loaded.weights]
    assert len(weights) == len(kept) > 20
    assert sorted(map(_key, weights)) == sorted(map(_key, kept))


def _key(weight):
    return weight.shape, weight.tobytes()


@pytest.mark.slow
def test_saved_model_cli_runs_every_signature(exported, tmp_path):
    image = np.full((1, 6, 7, 3), 100, np.uint8)
    mask = np.zeros((1, 6, 7, 1), np.uint8)
    mask[:, 2:4, 2:5] = 255
    png = [tf.io.encode_png(array[0]).numpy() for array in (image, mask)]
    inputs = {
        "serving_default": {"image": image, "mask": mask},
        "serve_bytes": {
            "image_bytes": np.array(png[:1], object),
            "mask_bytes": np.array(png[1:], object),
        },
        "generate": {
            "image": (image / 255).astype(np.float32),
            "mask": (mask / 255).astype(np.float32),
        },
    }
    for signature, arrays in inputs.items():
        given = []
        for name, array in arrays.items():
            np.save(tmp_path / f"{name}.npy", array)
            given.append(f"{name}={tmp_path / name}.npy")
        out = tmp_path / signature
        command = ["run", "--dir", exported, "--tag_set", "serve", "--signature_def", signature]
        command += ["--inputs", ";".join(given), "--outdir", str(out)]
        cli = "from tensorflow.python.tools.saved_model_cli import main; main()"
        process = subprocess.run(
            [sys.executable, "-c", cli, *command], capture_output=True, text=True, check=False
        )
        assert process.returncode == 0, process.stderr
        assert {path.name for path in out.iterdir()} >= {
            "serving_default": {"completed.npy"},
            "serve_bytes": {"completed_bytes.npy"},
            "generate": {"coarse.npy", "refined.npy"},
        }[signature]
    completed = np.load(tmp_path / "serving_default" / "completed.npy")
    np.testing.assert_array_equal(completed[:, :2], image[:, :2])
    assert (completed[mask[..., 0] > 0] != 100).any()
