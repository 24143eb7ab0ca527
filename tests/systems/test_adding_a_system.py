"""The system that docs/adding_a_system.md adds, taken from the page: one folder, and it works."""

import dataclasses
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.loading import load_generator
from inpainting.serving.export import export
from inpainting.systems import registry
from inpainting.training.config import RunConfig, read_config
from inpainting.training.run import train

PAGE = Path(__file__).parents[2] / "docs" / "adding_a_system.md"


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The page's package `tiny_system`, registered as `tiny`."""
    folder = tmp_path / "packages" / "tiny_system"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for name, code in blocks:
        (folder / name).write_text(code)
    assert {name for name, _ in blocks} == {"config.py", "system.py", "registry.py"}
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.setitem(registry.SYSTEMS, "tiny", "tiny_system")
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "tiny_system"]:
        del sys.modules[name]


def test_it_is_trained_resumed_loaded_and_exported(tmp_path, tiny):
    config = RunConfig(
        model="tiny",
        preset="paper",
        system=registry.preset("tiny", "paper", {"base": 2}),
        steps=2,
        batch_size=2,
        image_size=32,
        checkpoint_every=1,
        grid_every=0,
    )
    run_dir = str(tmp_path / "run")
    train(config, run_dir)
    assert read_config(run_dir) == config
    other = dataclasses.replace(config, system=registry.preset("tiny", "paper", {"base": 3}))
    with pytest.raises(InputError, match="base: 2 -> 3"):
        train(other, run_dir, resume=True)
    image = np.random.default_rng(0).random((1, 7, 9, 3), np.float32)
    mask = np.zeros((1, 7, 9, 1), np.float32)
    mask[:, 2:5, 3:6] = 1
    loaded = load_generator(run_dir)
    outputs = loaded.generate(tf.constant(image), tf.constant(mask))
    assert outputs["refined"].shape == image.shape
    export(loaded.network, str(tmp_path / "exported"))
    again = load_generator(str(tmp_path / "exported")).generate(image, mask)
    np.testing.assert_allclose(again["refined"], outputs["refined"], atol=1e-6)


def test_its_settings_are_checked(tiny):
    with pytest.raises(InputError, match="base must be 1 or more, got 0"):
        registry.preset("tiny", "paper", {"base": 0})
    with pytest.raises(InputError, match="no setting 'width'"):
        registry.preset("tiny", "paper", {"width": 0})
