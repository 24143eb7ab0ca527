"""Where a generator may be loaded from, and what is said of all that is none."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.loading import find_checkpoint, hash_weights, load_generator
from inpainting.pretrained import shipped
from inpainting.systems import registry
from inpainting.training.checkpoints import CheckpointStore
from inpainting.training.config import CONFIG_FILE, RunConfig
from inpainting.training.start import start_from

ROOT = Path(__file__).parents[1]


class Generator:
    """As a system, for the store: the generator alone."""

    def __init__(self, config):
        self.generator = registry.build_generator("recurrent", config.system)

    def checkpoint_items(self):
        return {"generator": self.generator}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with the checkpoints of steps 3 and 5, and the generator of step 5."""
    folder = tmp_path_factory.mktemp("runs") / "mine"
    settings = registry.preset("recurrent", "paper", {"base": 2})
    config = RunConfig(model="recurrent", preset="paper", system=settings, image_size=32)
    system = Generator(config)
    store = CheckpointStore(str(folder), system, keep=5)
    folder.mkdir()
    (folder / CONFIG_FILE).write_text(config.to_json())
    store.save(3)
    for variable in system.generator.variables:
        variable.assign_add(tf.fill(variable.shape, 0.01))
    store.save(5)
    return folder, system.generator


def fill(generate):
    image = np.random.default_rng(0).random((1, 16, 24, 3), np.float32)
    mask = np.zeros((1, 16, 24, 1), np.float32)
    mask[:, 4:9, 6:15] = 1
    return generate(tf.constant(image), tf.constant(mask))["refined"].numpy()


def test_a_run_folder_means_its_newest_checkpoint(run):
    folder, generator = run
    loaded = load_generator(str(folder))
    assert (loaded.name, loaded.record["step"], loaded.record["image_size"]) == ("mine", 5, 32)
    np.testing.assert_allclose(fill(loaded.generate), fill(generator), atol=1e-5)
    expected = hash_weights([variable.numpy() for variable in generator.variables])
    assert loaded.weights_hash == expected


def test_a_prefix_means_that_checkpoint(run):
    folder, generator = run
    loaded = load_generator(str(folder / "checkpoints" / "step-3"))
    assert (loaded.name, loaded.record["step"]) == ("step-3", 3)
    assert np.abs(fill(loaded.generate) - fill(generator)).max() > 1e-3


def test_a_hash_is_of_values_and_shapes():
    one = np.arange(6, dtype=np.float32)
    assert hash_weights([one]) == hash_weights([one.copy()])
    assert hash_weights([one]) != hash_weights([one.reshape(2, 3)])
    assert hash_weights([one]) != hash_weights([one + 1e-7])


def test_what_is_no_model_is_one_line(tmp_path, run):
    with pytest.raises(InputError, match="nosuch does not exist: it should be a run folder"):
        load_generator("nosuch")
    with pytest.raises(InputError, match="is not a run folder"):
        load_generator(str(tmp_path))
    (tmp_path / CONFIG_FILE).write_text((run[0] / CONFIG_FILE).read_text())
    with pytest.raises(InputError, match="has no checkpoint yet"):
        load_generator(str(tmp_path))
    alone = tmp_path / "alone" / "deep"
    alone.mkdir(parents=True)
    for path in (run[0] / "checkpoints").glob("step-3*"):
        shutil.copy(path, alone)
    with pytest.raises(InputError, match="lies in no run folder"):
        find_checkpoint(str(alone / "step-3"))
    (alone / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_generator(str(alone))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder in the place of the shipped weights."""
    monkeypatch.setattr(shipped, "FOLDER", str(tmp_path))
    return tmp_path


def ship(run, place, name="tiny"):
    """By the tool, in another process that is told of the place."""
    card = place / "facts.json"
    card.write_text(json.dumps({"licence": "CC0-1.0"}))
    code = (
        "import sys;"
        f"sys.argv = ['ship', '--checkpoint={run[0]}', '--name={name}', '--card={card}'];"
        f"from inpainting.pretrained import shipped; shipped.FOLDER = {str(place)!r};"
        "import runpy; runpy.run_path('tools/ship_weights.py', run_name='__main__')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_shipped_weights_by_name(run, place):
    ship(run, place)
    assert shipped.shipped_names() == ["tiny"]
    loaded = load_generator("tiny")
    assert loaded.record["licence"] == "CC0-1.0"
    assert loaded.record["step"] == 5
    np.testing.assert_allclose(fill(loaded.generate), fill(run[1]), atol=1e-5)
    assert json.loads((place / "tiny" / CONFIG_FILE).read_text())["data_dir"] == ""
    with pytest.raises(InputError, match=r"name of shipped weights \(tiny\)"):
        load_generator("nosuch")

    # Fine-tuning takes the generator and makes the rest anew.
    settings = registry.preset("recurrent", "paper", {"base": 2})
    config = RunConfig(model="recurrent", preset="paper", system=settings, start_from="tiny")
    system = Generator(config)
    start_from(system, config)
    np.testing.assert_allclose(fill(system.generator), fill(run[1]), atol=1e-5)

    card = place / "tiny" / shipped.CARD
    card.write_text(card.read_text().replace(loaded.weights_hash, "0" * 64))
    with pytest.raises(InputError, match="shipped weights 'tiny' are damaged"):
        load_generator("tiny")
