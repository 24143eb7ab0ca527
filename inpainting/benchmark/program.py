"""A program under measurement: a child process that answers JSON lines.

The protocol, one line each way, spoken by this project's own worker and by any peer:

    {"row": "forward", "size": 256, "batch": 1}  ->  {"seconds": 0.131}

The program does the work that the row names once and answers how long that took, by its own
monotonic clock and without what it prepared for it (weights, inputs). It may add

- "cpu_seconds": processor time of all its threads,
- "peak_bytes": the most memory that its process has held so far,
- "flops": floating-point operations of the work, a multiplication and an addition being two; only
  where the request says "flops": true,
- "parts": a dict of named seconds that the work consisted of.

What it cannot do it answers with {"unsupported": "why"}, what went wrong with {"error": "what"}. It
reads until its standard input ends. `BENCHMARK_THREADS` and `OMP_NUM_THREADS` in its environment
say how many threads it may use; standard output is for answers only.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import IO, Any, cast

from inpainting.errors import InputError


class Program:
    """A running program, or one that is started at its first request.

    Args:
        name: how messages call it.
        command: what to run, as one line for a shell to split or as a list.
        threads: how many threads it may use.
        folder: where it is started; here by default.
    """

    def __init__(
        self,
        name: str,
        command: str | Sequence[str],
        threads: int,
        folder: str | os.PathLike | None = None,
    ) -> None:
        self.name = name
        self.command = shlex.split(command) if isinstance(command, str) else list(command)
        self.threads = threads
        self.folder = folder
        self._process: subprocess.Popen | None = None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One piece of work; the answer has "seconds", or "unsupported" with the reason.

        Raises:
            InputError: the program cannot be started, ended, answered something else or an error.
        """
        process = self._started()
        stdin, stdout = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            line = stdout.readline()
        except OSError:
            line = ""
        if not line:
            code = process.wait()
            self._process = None
            raise InputError(f"{self.name} ended (code {code}) when asked for {_named(request)}")
        return self._checked(line, request)

    def _started(self) -> subprocess.Popen:
        if self._process is None:
            threads = {"BENCHMARK_THREADS": str(self.threads), "OMP_NUM_THREADS": str(self.threads)}
            try:
                self._process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=self.folder,
                    env={**os.environ, **threads},
                )
            except OSError as error:
                raise InputError(
                    f"{self.name} cannot be started ({self.command[0]}): {error.strerror}"
                ) from None
        return self._process

    def _checked(self, line: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            if "error" in answer:
                raise InputError(f"{self.name} failed at {_named(request)}: {answer['error']}")
            if "unsupported" in answer or _is_time(answer.get("seconds")):
                return answer
        raise InputError(
            f"{self.name} answered {line.strip()[:80]!r} to {_named(request)}: expected a JSON "
            'object with "seconds" above 0 or "unsupported" on one line'
        )

    def stop(self) -> None:
        """Ends the process by closing its standard input; a next request starts a new one."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _named(request: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in request.items())
