"""Clients of a served model, over REST or gRPC: of this project's server or TensorFlow Serving.

    from inpainting.serving.client import RestClient

    client = RestClient("http://127.0.0.1:8501")
    completed = client.fill(image, mask)

The REST client needs NumPy and Pillow only; the gRPC client needs requirements-serving.txt, and
imports TensorFlow for its messages. A fill changes nothing on the server, so that a request whose
answer was lost may be sent again: that happens after 429, 503 and broken connections, with growing
pauses, and after nothing else. Clients are not for several threads at once.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import random
import socket
import time
import urllib.parse
from typing import Any, Callable, TypeVar

import numpy as np
from PIL import Image

Result = TypeVar("Result")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0
_RETRIED_STATUSES = (429, 503)


class ServerError(RuntimeError):
    """The server refused a request, or could not be reached.

    Attributes:
        code: the HTTP status as a number, or the name of gRPC's; 0, "UNAVAILABLE" or
            "DEADLINE_EXCEEDED" where there was no answer at all.
    """

    def __init__(self, code: int | str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code


class RestClient:
    """Speaks TensorFlow Serving's REST.

    Args:
        url: `http://HOST:PORT`, or https.
        model: the model's name.
        version: None for the newest.
        timeout_seconds: for one attempt, connecting and each read.
        retries: further attempts.
        api_key: sent as `Authorization: Bearer`.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8501",
        model: str = "inpainting",
        version: int | None = None,
        timeout_seconds: float = 120.0,
        retries: int = 4,
        api_key: str = "",
    ):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must be http://HOST:PORT, received {url!r}")
        secure = parts.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = connect(parts.hostname, parts.port, timeout=timeout_seconds)
        self._prefix = parts.path.rstrip("/")
        self._path = f"{self._prefix}/v1/models/{urllib.parse.quote(model, safe='')}"
        if version is not None:
            self._path += f"/versions/{version}"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._retries = retries

    def fill(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Fills one photo; sent as PNG, both ways.

        Args:
            image: uint8 (H, W, 3).
            mask: (H, W), bool, 0 and 1, or 0 to 255; not 0 or False = hole, from 128 up where the
                largest value is above 1.

        Returns:
            uint8 (H, W, 3), outside the hole bit for bit the image.

        Raises:
            ServerError: the server refuses it, or cannot be reached.
        """
        return _decoded(self.fill_bytes(*_encoded(image, mask)))

    def fill_bytes(self, image: bytes, mask: bytes) -> bytes:
        """Fills one photo: encoded files in, a PNG's bytes out; as `fill` otherwise."""
        instance = {"image_bytes": _b64(image), "mask_bytes": _b64(mask)}
        answer = self.predict({"signature_name": "serve_bytes", "instances": [instance]})
        return base64.b64decode(answer["predictions"][0]["b64"])

    def predict(self, request: dict[str, Any]) -> dict[str, Any]:
        """Any `:predict`, in rows or columns; returns the answer's JSON."""
        return json.loads(self._send("POST", ":predict", json.dumps(request).encode()))

    def status(self) -> dict[str, Any]:
        """The versions and their states."""
        return json.loads(self._send("GET", ""))

    def metadata(self) -> dict[str, Any]:
        """The signatures."""
        return json.loads(self._send("GET", "/metadata"))

    def close(self) -> None:
        """Closes the connection; the next call opens it again."""
        self._connection.close()

    def _send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {**self._headers, **({"Content-Type": "application/json"} if body else {})}

        def attempt() -> bytes:
            try:
                self._connection.request(method, self._path + path, body, headers)
                response = self._connection.getresponse()
                data = response.read()
            except socket.timeout as error:  # the server may still be at it: no second time
                self._connection.close()
                seconds = self._connection.timeout
                raise ServerError(0, f"no answer within {seconds:g} s") from error
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise _Again(
                    ServerError(0, f"no answer: {error or type(error).__name__}")
                ) from error
            if response.status == 200:
                return data
            refusal = ServerError(response.status, _message(data))
            if response.status in _RETRIED_STATUSES:
                raise _Again(refusal, _seconds(response.getheader("Retry-After")))
            raise refusal

        return _with_retries(attempt, self._retries)


class GrpcClient:
    """Speaks TensorFlow Serving's gRPC; arguments as `RestClient`'s, but for the address.

    Args:
        address: `HOST:PORT`, without encryption.
    """

    def __init__(
        self,
        address: str = "127.0.0.1:8500",
        model: str = "inpainting",
        version: int | None = None,
        timeout_seconds: float = 120.0,
        retries: int = 4,
        api_key: str = "",
    ):
        import grpc
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        unlimited = [(f"grpc.max_{way}_message_length", -1) for way in ("send", "receive")]
        self._channel = grpc.insecure_channel(address, options=unlimited)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._model, self._version = model, version
        self._timeout, self._retries = timeout_seconds, retries
        self._metadata = [("authorization", f"Bearer {api_key}")] if api_key else []

    def fill(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """As `RestClient.fill`; the pixels are sent as they are."""
        image, mask = _checked(image, mask)
        inputs = {"image": image[np.newaxis], "mask": mask[np.newaxis, ..., np.newaxis]}
        return self.predict(inputs)["completed"][0]

    def fill_bytes(self, image: bytes, mask: bytes) -> bytes:
        """As `RestClient.fill_bytes`."""
        inputs = {"image_bytes": np.array([image], object), "mask_bytes": np.array([mask], object)}
        return self.predict(inputs, "serve_bytes")["completed_bytes"][0]

    def predict(
        self, inputs: dict[str, np.ndarray], signature: str = "serving_default"
    ) -> dict[str, np.ndarray]:
        """Any signature: arrays in, arrays out."""
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._model
        request.model_spec.signature_name = signature
        if self._version is not None:
            request.model_spec.version.value = self._version
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))

        def attempt() -> dict[str, np.ndarray]:
            try:
                answer = self._stub.Predict(request, self._timeout, metadata=self._metadata)
            except grpc.RpcError as error:
                refusal = ServerError(error.code().name, error.details())
                if error.code() == grpc.StatusCode.UNAVAILABLE:
                    raise _Again(refusal) from error
                raise refusal from error
            return {name: tf.make_ndarray(tensor) for name, tensor in answer.outputs.items()}

        return _with_retries(attempt, self._retries)

    def close(self) -> None:
        """Closes the channel, for good."""
        self._channel.close()


