"""A server inside the test's process, on ports of its own, with a model as small as they come."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from inpainting.serving.server.access import Access
from inpainting.serving.server.limits import Limits
from inpainting.serving.server.metrics import Metrics
from inpainting.serving.server.model_folder import ModelFolder
from inpainting.serving.server.running import Options, run
from inpainting.serving.server.served_model import Signature


class Live:
    """A running server: `url` and `grpc` are its addresses."""

    def __init__(self, models, limits, access, metrics):
        self.metrics = metrics
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(models, limits, access, metrics)), daemon=True
        )
        self._thread.start()
        assert self._ready.wait(60)

    async def _run(self, models, limits, access, metrics):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        options = Options(rest_port=0, grpc_port=0, poll_seconds=0.05, stop_seconds=20)
        await run(models, options, limits, access, metrics, self._stop, self._listening)

    def _listening(self, rest, grpc):
        self.url, self.grpc = f"http://{rest}", grpc
        self._ready.set()

    def begin_stop(self):
        self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self):
        with contextlib.suppress(RuntimeError):  # it has stopped before
            self.begin_stop()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def ask(self, path, data=None, headers=None, method=None):
        """(status, headers, body) of a request; a dict is sent as JSON."""
        body = json.dumps(data).encode() if isinstance(data, dict) else data
        request = urllib.request.Request(self.url + path, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def predict(self, data, headers=None, where="/v1/models/tiny:predict"):
        """(status, JSON) of a `:predict`."""
        status, _, body = self.ask(where, data, headers)
        return status, json.loads(body)


@pytest.fixture(scope="session")
def model_path(exported):
    """The folder of the tiny model's versions; there is one, 1."""
    return os.path.dirname(exported)


@pytest.fixture(scope="session")
def tiny(model_path):
    return ModelFolder(model_path, "tiny")


@pytest.fixture
def start():
    """Starts servers, and stops them after the test."""
    with contextlib.ExitStack() as stack:

        def start_one(models, access=None, **limits):
            live = Live(models, Limits(**limits), access or Access(), Metrics())
            stack.callback(live.stop)
            return live

        yield start_one


@pytest.fixture(scope="session")
def live(tiny):
    """A server with the usual limits, for all tests that don't change it."""
    server = Live(tiny, Limits(), Access(), Metrics())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def reference(exported):
    """The SavedModel's signatures, without any server."""
    module = tf.saved_model.load(exported)
    return {
        name: lambda function=function, **inputs: {
            key: value.numpy()
            for key, value in function(
                **{name: tf.constant(array) for name, array in inputs.items()}
            ).items()
        }
        for name, function in module.signatures.items()
    }


@pytest.fixture
def held(monkeypatch):
    """The network stops before each batch until `held.set()`; `held.started` counts batches."""
    event = threading.Event()
    event.started = 0
    compute = Signature.__call__

    def wait(signature, inputs):
        event.started += 1
        assert event.wait(60)
        return compute(signature, inputs)

    monkeypatch.setattr(Signature, "__call__", wait)
    yield event
    event.set()


@pytest.fixture(scope="session")
def until():
    """Waits until a condition holds."""

    def wait(condition, seconds=120):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came"
            time.sleep(0.005)

    return wait


@pytest.fixture
def photo(rng):
    """Makes a uint8 image (H, W, 3) and mask (H, W) of 0 and 255."""

    def make(height, width):
        image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        mask = (255 * (rng.random((height, width)) < 0.4)).astype(np.uint8)
        mask[0, 0], mask[-1, -1] = 255, 0
        return image, mask

    return make


@pytest.fixture(scope="session")
def png():
    """Encodes uint8 (H, W, 3) or (H, W)."""

    def encode(array):
        return tf.io.encode_png(array if array.ndim == 3 else array[..., np.newaxis]).numpy()

    return encode
