"""Leaving when the machine is wanted back: SIGTERM (Kubernetes, Slurm, spot machines) and Ctrl-C.

This file imports no TensorFlow, so that a signal is heard while that still loads.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from types import FrameType, TracebackType

from inpainting.cli import INTERRUPTED
from inpainting.errors import TrainingInterrupted
from inpainting.files import exists

SIGNALS = (signal.SIGTERM, signal.SIGINT)
GRACE_SECONDS = 30.0
# What is left of the time for Python and TensorFlow to end the process themselves.
_TO_EXIT = 2.0


class StopSignals:
    """While entered, hears SIGTERM and SIGINT.

    - Before this process has finished a step there is nothing to save: `TrainingInterrupted` is
      raised at once, wherever the main thread is.
    - After that the step in work goes to its end: `heard` is true, and whoever trains saves and
      leaves.
    - A second signal ends the process at once, with the exit code that it would have had without
      all this (143 or 130), and so does the end of `grace_seconds`, with 75. Both work while
      TensorFlow computes, when Python's own handlers wait; checkpoints are written so that neither
      can damage one.

    Arguments:
        run_dir: the run folder, named in the line that says how to go on; empty if not yet known.
        grace_seconds: the time to leave in, of the 30 s that Kubernetes and Slurm give; 0 takes as
            long as the step needs.
    """

    def __init__(self, run_dir: str, grace_seconds: float = GRACE_SECONDS) -> None:
        self.run_dir = run_dir
        self.grace_seconds = grace_seconds
        self.name = ""
        self.stepping = False

    @property
    def heard(self) -> bool:
        """Whether training is to leave."""
        return bool(self.name)

    def interruption(self, done: str) -> TrainingInterrupted:
        """What to leave with: the signal, what was `done`, and how to go on."""
        return TrainingInterrupted(f"stopped by {self.name}: {done}; {self._how_to_go_on()}")

    def _how_to_go_on(self) -> str:
        if self.run_dir and (self.stepping or exists(os.path.join(self.run_dir, "config.json"))):
            return f"go on with: python train.py --resume --run_dir={self.run_dir}"
        return "give the same command again"

    def __enter__(self) -> StopSignals:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._handlers = {number: signal.signal(number, self._hear) for number in SIGNALS}
        # Python runs handlers in the main thread only, between two of its instructions; a byte
        # for each signal is written at once, whatever that thread is in.
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.write(self._writer, b"\0")  # no signal has this number
        self._watcher.join()
        os.close(self._reader)
        os.close(self._writer)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.heard:
            return
        self.name = signal.Signals(number).name
        if not self.stepping:
            raise self.interruption("no step was made since the start")

    def _watch(self) -> None:
        deadline: float | None = None
        first = True
        while True:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            if not select.select([self._reader], [], [], left)[0]:
                said = f"the step was not done within {self.grace_seconds:g} s and is lost; "
                _leave(said + self._how_to_go_on(), INTERRUPTED)
            for number in os.read(self._reader, 64):
                if number == 0:
                    return
                if number not in SIGNALS:
                    continue
                if not first:
                    _leave("left at once", 128 + number)
                first = False
                if self.grace_seconds:
                    deadline = time.monotonic() + max(self.grace_seconds - _TO_EXIT, 0.0)
                if self.stepping:
                    name = signal.Signals(number).name
                    _say(f"{name}: leaving after this step; a second signal leaves at once")


def _say(line: str) -> None:
    print(f"\n{line}" if sys.stderr.isatty() else line, file=sys.stderr, flush=True)


def _leave(line: str, code: int) -> None:
    """Ends the process without waiting for any other thread."""
    os.write(2, f"{line}\n".encode())
    os._exit(code)
