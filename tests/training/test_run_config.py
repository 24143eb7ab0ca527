"""A run's configuration: read back as written, compared on resume, wrong values refused."""

import dataclasses
import json

import pytest

from inpainting.errors import InputError
from inpainting.systems import registry
from inpainting.training.config import CONFIG_FILE, RunConfig, read_config


def make(**changes):
    system = registry.preset("recurrent", "paper", {"base": 4})
    values = {"model": "recurrent", "preset": "paper", "system": system, "steps": 10}
    return RunConfig(**(values | changes))


def test_comes_back_as_written(tmp_path):
    config = make(batch_size=3, dataset="folder", data_dir="/photos")
    (tmp_path / CONFIG_FILE).write_text(config.to_json())
    assert read_config(str(tmp_path)) == config


def test_differences_name_what_makes_another_run():
    other_system = registry.preset("recurrent", "paper", {"base": 8})
    other = make(seed=1, system=other_system, log_every=7, workers=5)
    assert make().differences(other) == ["seed: 0 -> 1", "system.base: 4 -> 8"]
    assert make().differences(make()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("steps", 0), ("batch_size", 0), ("image_size", 8), ("seed", -1), ("grid_every", -1)],
)
def test_refuses_values_that_make_no_run(name, value):
    with pytest.raises(InputError, match=f"--{name} .*{value}"):
        make(**{name: value})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "not a run folder"),
        ("{", "not a run's configuration"),
        ('{"model": "recurrent"}', "not a run's configuration"),
        ('{"model": "nosuch", "system": {}}', "unknown model 'nosuch'"),
        ('{"model": "recurrent", "system": {"bass": 4}}', "unknown field 'bass'"),
    ],
)
def test_unreadable_configuration_is_one_line(tmp_path, text, said):
    if text is not None:
        (tmp_path / CONFIG_FILE).write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        read_config(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_file_is_plain_json_with_every_setting():
    values = json.loads(make().to_json())
    names = {field.name for field in dataclasses.fields(RunConfig)}
    assert set(values) == names
    assert values["system"]["style_weight"] == 250.0


def test_presets_are_the_published_settings():
    paper = registry.preset("recurrent", "paper")
    assert (paper.generator_rate, paper.discriminator_rate) == (1e-3, 4e-3)
    assert (paper.base, paper.padding, paper.edge_weight) == (16, "SYMMETRIC", 0)
    code = registry.preset("recurrent", "reference_code")
    assert (code.generator_rate, code.discriminator_rate) == (1e-4, 4e-4)
    assert (code.base, code.padding, code.edge_weight) == (48, "REFLECT", 10)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch", "paper", {}), "unknown model 'nosuch': known are contextual"),
        (("recurrent", "nosuch", {}), "unknown preset 'nosuch'"),
        (("recurrent", "paper", {"bass": 4}), "no setting 'bass'"),
        (("recurrent", "paper", {"base": 5}), "base must be an even number"),
        (("recurrent", "paper", {"padding": "ZERO"}), "padding must be"),
        (("recurrent", "paper", {"l1_weight": -1.0}), "l1_weight must be"),
        (("recurrent", "paper", {"generator_rate": 0.0}), "generator_rate must be a finite number"),
        (("recurrent", "paper", {"beta_1": 1.0}), "beta_1 must be from 0 to below 1, got 1.0"),
        (("recurrent", "paper", {"base": "wide"}), "base"),
    ],
)
def test_unknown_names_and_values_are_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        registry.preset(*arguments)


def test_vgg_precision_is_one_of_two():
    with pytest.raises(InputError, match="--vgg_precision must be float32 or bfloat16"):
        make(vgg_precision="float16")