class _Again(Exception):
    """An attempt failed in a way that may pass."""

    def __init__(self, error: ServerError, least_seconds: float = 0.0):
        super().__init__(str(error))
        self.error = error
        self.least_seconds = least_seconds


def _with_retries(attempt: Callable[[], Result], retries: int) -> Result:
    """Pauses twice as long each time, cut at random so that clients don't come back together."""
    for count in range(retries + 1):
        try:
            return attempt()
        except _Again as again:
            if count == retries:
                raise again.error from again
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**count) * random.uniform(0.5, 1)
            time.sleep(min(_LONGEST_PAUSE, max(again.least_seconds, pause)))
    raise ValueError(f"retries must be 0 or more, received {retries}")


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0


def _message(data: bytes) -> str:
    try:
        return json.loads(data)["error"]
    except (ValueError, KeyError, TypeError):  # of a proxy between
        return data[:200].decode("utf-8", "replace")


def _b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode()}


def _checked(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The image, and the mask as uint8 (H, W) of 0 and 255."""
    image, mask = np.asarray(image), np.asarray(mask)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image must be uint8 (H, W, 3), received {image.dtype} {image.shape}")
    if mask.shape != image.shape[:2] or mask.dtype not in (bool, np.uint8):
        raise ValueError(
            f"mask must be bool or uint8 {image.shape[:2]}, received {mask.dtype} {mask.shape}"
        )
    hole = mask >= (128 if mask.max(initial=0) > 1 else 1)
    return image, np.where(hole, np.uint8(255), np.uint8(0))


def _encoded(image: np.ndarray, mask: np.ndarray) -> tuple[bytes, bytes]:
    image, mask = _checked(image, mask)
    return _png(image), _png(mask)


def _png(array: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(array).save(data, format="PNG", compress_level=1)
    return data.getvalue()


def _decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))
