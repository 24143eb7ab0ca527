"""Writes a trained generator as a versioned SavedModel, the layout that TensorFlow Serving watches.

    DIRECTORY/1/saved_model.pb, variables/
    DIRECTORY/1/assets.extra/model_card.json
    DIRECTORY/1/assets.extra/tf_serving_warmup_requests   where asked for
    DIRECTORY/1/converted/...                             where asked for
    DIRECTORY/2/...

A version appears whole or not at all: it is written in a folder whose name is no number, which
TensorFlow Serving ignores, and renamed at the end. An earlier version is never changed. Behind a
URL the last file of a version to be written is the one without which it does not load.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

import inpainting
from inpainting.errors import InputError, reason
from inpainting.files import files_below, is_remote, join, upload
from inpainting.serving.conversion.convert import convert
from inpainting.serving.conversion.formats import check_formats
from inpainting.serving.signatures import ServingModule
from inpainting.serving.warmup import check_installed, write_warmup

_PACKAGES = ("tensorflow", "tensorflow-addons", "tensorflow-io", "numpy")


def export(
    generator: tf.keras.Model,
    directory: str,
    card: dict[str, Any] | None = None,
    detail: bool = True,
    size: tuple[int, int] | None = None,
    warmup: Sequence[tuple[int, int]] = (),
    formats: Sequence[str] = (),
) -> str:
    """Writes the next version of `generator` under `directory`, which is made if need be.

    Args:
        generator: called as `generator(image, mask)`; see `ServingModule`. It may have been made
            under MirroredStrategy.
        directory: the model's folder; versions are the folders in it whose names are numbers.
        card: what is known of the weights (hash, system, training record, ...), for the model card.
        detail: the photos that the model answers with have the photo's own texture in their fill.
        size: width and height of the only photos that the model takes; None for any.
        warmup: sizes for which warm-up records are written (`inpainting.serving.warmup`).
        formats: others in which the network is written too (`inpainting.serving.conversion`).

    Returns:
        The folder of the new version, `directory/<number>`.

    Raises:
        InputError: nothing can be written there, or warm-up records cannot be made, or a format
            cannot be or comes out different.
    """
    check_formats(formats, size)
    if warmup:
        check_installed()
    if is_remote(directory):
        return _export_remote(generator, directory, card, detail, size, warmup, formats)
    check_writable(directory)
    module = ServingModule(generator, detail, size)
    temporary = tempfile.mkdtemp(prefix=".writing-", dir=directory)
    try:
        signatures = module.signatures
        # Custom gradients are for training on; without them the graph holds what serving needs.
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(module, temporary, signatures=signatures, options=options)
        _write_card(temporary, {**(card or {}), **_facts(signatures), "detail": detail})
        if warmup:
            write_warmup(temporary, warmup)
        if formats:
            convert(generator, temporary, formats, size)
        os.chmod(temporary, 0o755)  # mkdtemp's folders are closed to a server's own user
        return _publish(temporary, directory)
    except (OSError, tf.errors.OpError) as error:
        raise InputError(f"cannot write a SavedModel to {directory}: {reason(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _export_remote(generator: tf.keras.Model, directory: str, *options: Any) -> str:
    """Writes here and uploads; `saved_model.pb`, without which nothing loads, is the last file."""
    number = max(_remote_versions(directory), default=0) + 1
    target = join(directory, str(number))
    with tempfile.TemporaryDirectory(prefix="inpainting-") as folder:
        version = export(generator, folder, *options)
        names = sorted(files_below(version), key=lambda name: (name == "saved_model.pb", name))
        for name in names:
            upload(os.path.join(version, name), join(target, name))
    return target


def _remote_versions(directory: str) -> list[int]:
    """The version numbers behind a URL; raises `InputError` where it cannot be listed."""
    names = {name.split("/")[0] for name in files_below(directory)}
    return sorted(int(name) for name in names if name.isdecimal())


def check_writable(directory: str) -> None:
    """Makes the folder; raises `InputError` where that or writing into it is impossible."""
    if is_remote(directory):
        _remote_versions(directory)
        return
    try:
        os.makedirs(directory, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise InputError(f"cannot write to folder {directory}: {error.strerror}") from error


def versions(directory: str) -> list[int]:
    """The version numbers under `directory`, ascending."""
    return sorted(int(name) for name in os.listdir(directory) if name.isdecimal())


def _publish(temporary: str, directory: str) -> str:
    """Renames to the next free number; another export may take it first, then to the one after."""
    number = max(versions(directory), default=0) + 1
    while True:
        path = os.path.join(directory, str(number))
        try:
            os.rename(temporary, path)  # fails on a folder that holds anything
            return path
        except OSError:
            if not os.path.lexists(path):
                raise
            number += 1


def _facts(signatures: dict[str, Any]) -> dict[str, Any]:
    """What this export itself knows."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "exported": now.isoformat(timespec="seconds"),
        "versions": {
            "inpainting": inpainting.__version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _PACKAGES},
        },
        "signatures": {name: _summary(signature) for name, signature in signatures.items()},
        "mask": "1 or white = hole; uint8: from 128 up, or 1 where the largest value is 1",
    }


def _summary(signature: tf.types.experimental.ConcreteFunction) -> dict[str, dict[str, str]]:
    inputs = signature.structured_input_signature[0] or signature.structured_input_signature[1]
    specs = inputs.values() if isinstance(inputs, dict) else inputs
    return {
        "inputs": {spec.name: _describe(spec) for spec in specs if hasattr(spec, "shape")},
        "outputs": {name: _describe(spec) for name, spec in signature.structured_outputs.items()},
    }


def _describe(spec: tf.TensorSpec) -> str:
    sides = ("?" if side is None else str(side) for side in spec.shape)
    return f"{spec.dtype.name} ({', '.join(sides)})"


def _write_card(folder: str, card: dict[str, Any]) -> None:
    path = os.path.join(folder, "assets.extra", "model_card.json")
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(card, file, indent=2)
        file.write("\n")
