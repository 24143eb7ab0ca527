"""Many at once: limits, time, stopping, and everyone's own answer."""

from __future__ import annotations

import base64
import concurrent.futures
import json

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from inpainting.errors import InputError
from inpainting.serving.server.limits import Limits

REQUEST = {"inputs": {"image": [[[[1, 2, 3]]]], "mask": [[[[1]]]]}}


def in_flight(server):
    return server.metrics.in_flight._value.get()


def test_every_answer_is_its_own_requests(live, reference, rng, png):
    """Photos of four sizes by six clients at once, over both interfaces and all formats."""
    channel = grpc.insecure_channel(live.grpc)
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def ask(number):
        # Sizes recur, so that requests are joined; the content never does.
        height, width = ((8, 8), (8, 9), (12, 8), (12, 9))[number % 4]
        local = np.random.default_rng(number)
        image = local.integers(0, 256, (height, width, 3), dtype=np.uint8)
        mask = (255 * (local.random((height, width)) < 0.5)).astype(np.uint8)
        if number % 3 == 0:
            row = {"image": image.tolist(), "mask": mask[..., np.newaxis].tolist()}
            status, answer = live.predict({"instances": [row]})
            assert status == 200
            completed = np.array(answer["predictions"][0])
        elif number % 3 == 1:
            row = {
                f"{name}_bytes": {"b64": base64.b64encode(png(array)).decode()}
                for name, array in (("image", image), ("mask", mask))
            }
            status, answer = live.predict({"signature_name": "serve_bytes", "instances": [row]})
            assert status == 200
            data = base64.b64decode(answer["predictions"][0]["b64"])
            completed = tf.io.decode_png(data).numpy()
        else:
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "tiny"
            request.inputs["image"].CopyFrom(tf.make_tensor_proto(image[np.newaxis]))
            request.inputs["mask"].CopyFrom(tf.make_tensor_proto(mask[np.newaxis, ..., np.newaxis]))
            outputs = stub.Predict(request, timeout=60).outputs
            completed = tf.make_ndarray(outputs["completed"])[0]
        return image, mask, completed

    with concurrent.futures.ThreadPoolExecutor(6) as executor:
        answers = list(executor.map(ask, range(240)))
    channel.close()
    for image, mask, completed in answers:
        np.testing.assert_array_equal(completed[mask == 0], image[mask == 0])
        # The fill depends on the photo's own mean and neighbours; joined, it may round a level off.
        given = {"image": image[np.newaxis], "mask": mask[np.newaxis, ..., np.newaxis]}
        alone = reference["serving_default"](**given)["completed"][0].astype(int)
        assert np.abs(completed - alone).max() <= 1
    page = live.metrics.page().decode()
    counts = dict(line.rsplit(" ", 1) for line in page.splitlines() if line[0] != "#")
    samples = float(counts["inpainting_batch_samples_sum"])
    assert samples > float(counts["inpainting_batch_samples_count"])  # some were joined


def test_a_full_queue_is_429(tiny, start, held, until):
    server = start(tiny, queue=2)
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        waiting = [executor.submit(server.predict, REQUEST) for _ in range(2)]
        until(lambda: in_flight(server) == 2)
        status, headers, body = server.ask("/v1/models/tiny:predict", REQUEST)
        assert (status, headers["retry-after"]) == (429, "1")
        assert "2 requests are waiting" in json.loads(body)["error"]
        assert server.ask("/fill", b"x")[0] == 429
        with grpc.insecure_channel(server.grpc) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            with pytest.raises(grpc.RpcError) as caught:
                stub.Predict(predict_pb2.PredictRequest(), timeout=30)
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        # Status and health are answered all the while.
        assert server.ask("/healthz/ready")[0] == server.ask("/v1/models/tiny")[0] == 200
        held.set()
        assert [one.result(60)[0] for one in waiting] == [200, 200]
    assert server.predict(REQUEST)[0] == 200


def test_time_over_is_503(tiny, start, held, until):
    server = start(tiny, timeout_seconds=0.3)
    status, headers, body = server.ask("/v1/models/tiny:predict", REQUEST)
    assert (status, headers["retry-after"]) == (503, "1")
    assert "0.3 s" in json.loads(body)["error"]
    until(lambda: in_flight(server) == 0)
    # Its batch is with the network; those who wait behind it give up uncomputed.
    assert server.predict(REQUEST)[0] == 503
    held.set()
    until(lambda: held.started == 1 and server.predict(REQUEST)[0] == 200)
    assert held.started == 2


