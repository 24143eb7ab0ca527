"""The gRPC interface: TensorFlow Serving's PredictionService and ModelService.

Predict, GetModelMetadata and GetModelStatus are answered; Classify, Regress and MultiInference,
which make no sense for pictures, are UNIMPLEMENTED. The handlers are put together here, and not by
the generated code, because that answers bytes which are no message with a stack trace in the log.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable
from typing import Any, Callable, TypeVar

import grpc
import numpy as np
import tensorflow as tf
from absl import logging
from google.protobuf.message import DecodeError, Message
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

from inpainting.serving.server import replies
from inpainting.serving.server.access import Access
from inpainting.serving.server.inputs import check_names
from inpainting.serving.server.json_format import DEFAULT_SIGNATURE
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.server.served_model import ServedModel
from inpainting.serving.server.service import Service

Request = TypeVar("Request", bound=Message)


def make_handlers(service: Service, access: Access) -> list[grpc.GenericRpcHandler]:
    """What `grpc.aio.Server.add_generic_rpc_handlers` takes."""

    async def predict(request: predict_pb2.PredictRequest, seconds: float | None) -> Message:
        with service.admitted():
            return await service.in_time(_predict(service, request), seconds)

    async def metadata(
        request: get_model_metadata_pb2.GetModelMetadataRequest, seconds: float | None
    ) -> Message:
        return _metadata(service, request)

    async def status(
        request: get_model_status_pb2.GetModelStatusRequest, seconds: float | None
    ) -> Message:
        version = _version(request.model_spec)
        return replies.status(service.models, request.model_spec.name, version)

    services: dict[str, dict[str, tuple[Any, Any]]] = {
        "tensorflow.serving.PredictionService": {
            "Predict": (predict_pb2.PredictRequest, predict),
            "GetModelMetadata": (get_model_metadata_pb2.GetModelMetadataRequest, metadata),
        },
        "tensorflow.serving.ModelService": {
            "GetModelStatus": (get_model_status_pb2.GetModelStatusRequest, status),
        },
    }
    return [
        grpc.method_handlers_generic_handler(
            name,
            {method: _handler(service, access, method, *pair) for method, pair in methods.items()},
        )
        for name, methods in services.items()
    ]


def _handler(
    service: Service,
    access: Access,
    method: str,
    kind: type[Request],
    answer: Callable[[Request, float | None], Awaitable[Message]],
) -> grpc.RpcMethodHandler:
    """Parses a message, checks the key, answers; refusals become gRPC statuses. All are counted."""

    async def handle(data: bytes, context: grpc.aio.ServicerContext) -> Message:
        started = time.monotonic()
        code, details = "CANCELLED", ""
        try:
            access.check(context.invocation_metadata() or ())
            reply = await answer(_parsed(kind, data), _seconds_left(context))
            code = "OK"
            return reply
        except Refusal as refusal:
            code, details = refusal.grpc_code, refusal.message
        except Exception:
            logging.exception("gRPC %s failed", method)
            code, details = "INTERNAL", "the server failed; its log says why"
        finally:
            service.metrics.requests.labels("grpc", method, code).inc()
            service.metrics.seconds.labels("grpc", method).observe(time.monotonic() - started)
        return await context.abort(grpc.StatusCode[code], details)  # raises

    return grpc.unary_unary_rpc_method_handler(
        handle, response_serializer=lambda reply: reply.SerializeToString()
    )


def _parsed(kind: type[Request], data: bytes) -> Request:
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise Refusal(400, f"the request is no {kind.DESCRIPTOR.name}") from error


async def _predict(
    service: Service, request: predict_pb2.PredictRequest
) -> predict_pb2.PredictResponse:
    model = _model(service, request.model_spec)
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = model.signature(name)
    for wanted in request.output_filter:
        if wanted not in signature.output_names:
            raise Refusal(400, f"output {wanted[:80]!r} is unknown")
    limit = service.limits.request_bytes
    inputs = await service.in_thread(_to_arrays, request, signature.specs, limit)
    outputs = await service.predict(model, name, inputs)
    response = predict_pb2.PredictResponse()
    response.model_spec.name = service.models.name
    response.model_spec.signature_name = name
    response.model_spec.version.value = model.version
    for key, array in outputs.items():
        if not request.output_filter or key in request.output_filter:
            response.outputs[key].CopyFrom(tf.make_tensor_proto(array))
    return response


def _metadata(
    service: Service, request: get_model_metadata_pb2.GetModelMetadataRequest
) -> get_model_metadata_pb2.GetModelMetadataResponse:
    model = _model(service, request.model_spec)
    if not request.metadata_field:
        raise Refusal(400, "GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != replies.SIGNATURE_DEF:
            raise Refusal(400, f"Metadata field {field[:80]} is not supported")
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.CopyFrom(request.model_spec)
    response.model_spec.version.value = model.version
    response.metadata[replies.SIGNATURE_DEF].Pack(replies.metadata(model))
    return response


def _seconds_left(context: grpc.aio.ServicerContext) -> float | None:
    left = context.time_remaining()
    return None if left is None or math.isinf(left) else max(left, 0.001)


def _version(spec: Any) -> int | None:
    if spec.version_label:
        raise Refusal(400, f"Unrecognized servable version label: {spec.version_label[:80]}")
    return spec.version.value if spec.HasField("version") else None


def _model(service: Service, spec: Any) -> ServedModel:
    return service.models.get(spec.name, _version(spec))


def _to_arrays(
    request: predict_pb2.PredictRequest, specs: dict[str, tf.TensorSpec], most: int
) -> dict[str, np.ndarray]:
    """The inputs as arrays.

    Raises:
        Refusal: 400, another dtype, a shape that its values don't fill; 413, a shape of more than
            `most` bytes: a few bytes of a message can claim any.
    """
    check_names(specs, set(request.inputs))
    return {name: _array(name, request.inputs[name], spec, most) for name, spec in specs.items()}


def _array(name: str, tensor: Any, spec: tf.TensorSpec, most: int) -> np.ndarray:
    if tensor.dtype != spec.dtype.as_datatype_enum:
        known = types_pb2.DataType.DESCRIPTOR.values_by_number.get(tensor.dtype)
        received = known.name if known else f"data type {tensor.dtype}"
        raise Refusal(400, f"input {name} must be {spec.dtype.name}, received {received}")
    sides = [side.size for side in tensor.tensor_shape.dim]
    if tensor.tensor_shape.unknown_rank or any(side < 0 for side in sides):
        raise Refusal(400, f"input {name} has no complete shape")
    count = len(tensor.string_val)
    if spec.dtype == tf.string and math.prod(sides) != count:
        raise Refusal(400, f"input {name}: its {count} strings do not fill its shape")
    size = math.prod(sides) * spec.dtype.size
    if size > most:
        raise Refusal(413, f"input {name} claims {size} bytes, the most is {most}")
    if any(value < 0 or value > 255 for value in tensor.int_val):
        raise Refusal(400, f"input {name} must be 0 to 255, the values are outside")
    try:
        return tf.make_ndarray(tensor)
    except (TypeError, ValueError, OverflowError) as error:
        raise Refusal(400, f"input {name}: its values do not fill its shape") from error
