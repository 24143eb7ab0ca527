"""An S3 server on loopback (moto) that can be made to fail: run as a program, one process.

    python s3_server.py        prints its port

`PUT /faults?every=3&kinds=error,cut,slow` makes every third request from then on fail, in turn by
an error 503, by half an answer, by an answer that comes late; `every=0` ends that. `GET /faults`
says how many were made.

A process of its own, since TensorFlow keeps Python's lock while it reads a checkpoint.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
import urllib.parse

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

LATE = 0.7  # seconds


class Faults:
    """WSGI middleware around `application`."""

    def __init__(self, application) -> None:
        self.application = application
        self.every, self.kinds, self.made = 0, itertools.cycle(["error"]), 0
        self.lock, self.requests = threading.Lock(), 0

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/faults":
            return self._control(environ, start_response)
        kind = self._next()
        if kind == "error":
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        if kind == "slow":
            time.sleep(LATE)
        answer = self.application(environ, start_response)
        return _half(answer) if kind == "cut" and environ["REQUEST_METHOD"] == "GET" else answer

    def _next(self) -> str:
        with self.lock:
            self.requests += 1
            if not self.every or self.requests % self.every:
                return ""
            self.made += 1
            return next(self.kinds)

    def _control(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "PUT":
            options = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
            with self.lock:
                self.every = int(options["every"])
                self.kinds = itertools.cycle(options.get("kinds", "error").split(","))
                self.made = self.requests = 0
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(self.made).encode()]


def _half(answer):
    """Half of the bytes, then the connection is closed."""
    data = b"".join(answer)
    yield data[: len(data) // 2]
    raise ConnectionError("a fault that was asked for")


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    application = Faults(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    print(server.port, flush=True)
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    server.serve_forever()


def _leave_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    main()
