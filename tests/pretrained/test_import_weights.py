"""From published files to run folders: all three systems, what is refused, and the command."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.loading import load_generator
from inpainting.pretrained.importers.run_folder import import_weights
from inpainting.systems import registry
from inpainting.training.config import RunConfig, read_config
from inpainting.training.run import train

ROOT = Path(__file__).parents[2]
WITHOUT_VGG = {
    "perceptual_weight": 0.0,
    "low_pass_perceptual_weight": 0.0,
    "style_weight": 0.0,
}


@pytest.fixture
def torch_files(tmp_path, torch_weights, write_torch_file):
    """The paper's two files, of a generator at base 4."""
    paths = [tmp_path / "Gen_param.pth", tmp_path / "Dis_param.pth"]
    for path, weights in zip(paths, torch_weights):
        write_torch_file(path, weights)
    return [str(path) for path in paths]


@pytest.fixture
def deepfill_file(tmp_path, deepfill_weights, write_tensorflow_file):
    """Writes a checkpoint of a DeepFill system, its variables changed by a function."""

    def write(system, change=dict):
        write_tensorflow_file(tmp_path / "snap-0", change(deepfill_weights(system)))
        return str(tmp_path / "snap-0")

    return write


def _generator_of(weights):
    return {name: value for name, value in weights.items() if name.startswith("inpaint_net/")}


def _fills(output, reference, inputs, ending, size):
    outputs = load_generator(output).generate(*map(tf.constant, inputs(*size)))
    for name, frame in outputs.items():
        np.testing.assert_allclose(frame, reference[f"{name}_{ending}"], atol=1e-4)


def test_deepfill_with_its_critics(tmp_path, deepfill_file, reference, inputs):
    output = str(tmp_path / "run")
    imported = import_weights("contextual_attention", deepfill_file("contextual_attention"), output)
    assert imported.with_discriminator
    assert imported.parameters == 3_601_542
    config = read_config(output)
    # The reference's critics were made for images of 64 pixels.
    assert (config.model, config.system.base, config.image_size) == ("contextual_attention", 32, 64)
    _fills(output, reference("contextual_attention"), inputs, "32x40", (32, 40, 2))
    stored = {name.split("/")[0] for name, _ in tf.train.list_variables(imported.checkpoint)}
    assert {"generator", "discriminator", "generator_optimizer", "step"} <= stored
    record = json.loads((tmp_path / "run" / "imported.json").read_text())
    assert sorted(record["files"]) == ["snap-0.data-00000-of-00001", "snap-0.index"]


def test_generator_alone_with_a_trainers_state(tmp_path, deepfill_file, reference, inputs):
    def add_state(weights):
        generator = _generator_of(weights)
        moments = {
            f"{name}/{slot}": v for name, v in generator.items() for slot in ("Adam", "Adam_1")
        }
        others = ("beta1_power", "beta2_power", "beta1_power_1", "lr", "global_step")
        return generator | moments | {name: np.float32(0.5) for name in others}

    output = str(tmp_path / "run")
    imported = import_weights("gated", deepfill_file("gated", add_state), output)
    assert not imported.with_discriminator
    assert imported.parameters == 4_052_478
    config = read_config(output)
    assert (config.preset, config.system.base, config.image_size) == ("paper", 24, 256)
    _fills(output, reference("gated"), inputs, "64x48", (64, 48, 1))


def test_the_papers_files(tmp_path, torch_files, reference, inputs):
    output = str(tmp_path / "run")
    imported = import_weights("recurrent", torch_files[0], output, torch_files[1], base=4)
    assert imported.with_discriminator
    config = read_config(output)
    assert (config.preset, config.system.base, config.system.padding) == (
        "reference_code",
        4,
        "REFLECT",
    )
    _fills(output, reference("recurrent"), inputs, "64", (64, 64, 1))


def test_imported_weights_are_trained_on(tmp_path, torch_files, capsys):
    import_weights("recurrent", torch_files[0], str(tmp_path / "run"), torch_files[1])
    saved = read_config(str(tmp_path / "run"))
    config = RunConfig(
        model="recurrent",
        preset="reference_code",
        system=registry.changed("recurrent", saved.system, WITHOUT_VGG),
        start_from=str(tmp_path / "run"),
        steps=1,
        batch_size=2,
        image_size=32,
        grid_every=0,
    )
    checkpoint = train(config, str(tmp_path / "more"))
    assert "discriminator, generator" in capsys.readouterr().out
    kernel = "generator/encoder/layers/0/conv/kernel/.ATTRIBUTES/VARIABLE_VALUE"
    before, after = (
        tf.train.load_variable(str(prefix), kernel)
        for prefix in (tmp_path / "run" / "checkpoints" / "step-0", checkpoint)
    )
    # One step of Adam moves nothing further than the rate.
    assert 0 < np.abs(after - before).max() < 2 * saved.system.generator_rate


