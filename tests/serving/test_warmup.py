"""Warm-up records and models of one size."""

from __future__ import annotations

import importlib.util
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.loading import load_generator
from inpainting.serving.export import export
from inpainting.serving.predictor import load


def test_each_record_is_a_request_that_the_model_answers(generator, tmp_path):
    log = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    folder = export(generator, str(tmp_path), warmup=[(16, 8), (5, 24)])
    signatures = tf.saved_model.load(folder).signatures
    path = os.path.join(folder, "assets.extra", "tf_serving_warmup_requests")
    seen = []
    for record in tf.data.TFRecordDataset(path):
        message = log.PredictionLog.FromString(record.numpy())
        assert message.WhichOneof("log_type") == "predict_log"
        request = message.predict_log.request
        name = request.model_spec.signature_name
        inputs = {key: tf.constant(tf.make_ndarray(p)) for key, p in request.inputs.items()}
        answer = signatures[name](**inputs)
        if name == "serve_bytes":
            shape = tf.io.decode_png(answer["completed_bytes"][0]).shape
        else:
            shape = answer["completed" if name == "serving_default" else "refined"].shape[1:]
            holes = float(np.mean(inputs["mask"].numpy() > 0))
            assert 0.1 < holes < 0.5
        seen.append((name, *shape))
    names = ("serving_default", "serve_bytes", "generate")
    assert seen == [(name, *size, 3) for size in ((8, 16), (24, 5)) for name in names]


def test_no_records_unless_asked_for(exported):
    assert os.listdir(os.path.join(exported, "assets.extra")) == ["model_card.json"]


def test_without_the_package_one_line_and_nothing_written(generator, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install -r requirements-serving\.txt"):
        export(generator, str(tmp_path / "model"), warmup=[(8, 8)])
    assert not (tmp_path / "model").exists()


def test_a_model_of_one_size_takes_it_alone(generator, tmp_path, rng):
    folder = export(generator, str(tmp_path), size=(12, 20))
    module = tf.saved_model.load(folder)
    image = rng.integers(0, 256, (2, 20, 12, 3), dtype=np.uint8)
    mask = 255 * (rng.random((2, 20, 12, 1)) < 0.4).astype(np.uint8)
    serve, serve_bytes = (module.signatures[name] for name in ("serving_default", "serve_bytes"))
    completed = serve(image=tf.constant(image), mask=tf.constant(mask))["completed"].numpy()
    free = export(generator, str(tmp_path / "free"))
    expected = (
        tf.saved_model.load(free)
        .signatures["serving_default"](image=tf.constant(image), mask=tf.constant(mask))[
            "completed"
        ]
        .numpy()
    )
    # A fixed graph may sum in another order, and round a level off.
    assert np.abs(completed.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(completed[mask[..., 0] == 0], image[mask[..., 0] == 0])

    def png(arrays):
        return tf.stack([tf.io.encode_png(array) for array in arrays])

    answer = serve_bytes(image_bytes=png(image), mask_bytes=png(mask))["completed_bytes"]
    np.testing.assert_array_equal(tf.io.decode_png(answer[1]), completed[1])
    turned = {"image_bytes": png(image.swapaxes(1, 2)), "mask_bytes": png(mask.swapaxes(1, 2))}
    with pytest.raises(tf.errors.InvalidArgumentError, match="12 x 20"):
        serve_bytes(**turned)
    with open(os.path.join(folder, "assets.extra", "model_card.json")) as file:
        card = json.load(file)
    assert card["signatures"]["generate"]["inputs"]["image"] == "float32 (?, 20, 12, 3)"


def test_the_predictor_of_a_model_of_one_size_takes_it_alone(generator, tmp_path, rng):
    """Larger than the size of its training crops, too: it cannot be filled crop by crop."""
    width, height = 600, 40
    folder = export(generator, str(tmp_path), {"image_size": 32}, size=(width, height))
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.zeros((height, width), bool)
    mask[10:20, 30:500] = True
    predictor = load(folder)
    completed = predictor(image, mask, feather=0, detail=False)
    floats = (image / 255).astype(np.float32)
    expected = generator(floats[np.newaxis], mask[np.newaxis, ..., np.newaxis].astype(np.float32))
    expected = np.where(mask[..., np.newaxis], 255 * expected["refined"][0].numpy(), image)
    assert np.abs(completed - expected).max() <= 1
    words = r"takes photos of 600 x 40 pixels .* alone, received 300 x 40"
    with pytest.raises(InputError, match=words):
        predictor(image[:, 200:500], mask[:, 200:500])
    loaded = load_generator(folder)
    with pytest.raises(InputError, match=words):
        loaded.generate(tf.zeros((1, 40, 300, 3)), tf.zeros((1, 40, 300, 1)))
