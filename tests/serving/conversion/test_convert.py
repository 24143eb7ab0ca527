"""Conversion as a whole, by the one format that needs no further packages."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.serving.conversion import tflite_format
from inpainting.serving.conversion.formats import Runtime
from inpainting.serving.export import export


def test_tflite_answers_as_the_network_does(generator, tmp_path, rng, capsys):
    version = export(generator, str(tmp_path), size=(24, 16), detail=False, formats=["tflite"])
    assert sorted(os.listdir(tmp_path)) == ["1"]
    converted = tmp_path / "1" / "converted"
    assert sorted(os.listdir(converted)) == ["model.tflite", "parity.json"]
    assert tf.saved_model.load(version).signatures["generate"]

    runner = tf.lite.Interpreter(str(converted / "model.tflite")).get_signature_runner()
    inputs = {
        name: (tuple(one["shape"]), one["dtype"])
        for name, one in runner.get_input_details().items()
    }
    assert inputs == {"image": ((1, 16, 24, 3), np.float32), "mask": ((1, 16, 24, 1), np.float32)}
    image = rng.random((1, 16, 24, 3), np.float32)
    mask = (rng.random((1, 16, 24, 1)) > 0.6).astype(np.float32)
    (completed,) = runner(image=image, mask=mask).values()
    known = mask[..., 0] == 0
    np.testing.assert_array_equal(completed[known], image[known])
    refined = generator(image, mask)["refined"].numpy()
    np.testing.assert_allclose(completed[~known], refined[~known], atol=1e-5)

    record = json.loads((converted / "parity.json").read_text())
    (row,) = record["rows"]
    assert (row["runtime"], row["size"], row["unchanged"]) == ("tflite", "24x16", True)
    assert row["maximum"] < 0.01
    assert row["mean"] <= row["maximum"]
    assert record["versions"] == {"tensorflow": tf.__version__}
    assert "| tflite | 24x16 |" in capsys.readouterr().out


def test_a_conversion_that_answers_otherwise_is_not_kept(generator, tmp_path, monkeypatch, capsys):
    def darker(path):
        return [Runtime("tflite", lambda image, mask: np.where(mask > 0.5, 0, image), 1.0)]

    monkeypatch.setattr(tflite_format, "runtimes", darker)
    with pytest.raises(InputError, match=r"tflite at 24x16 differs by .* nothing was exported"):
        export(generator, str(tmp_path), size=(24, 16), detail=False, formats=["tflite"])
    assert os.listdir(tmp_path) == []
    assert "| tflite | 24x16 |" in capsys.readouterr().out


def test_what_a_converter_refuses_is_one_line_and_leaves_nothing(tmp_path):
    class Sorter(tf.keras.Model):
        """A network with an operation that TensorFlow Lite has not got."""

        def call(self, image, mask, training=None):
            order = tf.raw_ops.Betainc(a=image + 1, b=image + 1, x=image)
            return {"coarse": order, "refined": order}

    with pytest.raises(InputError, match=r"^TensorFlow Lite cannot take this model: ") as caught:
        export(Sorter(), str(tmp_path), size=(24, 16), detail=False, formats=["tflite"])
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_format_that_cannot_be_is_refused_before_anything_is_made(generator, tmp_path):
    with pytest.raises(InputError, match="add --size"):
        export(generator, str(tmp_path / "model"), formats=["tflite"])
    assert not (tmp_path / "model").exists()
