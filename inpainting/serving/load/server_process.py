"""A server as a process of its own, on ports of its own, listening to this machine only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile

import inpainting
from inpainting.errors import InputError

_STOP_SECONDS = 120


class ServerProcess:
    """Starts `python -m inpainting.serving.server`; a context manager that stops it.

    Attributes:
        rest: REST's `HOST:PORT`.
        grpc: gRPC's `HOST:PORT`.

    Args:
        model: the folder of a model's versions.
        flags: further flags of the server.

    Raises:
        InputError: it does not start; its own words are in the message.
    """

    def __init__(self, model: str, *flags: str):
        command = [
            sys.executable,
            "-m",
            "inpainting.serving.server",
            "--model",
            os.path.abspath(model),
        ]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, it lives as long as this
        self._process = subprocess.Popen(
            [*command, "--rest_port=0", "--grpc_port=0", *flags],
            cwd=os.path.dirname(os.path.dirname(inpainting.__file__)),
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        lines = [self._process.stdout.readline() for _ in range(3)]  # type: ignore[union-attr]
        found = re.findall(r"^(?:REST http://|gRPC )([\w.:]+)", "".join(lines), re.MULTILINE)
        if len(found) != 2:
            self._process.wait()
            raise InputError(f"the server did not start: {self.errors().strip()}")
        self.rest, self.grpc = found

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def megabytes(self) -> float:
        """The memory that the process holds (VmRSS), 10^6 bytes."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as file:
            found = re.search(r"VmRSS:\s+(\d+) kB", file.read())
        return int(found[1]) * 1024 / 1e6 if found else 0.0

    def errors(self) -> str:
        """What it has written to stderr."""
        self._errors.seek(0)
        return self._errors.read()

    def stop(self) -> int:
        """Ends it by SIGTERM; its exit code."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
