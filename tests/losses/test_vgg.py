"""VGG-19's features against Keras's own VGG-19, their scale, and every way to get the weights."""

from __future__ import annotations

import socket

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.losses import vgg as vgg_module
from inpainting.losses.perceptual import PERCEPTUAL_LAYERS, STYLE_LAYERS
from inpainting.losses.vgg import MEAN_ACTIVATIONS, Vgg19
from inpainting.losses.vgg_weights import KERAS_FILE, load_weights, random_weights


@pytest.fixture(scope="module")
def keras_vgg():
    tf.keras.utils.set_random_seed(0)
    model = tf.keras.applications.VGG19(include_top=False, weights=None)
    for layer in model.layers:  # Keras's biases start at zero and would hide a mistake
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, np.random.default_rng(1).normal(0, 0.1, bias.shape)])
    return model


@pytest.fixture(scope="module")
def weights_file(keras_vgg, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("vgg") / "vgg19_notop.h5")
    keras_vgg.save_weights(path)
    return path


def keras_name(layer):
    return f"block{layer[4]}_conv{layer[6]}"


def random_images(*shape):
    return np.random.default_rng(2).uniform(size=shape).astype(np.float32)


def test_features_are_keras_features_times_one_factor_a_layer(keras_vgg, weights_file):
    layers = PERCEPTUAL_LAYERS + STYLE_LAYERS
    outputs = [keras_vgg.get_layer(keras_name(layer)).output for layer in layers]
    reference = tf.keras.Model(keras_vgg.input, outputs)
    images = random_images(2, 37, 50, 3)  # odd sizes: the last row of a block is left out
    expected = reference(tf.keras.applications.vgg19.preprocess_input(images * 255))
    features = Vgg19(weights_file)(images)
    assert set(features) == set(layers)
    for layer, theirs in zip(layers, expected):
        ours = features[layer].numpy()
        factor = ours.mean() / theirs.numpy().mean()
        np.testing.assert_allclose(ours, theirs * factor, rtol=1e-3, atol=1e-4 * ours.max())


@pytest.mark.parametrize("weights", ["random", "file"])
def test_each_layer_has_the_stated_mean_on_the_calibration_images(weights, weights_file):
    vgg = Vgg19(weights_file if weights == "file" else weights)
    features = vgg(vgg_module._calibration_images())
    means = {layer: float(tf.reduce_mean(value)) for layer, value in features.items()}
    assert means == pytest.approx({layer: MEAN_ACTIVATIONS[layer] for layer in means}, rel=1e-4)


def test_the_calibration_images_are_middles_of_photographs():
    images = vgg_module._calibration_images()
    assert images.shape == (9, 128, 128, 3)
    assert 0 <= float(tf.reduce_min(images)) < 0.1
    assert 0.9 < float(tf.reduce_max(images)) <= 1


def test_nothing_beyond_the_deepest_layer_is_built():
    vgg = Vgg19("random", layers=["relu2_1"])
    assert [tuple(weight.shape) for weight in vgg.weights if len(weight.shape) == 4] == [
        (3, 3, 3, 64),
        (3, 3, 64, 64),
        (3, 3, 64, 128),
    ]
    assert vgg(random_images(1, 9, 8, 3))["relu2_1"].shape == (1, 4, 4, 128)


def test_a_call_may_ask_for_less():
    vgg = Vgg19("random", layers=["relu1_1", "relu2_1"])
    images = random_images(1, 8, 8, 3)
    features = vgg(images, layers=["relu1_1"])
    assert list(features) == ["relu1_1"]
    np.testing.assert_array_equal(features["relu1_1"], vgg(images)["relu1_1"])
    with pytest.raises(ValueError, match="relu3_1"):
        vgg(images, layers=["relu3_1"])


def test_it_is_frozen_and_passes_a_gradient_to_the_image():
    vgg = Vgg19("random", layers=["relu1_2"])
    assert vgg.trainable_variables == []
    image = tf.constant(random_images(1, 8, 8, 3))
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = tf.reduce_sum(vgg(image)["relu1_2"])
    assert float(tf.reduce_min(tf.norm(tape.gradient(value, image), axis=-1))) > 0


def test_random_weights_are_he_normal_and_always_the_same():
    first, second = random_weights(), random_weights()
    assert first.sha256 == second.sha256
    # The same on every machine, or results with random weights could not be compared.
    assert first.sha256 == "399292f7e40524d64f0ac1d6a85c08302c411dc336e0777b82c1f1e097181b38"
    kernel = first.kernels["3_1"]
    assert kernel.shape == (3, 3, 128, 256)
    assert kernel.std() == pytest.approx(np.sqrt(2 / (9 * 128)), rel=0.01)
    assert kernel.mean() == pytest.approx(0, abs=1e-3)
    # Drawn once by hand: PCG64's first two normal numbers of this seed, of deviation sqrt(2 / 27).
    generator = np.random.Generator(np.random.PCG64(19))
    drawn = generator.standard_normal(2, np.float32) * np.sqrt(2 / 27)
    np.testing.assert_allclose(first.kernels["1_1"].ravel()[:2], drawn, rtol=1e-6)
    assert not any(bias.any() for bias in first.biases.values())


def test_the_record_names_the_weights(weights_file):
    record = Vgg19("random", layers=["relu1_1"]).record
    assert record == {"vgg_weights": "random", "vgg_weights_sha256": random_weights().sha256}
    record = Vgg19(weights_file, layers=["relu1_1"]).record
    assert record["vgg_weights"] == "vgg19_notop.h5"
    assert record["vgg_weights_sha256"] == load_weights(weights_file).sha256


