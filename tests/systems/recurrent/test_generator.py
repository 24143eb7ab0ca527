from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.pyramid_fill import pyramid_fill
from inpainting.systems.recurrent.generator import RecurrentGenerator

DATA = Path(__file__).resolve().parents[2] / "arrays" / "recurrent_generator.npz"
SIZES = [(1, 1), (1, 7), (13, 5), (64, 40)]
VARIANTS = [
    {},
    {"padding": "REFLECT"},
    {"prefill": "pyramid"},
    {"recurrent": False},
]


@pytest.fixture
def random():
    tf.keras.utils.set_random_seed(0)
    return np.random.default_rng(0)


def _pair(random, height=16, width=24, batch=1):
    image = random.random((batch, height, width, 3), np.float32)
    mask = (random.random((batch, height // 4 + 1, width // 4 + 1, 1)) < 0.4).astype(np.float32)
    return image, mask.repeat(4, axis=1).repeat(4, axis=2)[:, :height, :width]


def _randomize_biases(generator, random):
    for variable in generator.variables:
        if variable.name.endswith("bias:0"):
            variable.assign(random.normal(0, 0.1, variable.shape))


def test_parameters_are_the_papers():
    generator = RecurrentGenerator()
    generator(tf.zeros((1, 16, 16, 3)), tf.zeros((1, 16, 16, 1)))
    assert generator.count_params() == 2_053_999


def test_is_what_the_published_code_computes():
    generator = RecurrentGenerator(2, padding="REFLECT", name="generator")
    generator(tf.zeros((1, 16, 16, 3)), tf.zeros((1, 16, 16, 1)))
    with np.load(DATA) as data:
        for variable in generator.variables:
            variable.assign(data[variable.name[len("generator/") : -len(":0")]])
        image, mask = data["image"].astype(np.float32) / 255, data["mask"].astype(np.float32)
        # Loaded weights are all there are, beside the four pictures.
        assert len(generator.variables) == len(data.files) - 4
        outputs = generator(image, mask)
        np.testing.assert_allclose(outputs["coarse"], data["coarse"], atol=1e-5)
        np.testing.assert_allclose(outputs["refined"], data["refined"], atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_any_size(variant, random):
    generator = RecurrentGenerator(2, **variant)
    for height, width in SIZES:
        for frame in generator(*_pair(random, height, width)).values():
            assert frame.shape == (1, height, width, 3)
            assert np.min(frame) >= 0
            assert np.max(frame) <= 1


@pytest.mark.parametrize("prefill", ["white", "pyramid"])
def test_sizes_unknown_in_the_graph(prefill, random):
    generator = RecurrentGenerator(2, prefill=prefill)
    specs = [tf.TensorSpec((None, None, None, channels)) for channels in (3, 1)]
    dynamic = tf.function(generator.__call__, input_signature=specs)
    for height, width in SIZES:
        pair = _pair(random, height, width)
        expected = generator(*pair)
        for name, frame in dynamic(*pair).items():
            np.testing.assert_allclose(frame, expected[name], atol=1e-5)


@pytest.mark.parametrize("prefill", ["white", "pyramid"])
def test_hole_content_has_no_influence(prefill, random):
    generator = RecurrentGenerator(2, prefill=prefill)
    image, mask = _pair(random)
    other = image * (1 - mask) + random.random(image.shape, np.float32) * mask
    np.testing.assert_array_equal(
        generator(image, mask)["refined"], generator(other, mask)["refined"]
    )


def test_each_sample_has_its_own_mask(random):
    generator = RecurrentGenerator(2)
    image, mask = _pair(random, 32, 32, batch=2)
    together = generator(image, mask)
    for index in range(2):
        alone = generator(image[index : index + 1], mask[index : index + 1])
        for name in ("coarse", "refined"):
            np.testing.assert_allclose(together[name][index], alone[name][0], atol=1e-5)


def test_a_call_leaves_nothing_behind(random):
    generator = RecurrentGenerator(2)
    first, second = _pair(random), _pair(random, 24, 16)
    before = generator(*first)["refined"]
    generator(*second)
    np.testing.assert_array_equal(generator(*first)["refined"], before)


@pytest.mark.parametrize("prefill", ["white", "pyramid"])
@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_masks_without_and_all_hole_stay_finite(prefill, fraction, random):
    image, _ = _pair(random)
    outputs = RecurrentGenerator(2, prefill=prefill)(image, np.full((1, 16, 24, 1), fraction, "f"))
    assert all(np.isfinite(output).all() for output in outputs.values())


def test_buffers_work_in_the_refine_pass_alone(random):
    image, mask = _pair(random)
    with_buffers, without = RecurrentGenerator(2), RecurrentGenerator(2, recurrent=False)
    for generator in (with_buffers, without):
        generator(image, mask)
    values = {variable.name.split("/", 1)[1]: variable for variable in with_buffers.variables}
    for variable in without.variables:
        variable.assign(values[variable.name.split("/", 1)[1]])
    expected, actual = with_buffers(image, mask), without(image, mask)
    np.testing.assert_array_equal(actual["coarse"], expected["coarse"])
    assert np.abs(actual["refined"] - expected["refined"]).max() > 0.01
    # With buffers whose convolutions answer nothing the two are one.
    for name, variable in values.items():
        if "buffer_conv/kernel" in name:
            variable.assign(tf.zeros_like(variable))
    np.testing.assert_allclose(with_buffers(image, mask)["refined"], actual["refined"], atol=1e-6)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_gradients_reach_every_trainable_variable(variant, random):
    generator = RecurrentGenerator(4, **variant)
    image, mask = _pair(random, 32, 32)
    with tf.GradientTape() as tape:
        outputs = generator(image, mask, training=True)
        loss = tf.reduce_mean(tf.square(outputs["coarse"] - image))
        loss += tf.reduce_mean(tf.square(outputs["refined"] - image))
    variables = generator.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        assert np.abs(gradient).max() > 1e-7, variable.name


def test_pyramid_starts_near_the_fill(random):
    image, mask = _pair(random, 32, 32)
    fill = pyramid_fill(image, mask)
    for frame in RecurrentGenerator(16, prefill="pyramid")(image, mask).values():
        assert 0 < np.mean(np.abs(frame - fill)) < 0.1


def test_residuals_are_clipped_outside_training_only():
    generator = RecurrentGenerator(2, prefill="pyramid")
    image, mask = np.ones((1, 16, 16, 3), "f"), np.zeros((1, 16, 16, 1), "f")
    generator(image, mask)
    for layer in generator.decoder.layers:
        layer.conv.bias.assign(tf.ones_like(layer.conv.bias))
    trained, served = generator(image, mask, training=True), generator(image, mask)
    assert np.max(trained["coarse"]) > 1.1
    for name in ("coarse", "refined"):
        np.testing.assert_array_equal(served[name], np.clip(trained[name], 0, 1))


def test_saved_model(tmp_path, random):
    generator = RecurrentGenerator(2)
    image, mask = _pair(random, 13, 21)
    expected = generator(image, mask)
    specs = [tf.TensorSpec((None, None, None, channels)) for channels in (3, 1)]
    # The variables and the function are all that is saved. Were the module to hold the generator
    # itself, Keras would trace every layer once more, which takes ten times as long.
    module = tf.Module()
    module.weights = generator.variables
    module.run = tf.function(generator.__call__, input_signature=specs)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.run(image, mask)["refined"], expected["refined"], atol=5e-6)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_config_round_trip(variant):
    generator = RecurrentGenerator(4, **variant, name="generator")
    copy = RecurrentGenerator.from_config(generator.get_config())
    assert copy.get_config() == generator.get_config()
    assert {name: getattr(copy, name) for name in variant} == variant


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"base": 3}, "base must be even and at least 2, got 3"),
        ({"padding": "SAME"}, "'SAME'"),
        ({"prefill": "black"}, "prefill must be one of .* got 'black'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        RecurrentGenerator(**arguments)
