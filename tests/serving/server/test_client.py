"""The clients: against a server of ours, and against one that fails as told."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading

import numpy as np
import pytest

from inpainting.serving import client as client_module
from inpainting.serving.client import GrpcClient, RestClient, ServerError


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were made, without making them."""
    made = []
    monkeypatch.setattr(client_module.time, "sleep", made.append)
    return made


@pytest.fixture
def script():
    """A server that answers by a list of (status, headers, JSON); None hangs up."""
    answers, seen = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            seen.append((self.path, dict(self.headers), self.rfile.read(length)))
            answer = answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, headers, content = answer
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.answers, server.seen = answers, seen
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def refused(status, **headers):
    return status, headers, {"error": "words"}


def test_what_may_pass_is_tried_again(script, pauses):
    script.answers[:] = [
        refused(429),
        None,
        refused(503, **{"Retry-After": "3"}),
        (200, {}, {"a": 1}),
    ]
    client = RestClient(script.url, api_key="key")
    assert client.predict({"x": 2}) == {"a": 1}
    assert [path for path, _, _ in script.seen] == ["/v1/models/inpainting:predict"] * 4
    assert {body for _, _, body in script.seen} == {b'{"x": 2}'}
    assert all(headers["Authorization"] == "Bearer key" for _, headers, _ in script.seen)
    assert len(pauses) == 3
    assert 0.125 <= pauses[0] <= 0.25
    assert 0.25 <= pauses[1] <= 0.5
    assert pauses[2] == 3


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500, 504])
def test_what_may_not_is_told_at_once(script, pauses, status):
    script.answers[:] = [refused(status)]
    with pytest.raises(ServerError, match="words") as caught:
        RestClient(script.url).status()
    assert (caught.value.code, pauses) == (status, [])


def test_it_gives_up_in_the_end(script, pauses):
    script.answers[:] = [refused(503)] * 3
    with pytest.raises(ServerError) as caught:
        RestClient(script.url, retries=2).status()
    assert (caught.value.code, len(pauses), script.answers) == (503, 2, [])
    script.shutdown()
    script.server_close()
    with pytest.raises(ServerError, match="no answer") as caught:
        RestClient(script.url, retries=1).status()
    assert (caught.value.code, len(pauses)) == (0, 3)


def test_a_timeout_is_not_tried_again(tiny, start, held, pauses):
    server = start(tiny)
    image, mask = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), bool)
    client = RestClient(server.url, "tiny", timeout_seconds=0.3)
    with pytest.raises(ServerError, match=r"no answer within 0.3 s"):
        client.fill(image, mask)
    with pytest.raises(ServerError, match="DEADLINE_EXCEEDED"):
        GrpcClient(server.grpc, "tiny", timeout_seconds=0.3).fill(image, mask)
    assert pauses == []


def test_both_clients_fill(live, reference, photo, png):
    image, mask = photo(10, 14)
    given = {"image": image[np.newaxis], "mask": mask[np.newaxis, ..., np.newaxis]}
    expected = reference["serving_default"](**given)["completed"][0]
    rest, grpc = RestClient(live.url, "tiny", version=1), GrpcClient(live.grpc, "tiny", version=1)
    for client in (rest, grpc):
        for hole in (mask, mask > 0, mask // 255):
            np.testing.assert_array_equal(client.fill(image, hole), expected)
        assert client.fill_bytes(png(image), png(mask))[:4] == b"\x89PNG"
    assert rest.status()["model_version_status"][0]["version"] == "1"
    assert rest.metadata()["model_spec"]["name"] == "tiny"
    with pytest.raises(ServerError, match="404"):
        RestClient(live.url, "other").fill(image, mask)
    with pytest.raises(ServerError, match="NOT_FOUND"):
        GrpcClient(live.grpc, "other").fill(image, mask)
    with pytest.raises(ValueError, match="mask must be"):
        rest.fill(image, mask[1:])
    with pytest.raises(ValueError, match="image must be"):
        rest.fill(image / 255, mask)
    with pytest.raises(ValueError, match="url must be"):
        RestClient("127.0.0.1:8501")
    rest.close()
    grpc.close()


def test_grpc_is_tried_again_while_the_server_is_full(tiny, start, held, monkeypatch):
    server = start(tiny, queue=1)
    image, mask = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), bool)
    first = threading.Thread(target=RestClient(server.url, "tiny").fill, args=(image, mask))
    first.start()
    while not held.started:
        pass

    def sleep(seconds):
        held.set()
        first.join()

    monkeypatch.setattr(client_module.time, "sleep", sleep)
    np.testing.assert_array_equal(GrpcClient(server.grpc, "tiny").fill(image, ~mask), image)


def test_rest_needs_no_tensorflow():
    code = "import sys, inpainting.serving.client as c; c.RestClient(); "
    code += "print({'tensorflow', 'grpc', 'fastapi'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n", done.stderr