def test_a_body_that_never_ends_is_503(tiny, start, until):
    server = start(tiny, timeout_seconds=0.3)
    import http.client

    connection = http.client.HTTPConnection(server.url[len("http://") :], timeout=30)
    connection.putrequest("POST", "/v1/models/tiny:predict")
    connection.putheader("Content-Length", "100")
    connection.endheaders(b'{"inputs"')
    assert connection.getresponse().status == 503
    connection.close()
    until(lambda: in_flight(server) == 0)  # the answer may arrive before the count is taken back


def test_fill_stops_between_crops_when_its_time_is_over(tiny, start, rng, png, monkeypatch):
    import time

    from inpainting.serving.predictor import Predictor

    calls = []
    generate = Predictor.generate

    def slow(predictor, images, masks):
        calls.append(images.shape)
        time.sleep(0.4)
        return generate(predictor, images, masks)

    monkeypatch.setattr(Predictor, "generate", slow)
    server = start(tiny, timeout_seconds=1.0)
    image = rng.integers(0, 256, (40, 6000, 3), dtype=np.uint8)
    mask = np.zeros((40, 6000), np.uint8)
    mask[10:20] = 255
    mask[:, ::50] = 0
    parts = (("image", png(image)), ("mask", png(mask)))
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n%s\r\n'
        % (name.encode(), data)
        for name, data in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    status, _, answer = server.ask("/fill", body + b"--x--\r\n", headers)
    assert (status, b"time" in answer) == (503, True)
    time.sleep(1.0)
    count = len(calls)
    assert 1 <= count <= 4
    time.sleep(0.6)
    assert len(calls) == count  # nobody works for an asker who has gone


def test_stopping_answers_what_is_in_and_refuses_the_rest(tiny, start, held, until):
    server = start(tiny)
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        waiting = [executor.submit(server.predict, REQUEST) for _ in range(3)]
        until(lambda: in_flight(server) == 3)
        server.begin_stop()
        until(lambda: server.ask("/healthz/ready")[0] == 503)
        status, headers, body = server.ask("/v1/models/tiny:predict", REQUEST)
        assert (status, headers["retry-after"]) == (503, "1")
        assert "stopping" in json.loads(body)["error"]
        assert server.ask("/healthz/live")[0] == 200
        with grpc.insecure_channel(server.grpc) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            with pytest.raises(grpc.RpcError) as caught:
                stub.Predict(predict_pb2.PredictRequest(), timeout=30)
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        held.set()
        assert [one.result(60)[0] for one in waiting] == [200, 200, 200]
    server.stop()


@pytest.mark.parametrize("name", ["request_megabytes", "queue", "timeout_seconds", "batch_size"])
def test_limits_are_above_nothing(name):
    for value in (0, float("nan"), float("inf")):
        with pytest.raises(InputError, match=name):
            Limits(**{name: value})
    with pytest.raises(InputError, match="batch_delay_ms"):
        Limits(batch_delay_ms=-1)


def test_a_refused_request_leaves_nothing_for_the_garbage_collector(tiny):
    """Its body would stay in memory until a full collection, and abuse would fill it."""
    import asyncio
    import gc
    import weakref

    from inpainting.serving.server.metrics import Metrics
    from inpainting.serving.server.refusal import Refusal
    from inpainting.serving.server.service import Service

    class Body:
        pass

    bodies = []

    def parse(body):
        try:
            raise ValueError(body)
        except ValueError as error:
            raise Refusal(400, "no JSON") from error

    async def ask(service):
        async def answer():
            body = Body()
            bodies.append(weakref.ref(body))
            await service.in_thread(parse, body)

        with pytest.raises(Refusal, match="no JSON"):
            await service.in_time(answer())

    async def main():
        service = Service(tiny, Limits(), Metrics())
        gc.disable()
        try:
            for _ in range(3):
                await ask(service)
            await asyncio.sleep(0.05)
            assert [body() for body in bodies[:-1]] == [None, None]
        finally:
            gc.enable()
            service.close()

    asyncio.run(main())
