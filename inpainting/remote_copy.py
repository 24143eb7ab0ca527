"""A model behind a URL, copied here so that TensorFlow can read it.

TensorFlow's own readers of checkpoints and SavedModels read to the end of files, which
tensorflow-io's downloads do not survive (see `inpainting.files`).
"""

from __future__ import annotations

import os
import tempfile

from inpainting.errors import InputError
from inpainting.files import download, exists, files_below, is_remote, join

CONFIG, STATE, SAVED_MODEL = "config.json", "checkpoint", "saved_model.pb"
CHECKPOINTS = ("checkpoints", "best")

# Until the process ends; a model is read from them when it is first called.
_folders: list[tempfile.TemporaryDirectory[str]] = []


def local_copy(path: str) -> str:
    """`path` itself or, of one behind a URL, a copy of the model that it names.

    It may be a run folder, of which the newest checkpoint is copied, its `best`, a checkpoint
    prefix in one, a SavedModel folder or a folder of such, of which the newest version is copied.

    Raises:
        InputError: there is nothing of that kind, or it cannot be read.
    """
    if not is_remote(path):
        return path
    path = path.rstrip("/")
    parent, name = path.rsplit("/", 1)
    _folders.append(tempfile.TemporaryDirectory(prefix="inpainting-"))
    here = _folders[-1].name
    if exists(path + ".index"):
        return _copy_prefix(parent, name, here)
    if exists(join(path, CONFIG)):
        _copy_checkpoint(path, CHECKPOINTS[0], os.path.join(here, name))
        return os.path.join(here, name)
    if name in CHECKPOINTS and exists(join(parent, CONFIG)):
        run = os.path.join(here, parent.rsplit("/", 1)[1])
        _copy_checkpoint(parent, name, run)
        return os.path.join(run, name)
    _copy_saved_model(path, os.path.join(here, name))
    return os.path.join(here, name)


def _copy_prefix(folder: str, name: str, here: str) -> str:
    run, checkpoints = folder.rsplit("/", 1)
    target = os.path.join(here, run.rsplit("/", 1)[1])
    if not exists(join(run, CONFIG)):
        raise InputError(f"checkpoint {folder}/{name} lies in no run folder: no {CONFIG}")
    download(join(run, CONFIG), os.path.join(target, CONFIG))
    _download_prefix(folder, name, os.path.join(target, checkpoints))
    return os.path.join(target, checkpoints, name)


def _copy_checkpoint(run: str, checkpoints: str, target: str) -> None:
    """The newest checkpoint in a folder of a run, and what names it."""
    import tensorflow as tf

    download(join(run, CONFIG), os.path.join(target, CONFIG))
    state = join(run, checkpoints, STATE)
    if not exists(state):
        raise InputError(f"run folder {run} has no checkpoint in {checkpoints}/")
    folder = os.path.join(target, checkpoints)
    download(state, os.path.join(folder, STATE))
    newest = tf.train.get_checkpoint_state(folder)
    if newest is None:
        raise InputError(f"{state} names no checkpoint")
    name = os.path.basename(newest.model_checkpoint_path)
    _download_prefix(join(run, checkpoints), name, folder)


def _download_prefix(folder: str, name: str, target: str) -> None:
    for file in files_below(folder):
        if file.startswith(name + "."):
            download(join(folder, file), os.path.join(target, file))


def _copy_saved_model(path: str, target: str) -> None:
    names = files_below(path)
    if SAVED_MODEL not in names:
        versions = {name.split("/")[0] for name in names if name.endswith("/" + SAVED_MODEL)}
        newest = max((name for name in versions if name.isdigit()), key=int, default=None)
        if newest is None:
            found = "is not" if names else "does not exist: it should be"
            raise InputError(f"{path} {found} a run folder, a checkpoint prefix or a SavedModel")
        names = [name for name in names if name.startswith(newest + "/")]
    for name in names:
        download(join(path, name), os.path.join(target, name))
