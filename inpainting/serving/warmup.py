"""Warm-up records: requests that TensorFlow Serving sends to a version before it takes it on.

    VERSION/assets.extra/tf_serving_warmup_requests

is a TFRecord file of `tensorflow.serving.PredictionLog`, the format and place that TensorFlow
Serving documents ("SavedModel Warmup"). A graph's first call at a size is the slow one; with a
record for each size that clients send, no client meets it. TensorFlow Serving takes 1,000 at most.
This project's server does the same with them.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError

WARMUP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
_MOST_RECORDS = 1000


def check_installed() -> None:
    """Raises `InputError` where the messages that records are made of are not installed."""
    if importlib.util.find_spec("tensorflow_serving") is None:
        raise InputError(
            "warm-up records need tensorflow-serving-api: pip install -r requirements-serving.txt"
        )


def write_warmup(folder: str, sizes: Sequence[tuple[int, int]]) -> None:
    """Writes one record a size for `serving_default`, one for `serve_bytes`, one for `generate`.

    Args:
        folder: the SavedModel's.
        sizes: (width, height) each, in pixels.

    Raises:
        InputError: tensorflow-serving-api is not installed.
    """
    check_installed()
    path = os.path.join(folder, WARMUP_FILE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tf.io.TFRecordWriter(path) as writer:
        for width, height in sizes:
            for signature, inputs in _requests(width, height):
                writer.write(_record(signature, inputs).SerializeToString())


def read_warmup(folder: str) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The signature and the inputs of each record; of a SavedModel without records there is none.

    Args:
        folder: the SavedModel's.

    Raises:
        ValueError: a record is no `:predict`, or there are more than TensorFlow Serving takes.
        tensorflow.errors.DataLossError: the file is damaged.
    """
    path = os.path.join(folder, WARMUP_FILE)
    if not os.path.isfile(path):
        return
    from tensorflow_serving.apis import prediction_log_pb2

    for number, data in enumerate(tf.data.TFRecordDataset(path).as_numpy_iterator()):
        if number == _MOST_RECORDS:
            raise ValueError(f"{path} has more than {_MOST_RECORDS} records")
        log = prediction_log_pb2.PredictionLog.FromString(data)
        if log.WhichOneof("log_type") != "predict_log":
            raise ValueError(f"{path} has a record that is no predict_log, number {number}")
        request = log.predict_log.request
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        yield request.model_spec.signature_name or "serving_default", inputs


def _requests(width: int, height: int) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """A grey photo with a hole of a quarter of it, as each signature takes it."""
    image = np.full((1, height, width, 3), 128, np.uint8)
    mask = np.zeros((1, height, width, 1), np.uint8)
    mask[:, height // 4 : (3 * height + 3) // 4, width // 4 : (3 * width + 3) // 4] = 255
    yield "serving_default", {"image": image, "mask": mask}
    files = {"image_bytes": image[0], "mask_bytes": mask[0]}
    encoded = {name: tf.io.encode_png(array).numpy() for name, array in files.items()}
    yield "serve_bytes", {name: np.array([data], object) for name, data in encoded.items()}
    floats = {"image": image / np.float32(255), "mask": (mask > 0).astype(np.float32)}
    yield "generate", floats


def _record(signature: str, inputs: dict[str, np.ndarray]) -> Any:
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    request = predict_pb2.PredictRequest()
    # Without the model's name: it is given when a server starts, and warm-up does not look at it.
    request.model_spec.signature_name = signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    return prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)
    )
