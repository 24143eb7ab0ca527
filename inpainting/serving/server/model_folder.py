"""The folder of a model's versions: the newest one that loads is served."""

from __future__ import annotations

import gc
import os

from absl import logging

from inpainting.errors import InputError
from inpainting.serving.server.metrics import Metrics
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.server.served_model import ServedModel

Fingerprint = list[tuple[str, int, int]]


class ModelFolder:
    """Watches a folder of numbered versions, as TensorFlow Serving does.

    `update`, called at intervals, loads the newest version and then puts it in the place of the
    current one. Requests that hold the earlier version finish with it; it is freed after the last.
    A version that cannot be loaded is reported once and tried again when its files change (it may
    have been looked at in the midst of being copied); what was served stays. Where the current
    version's folder disappears, the newest that is left takes over, if there is one.

    Args:
        path: the folder.
        name: how requests call the model.
        metrics: told of versions and failures.

    Raises:
        InputError: there is no version in it, or none that can be loaded.
    """

    def __init__(self, path: str, name: str, metrics: Metrics | None = None):
        self.path = path
        self.name = name
        self._metrics = metrics or Metrics()
        self._current: ServedModel | None = None
        self._failed: dict[int, tuple[Fingerprint, str]] = {}
        if not self._folders():
            raise InputError(_no_version(path))
        self.update()
        if self._current is None:
            raise InputError(next(iter(self._failed.values()))[1])

    @property
    def current(self) -> ServedModel:
        """The version that is served."""
        if self._current is None:
            raise Refusal(503, "no version of the model is loaded")
        return self._current

    def get(self, name: str, version: int | None = None) -> ServedModel:
        """The model that a request asks for; raises `Refusal` 404 if it is not the one served."""
        current = self.current
        if name != self.name or version not in (None, current.version):
            which = "Latest" if version is None else "Specific"
            asked = name[:80] + ("" if version is None else f", {version}")
            raise Refusal(404, f"Servable not found for request: {which}({asked})")
        return current

    def states(self) -> dict[int, str]:
        """Version -> why it could not be loaded, or nothing for the one that is served."""
        failed = {version: message for version, (_, message) in self._failed.items()}
        return {self.current.version: "", **failed}

    def update(self) -> None:
        """Loads the newest version if it is not the one served; takes seconds, in any thread."""
        folders = self._folders()
        self._failed = {key: value for key, value in self._failed.items() if key in folders}
        for version in sorted(folders, reverse=True):
            if self._current is not None and version == self._current.version:
                return
            if self._load(folders[version], version):
                return

    def _load(self, folder: str, version: int) -> bool:
        fingerprint = _fingerprint(folder)
        if self._failed.get(version, (None, ""))[0] == fingerprint:
            return False
        try:
            model = ServedModel(folder, version)
        except InputError as error:
            self._failed[version] = (fingerprint, str(error))
            self._metrics.failed_loads.inc()
            logging.error("version %d is not served: %s", version, error)
            return False
        self._failed.pop(version, None)
        self._current = model
        self._metrics.version.set(version)
        print(f"serving {self.name} version {version}", flush=True)
        gc.collect()  # an earlier version's graph is a ring of references
        return True

    def _folders(self) -> dict[int, str]:
        try:
            entries = list(os.scandir(self.path))
        except OSError as error:
            if self._current is None:
                raise InputError(f"cannot read folder {self.path}: {error.strerror}") from error
            return {}
        numbered = (entry for entry in entries if entry.name.isdecimal() and entry.is_dir())
        return {int(entry.name): entry.path for entry in numbered}


def _no_version(path: str) -> str:
    if os.path.isfile(os.path.join(path, "saved_model.pb")):
        return f"{path} is one version: --model takes the folder above it"
    return f"{path} holds no version of a model (a folder 1, 2, ...): export.py makes them"


def _fingerprint(folder: str) -> Fingerprint:
    """Names, sizes and times of all files: it changes while a version is being copied."""
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                facts = os.stat(os.path.join(root, name))
            except OSError:
                continue
            found.append((os.path.join(root, name), facts.st_size, facts.st_mtime_ns))
    return sorted(found)
