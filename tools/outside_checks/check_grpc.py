"""TensorFlow Serving's own stubs, without this project, ask this project's server.

python check_grpc.py CASES HOST:PORT
"""

from __future__ import annotations

import sys

import grpc
import numpy as np
import tensorflow as tf
from cases import DIFFERENCE, GREY_LEVELS, difference, grey_levels, read_cases, verdict
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

_MODEL, _SECONDS = "inpainting", 120


def main() -> None:
    cases_folder, address = sys.argv[1:]
    cases = read_cases(cases_folder)
    channel = grpc.insecure_channel(address)
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    _check_status(model_service_pb2_grpc.ModelServiceStub(channel))
    _check_metadata(stub)
    off = 0
    for case in cases:
        inputs = {name: case[name] for name in ("image", "mask")}
        off = max(off, grey_levels(_predict(stub, "", inputs)["completed"], case))
        floats = {"image": case["float_image"], "mask": case["float_mask"]}
        apart = difference(_predict(stub, "generate", floats), case)
        if apart > DIFFERENCE:
            raise SystemExit(f"generate is off by {apart:.3g}, limit {DIFFERENCE:g}")
        files = {f"{name}_bytes": _png(case[name]) for name in ("image", "mask")}
        png = _predict(stub, "serve_bytes", files)["completed_bytes"][0]
        off = max(off, grey_levels(tf.io.decode_png(png).numpy()[np.newaxis], case))
    said = f"status, metadata and 3 signatures, {len(cases)} sizes (grey levels)"
    verdict(said, off, GREY_LEVELS)


def _check_status(stub: model_service_pb2_grpc.ModelServiceStub) -> None:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = _MODEL
    states = stub.GetModelStatus(request, _SECONDS).model_version_status
    if [(state.version, state.state) for state in states] != [(1, states[0].AVAILABLE)]:
        raise SystemExit(f"expected version 1, AVAILABLE; got {states}")


def _check_metadata(stub: prediction_service_pb2_grpc.PredictionServiceStub) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = _MODEL
    signatures = get_model_metadata_pb2.SignatureDefMap()
    stub.GetModelMetadata(request, _SECONDS).metadata["signature_def"].Unpack(signatures)
    found = signatures.signature_def["serving_default"]
    if (set(found.inputs), set(found.outputs)) != ({"image", "mask"}, {"completed"}):
        raise SystemExit(f"serving_default is said to be {found}")


def _predict(
    stub: prediction_service_pb2_grpc.PredictionServiceStub,
    signature: str,
    inputs: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = _MODEL
    request.model_spec.signature_name = signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    answer = stub.Predict(request, _SECONDS)
    return {name: tf.make_ndarray(tensor) for name, tensor in answer.outputs.items()}


def _png(batch: np.ndarray) -> np.ndarray:
    return np.array([tf.io.encode_png(batch[0]).numpy()], object)


if __name__ == "__main__":
    main()
