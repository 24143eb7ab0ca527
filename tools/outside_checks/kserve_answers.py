"""This project's client asks KServe's model server, in which the SavedModel is."""

from __future__ import annotations

import glob
import os
import socket
import subprocess
import tempfile
import time

import numpy as np
from cases import GREY_LEVELS, grey_levels

from inpainting.serving.client import RestClient, ServerError

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kserve_model.py")
_START_SECONDS = 300


def ask(python: str, folder: str, version: str) -> tuple[str, bool]:
    """What is to be said, and whether all answers were right.

    Args:
        python: the interpreter of KServe's environment.
        folder: of the cases.
        version: the SavedModel's.

    Raises:
        RuntimeError: KServe's server does not start.
        inpainting.serving.client.ServerError: it refuses.
        SystemExit: an answer is of another shape, or changes what is outside the hole.
    """
    port = _free_port()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [python, "-E", "-s", _SCRIPT, version, str(port)],
            cwd=folder,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            client = RestClient(f"http://127.0.0.1:{port}", retries=0)
            _wait(client, process, log)
            off = 0
            paths = glob.glob(os.path.join(folder, "case-*.npz"))
            for path in paths:
                case = dict(np.load(path))
                completed = client.fill(case["image"][0], case["mask"][0, ..., 0])
                off = max(off, grey_levels(completed[np.newaxis], case))
        finally:
            # What it still does is for nobody, and its own stop waits for its connections.
            process.kill()
            process.wait()
    said = f"its server, with the SavedModel, answers this client by V1, {len(paths)} sizes"
    limit = GREY_LEVELS
    return f"{said} (grey levels): off by {off}, limit {limit}", off <= limit


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait(client: RestClient, process: subprocess.Popen, log) -> None:
    """Until the server says by V1 that its model is ready."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.status() == {"name": "inpainting", "ready": True}:
                return
        except ServerError:
            time.sleep(1)
    log.seek(0)
    raise RuntimeError(f"KServe's server did not start: {log.read()[-2000:]}")