@pytest.mark.parametrize("name", ["v3.weights.h5", "model.h5", "model.keras"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_every_keras_format_reads_the_same(name, keras_vgg, weights_file, tmp_path):
    path = str(tmp_path / name)
    (keras_vgg.save_weights if "weights" in name else keras_vgg.save)(path)
    assert load_weights(path).sha256 == load_weights(weights_file).sha256


def test_the_hash_is_of_the_values(weights_file):
    weights = load_weights(weights_file)
    before = weights.sha256
    weights.biases["5_4"][7] += 0.001
    assert weights.sha256 != before


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"no VGG-19 weights file at .*nowhere\.h5"):
        Vgg19(str(tmp_path / "nowhere.h5"))


def test_a_truncated_file(weights_file, tmp_path):
    path = tmp_path / "half.h5"
    with open(weights_file, "rb") as source:
        path.write_bytes(source.read(1_000_000))
    with pytest.raises(InputError, match=r"half\.h5 is not a whole Keras weights file"):
        Vgg19(str(path))


def test_a_file_of_another_kind(tmp_path):
    path = tmp_path / "notes.h5"
    path.write_text("not weights")
    with pytest.raises(InputError, match=r"notes\.h5 is not a whole Keras weights file"):
        Vgg19(str(path))


def test_weights_of_another_network(tmp_path):
    path = str(tmp_path / "vgg16.h5")
    tf.keras.applications.VGG16(include_top=False, weights=None).save_weights(path)
    with pytest.raises(InputError, match="it has no layer block3_conv4"):
        Vgg19(path)


def test_arrays_of_another_shape(tmp_path):
    path = str(tmp_path / "narrow.h5")
    layer = tf.keras.layers.Conv2D(32, 3, input_shape=(None, None, 3), name="block1_conv1")
    tf.keras.Sequential([layer]).save_weights(path)
    message = r"arrays of .*\(3, 3, 3, 32\).* where \(3, 3, 3, 64\) and \(64,\) belong"
    with pytest.raises(InputError, match=message):
        Vgg19(path)


@pytest.mark.parametrize(("value", "message"), [(0.0, "relu1_1 is 0.0"), (np.nan, "not finite")])
def test_useless_values(value, message, keras_vgg, tmp_path):
    path = str(tmp_path / "useless.h5")
    layer = keras_vgg.get_layer("block1_conv1")
    kept = layer.get_weights()
    layer.set_weights([np.full_like(array, value) for array in kept])
    keras_vgg.save_weights(path)
    layer.set_weights(kept)
    with pytest.raises(InputError, match=message):
        Vgg19(path)


def test_a_failed_download_names_both_ways_out(monkeypatch):
    seen = {}

    def refuse(*_, **__):
        seen["timeout"] = socket.getdefaulttimeout()
        raise Exception("URL fetch failure on https://...:\nNone -- [Errno -3] name resolution")

    monkeypatch.setattr(tf.keras.utils, "get_file", refuse)
    with pytest.raises(InputError) as caught:
        Vgg19("imagenet")
    message = str(caught.value)
    assert "\n" not in message
    assert KERAS_FILE in message
    assert "--vgg_weights=FILE" in message
    assert "--vgg_weights=random" in message
    assert "name resolution" in message
    assert 0 < seen["timeout"] <= 30  # a silent network must not hang for minutes
    assert socket.getdefaulttimeout() is None


def test_imagenet_reads_what_keras_downloaded(monkeypatch, weights_file):
    monkeypatch.setattr(tf.keras.utils, "get_file", lambda *_, **__: weights_file)
    weights = load_weights("imagenet")
    assert weights.name == "imagenet"
    assert weights.sha256 == load_weights(weights_file).sha256


@pytest.mark.parametrize("layers", [[], ["relu1_3"], ["block1_conv1"]])
def test_unknown_layers(layers):
    with pytest.raises(ValueError, match="layers must be names of relu1_1"):
        Vgg19("random", layers=layers)


def test_too_small_an_image():
    vgg = Vgg19("random", layers=["relu2_1"])
    with pytest.raises(ValueError, match="too small for relu2_1"):
        vgg(random_images(1, 1, 8, 3))


def test_bfloat16_is_close():
    images = random_images(1, 16, 16, 3)
    half = Vgg19("random", dtype="bfloat16", layers=["relu2_2"])(images)["relu2_2"]
    full = Vgg19("random", layers=["relu2_2"])(images)["relu2_2"]
    assert half.dtype == tf.bfloat16
    difference = tf.norm(tf.cast(half, tf.float32) - full) / tf.norm(full)
    assert 0 < float(difference) < 0.02


def test_the_global_policy_does_not_reach_it():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        features = Vgg19("random", layers=["relu1_1"])(random_images(1, 4, 4, 3))
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert features["relu1_1"].dtype == tf.float32


def test_config_round_trip():
    vgg = Vgg19("random", layers=["relu1_1"])
    copy = tf.keras.layers.deserialize(tf.keras.layers.serialize(vgg))
    assert copy.record == vgg.record
    images = random_images(1, 4, 4, 3)
    np.testing.assert_array_equal(copy(images)["relu1_1"], vgg(images)["relu1_1"])


def test_dynamic_shapes_and_a_strategy():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        vgg = Vgg19("random", layers=["relu2_1"])
    spec = tf.TensorSpec((None, None, None, 3))
    traced = tf.function(lambda image: vgg(image)["relu2_1"], input_signature=[spec])
    for shape in [(1, 8, 10, 3), (2, 6, 4, 3)]:
        images = random_images(*shape)
        np.testing.assert_allclose(traced(images), vgg(images)["relu2_1"], rtol=1e-5, atol=1e-5)