def _with(**changed):
    return lambda weights: weights | {n.replace("__", "/"): v for n, v in changed.items()}


def _without(name):
    return lambda weights: {n: value for n, value in weights.items() if n != name}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            _with(inpaint_net__extra=np.zeros((2, 3), np.float32)),
            r"left over: inpaint_net/extra \(2, 3\)",
        ),
        (
            _with(inpaint_net__conv5__bias=np.zeros(7, np.float32)),
            r"inpaint_net/conv5/bias is \(7,\) and not \(192,\)",
        ),
        (_without("inpaint_net/xconv3/bias"), r"missing: inpaint_net/xconv3/bias \(96,\)"),
        (
            _without("discriminator/sn_patch_gan/conv2/kernel_sn/u"),
            r"missing: discriminator/sn_patch_gan/conv2/kernel_sn/u \(1, 128\)",
        ),
        (lambda weights: {"net/kernel": np.zeros(3)}, "has no inpaint_net/conv1/kernel"),
    ],
)
def test_every_variable_is_accounted_for(tmp_path, deepfill_file, change, said):
    with pytest.raises(InputError, match=said):
        import_weights("gated", deepfill_file("gated", change), str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_generator_only_leaves_the_discriminator_out(tmp_path, deepfill_file):
    def misname(weights):
        return _generator_of(weights) | {"discriminator/old_name/kernel": np.zeros(3, np.float32)}

    path = deepfill_file("gated", misname)
    with pytest.raises(InputError, match="left over: discriminator/old_name/kernel"):
        import_weights("gated", path, str(tmp_path / "run"))
    imported = import_weights("gated", path, str(tmp_path / "run"), generator_only=True)
    assert not imported.with_discriminator


@pytest.mark.parametrize(
    ("system", "other"), [("gated", "contextual_attention"), ("contextual_attention", "gated")]
)
def test_the_other_deepfill(tmp_path, deepfill_file, system, other):
    with pytest.raises(InputError, match=f"has weights of {other}, not of {system}"):
        import_weights(system, deepfill_file(other, _generator_of), str(tmp_path / "run"))


def test_wrong_files_and_widths(tmp_path, torch_files, deepfill_file):
    output = str(tmp_path / "run")
    generator, discriminator = torch_files
    with pytest.raises(InputError, match="has weights of base 4, not 48"):
        import_weights("recurrent", generator, output, base=48)
    with pytest.raises(InputError, match="does not fit recurrent's generator"):
        import_weights("recurrent", discriminator, output)
    with pytest.raises(InputError, match=r"missing: conv1\.conv\.weight_orig"):
        import_weights("recurrent", generator, output, generator)
    with pytest.raises(InputError, match=r"cannot be read as a PyTorch file"):
        import_weights("recurrent", deepfill_file("gated", _generator_of) + ".index", output)
    with pytest.raises(InputError, match="no TensorFlow checkpoint at"):
        import_weights("gated", generator, output)
    with pytest.raises(InputError, match="no published weights of 'nosuch'"):
        import_weights("nosuch", generator, output)
    assert not (tmp_path / "run").exists()


def test_the_discriminators_two_names_must_agree(
    tmp_path, torch_weights, torch_files, write_torch_file
):
    changed = dict(torch_weights[1])
    changed["conv3.spec_norm.bias"] = changed["conv3.spec_norm.bias"] + 1
    path = tmp_path / "odd.pth"
    write_torch_file(path, changed)
    with pytest.raises(InputError, match=r"left over: conv3\.spec_norm\.bias \(192,\)"):
        import_weights("recurrent", torch_files[0], str(tmp_path / "run"), str(path))


def test_where_it_cannot_be_written(tmp_path, torch_files):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is no folder"):
        import_weights("recurrent", torch_files[0], str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot be written"):
        import_weights("recurrent", torch_files[0], str(tmp_path / "file" / "run"))
    import_weights("recurrent", torch_files[0], str(tmp_path / "run"))
    with pytest.raises(InputError, match="already holds a run"):
        import_weights("recurrent", torch_files[0], str(tmp_path / "run"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--source is missing"),
        (["--source=nosuch.pth"], "--output is missing"),
        (["--source=nosuch.pth", "--output=run"], "no such file: nosuch.pth"),
        (["--source=nosuch.pth", "--output=run", "--base=-1"], "--base must be 0 or more"),
        (["photo.jpg"], "unexpected argument 'photo.jpg'"),
    ],
)
def test_wrong_flags_are_one_line(tmp_path, arguments, said):
    command = [sys.executable, str(ROOT / "tools" / "import_weights.py"), *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command(tmp_path, torch_files):
    command = [sys.executable, str(ROOT / "tools" / "import_weights.py"), "--output=run"]
    command.append(f"--source={torch_files[0]}")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the discriminator was not imported" in done.stdout
    assert "generator weights: checkpoint run/checkpoints/step-0" in done.stdout
