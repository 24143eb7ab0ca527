"""A run folder behind a URL: training works in a local copy, which is uploaded as it grows.

So nothing of a run waits for a server but the upload, every file appears there whole, and a
checkpoint is named only when all of it is there. A server that fails for long costs a warning: what
was not uploaded is tried again with the next checkpoint.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from types import TracebackType

from absl import logging

from inpainting.errors import InputError
from inpainting.files import download, files_below, join, remove, upload
from inpainting.remote_copy import CHECKPOINTS, CONFIG, STATE
from inpainting.training.callbacks import Logs, StepCallback

EVERY = 60.0  # seconds between uploads of logs and pictures, at most


class RemoteRun:
    """A context in which `folder` is the run folder `url`; what it holds is uploaded at the end.

    If that fails the local folder stays, and is named.

    Arguments:
        url: the run folder.
        uploads: whether this process writes to it; of several workers only one does.
    """

    def __init__(self, url: str, uploads: bool = True) -> None:
        self.url, self.uploads = url.rstrip("/"), uploads
        self.folder = tempfile.mkdtemp(prefix="inpainting-run-")
        self._sent: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> RemoteRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.push()
        except InputError as failed:
            message = f"{failed}; the run is kept in {self.folder}"
            if error is None:
                raise InputError(message) from failed
            logging.error(message)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def fetch(self) -> None:
        """Copies here what a run is resumed from: configuration, checkpoints and the line log.

        Raises:
            InputError: something cannot be read.
        """
        for name in files_below(self.url):
            if name == CONFIG or name.endswith(".jsonl") or name.split("/")[0] in CHECKPOINTS:
                path = os.path.join(self.folder, name)
                download(join(self.url, name), path)
                self._sent[name] = _state(path)

    def push(self) -> None:
        """Uploads what has changed, and removes checkpoints that are no longer kept.

        Raises:
            InputError: the server fails; the next call goes on from there.
        """
        if not self.uploads:
            return
        names = sorted((name for name in files_below(self.folder) if _is_whole(name)), key=_order)
        for name in names:
            path = os.path.join(self.folder, name)
            state = _state(path)
            if self._sent.get(name) == state:
                continue
            if ".data-" in name:  # another of this name may be there, of a run gone back a little
                remove(join(self.url, name.split(".data-")[0] + ".index"))
            upload(path, join(self.url, name))
            self._sent[name] = state
        for name in set(self._sent) - set(names):
            remove(join(self.url, name))
            del self._sent[name]

    def name_of(self, path: str) -> str:
        """Where a file of the local folder is, for others."""
        return join(self.url, os.path.relpath(path, self.folder).replace(os.sep, "/"))


class Upload(StepCallback):
    """Uploads after each checkpoint, and once a minute. It must come after what writes."""

    def __init__(self, start_step: int, steps: int, every: int, run: RemoteRun) -> None:
        super().__init__(start_step)
        self.steps, self.every, self.run = steps, every, run
        self.last = time.monotonic()

    def on_step(self, step: int, logs: Logs) -> None:
        if step == self.steps or (step % self.every and time.monotonic() < self.last + EVERY):
            return  # the last upload is made when the run is left
        try:
            self.run.push()
        except InputError as error:
            logging.warning("%s; training goes on, and it is tried again", error)
        self.last = time.monotonic()


def _state(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def _is_whole(name: str) -> bool:
    """Leaves out what TensorFlow and this project call a file that is being written."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not (hidden or name.endswith(".tmp") or "_temp" in name or ".tempstate" in name)


def _order(name: str) -> tuple[int, str]:
    """A checkpoint's data before its index, and last what names the newest."""
    if os.path.basename(name) == STATE:
        return 3, name
    return (0 if ".data-" in name else 1 if name.endswith(".index") else 2), name
