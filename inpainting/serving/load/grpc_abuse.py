"""Requests that no honest client sends, over gRPC."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from inpainting.serving.load.abuse import bomb

Rng = np.random.Generator
_SIDES = (-1, 0, 1, 2, 3, 65_536, 2**31, 2**62)
_SIGNATURES = ("", "serving_default", "generate", "serve_bytes", "no_such", "\0")


def grpc_attack(rng: Rng) -> bytes:
    """A Predict message: wrong dtypes, shapes that lie, missing inputs, or no message at all."""
    if rng.random() < 0.1:
        return rng.bytes(int(rng.integers(0, 300)))
    request = predict_pb2.PredictRequest()
    request.model_spec.name = str(rng.choice(["inpainting"] * 8 + ["../x", ""]))
    request.model_spec.signature_name = str(rng.choice(_SIGNATURES))
    if rng.random() < 0.1:
        request.model_spec.version.value = int(rng.choice([-1, 0, 1, 2**62]))
    for name in ("image", "mask", "image_bytes", "mask_bytes"):
        if rng.random() < 0.6:
            request.inputs[name].CopyFrom(_tensor(rng, 1 if name == "mask" else 3))
    data = request.SerializeToString()
    return data[: rng.integers(0, len(data) + 1)] if rng.random() < 0.05 else data


def _tensor(rng: Rng, channels: int) -> tf.compat.v1.TensorProto:
    batch, height, width = rng.integers(0, 3), rng.integers(1, 6), rng.integers(1, 6)
    floats = rng.random((batch, height, width, channels), dtype=np.float32)
    values = (
        *((255 * floats).astype(np.uint8), floats, np.round(floats), floats * np.nan, floats - 0.5),
        *((255 * floats).astype(np.int32), floats.astype(np.float64), floats > 0.5),
        *(np.array([b"x", bomb("PNG", 60_000, 60_000)], object), np.array(3, np.uint8)),
    )
    tensor = tf.make_tensor_proto(values[rng.integers(len(values))])
    if rng.random() < 0.4 and tensor.tensor_shape.dim:
        place = rng.integers(len(tensor.tensor_shape.dim))
        tensor.tensor_shape.dim[place].size = int(rng.choice(_SIDES))
    if rng.random() < 0.1:
        tensor.tensor_shape.unknown_rank = True
    if rng.random() < 0.1:
        tensor.dtype = int(rng.integers(0, 150))
    if rng.random() < 0.1:
        tensor.tensor_content = tensor.tensor_content[:-1]
    if rng.random() < 0.1:
        tensor.int_val.extend([-1, 256, 7])
    return tensor
