"""Finds and loads a generator wherever a checkpoint is asked for.

A run folder (its newest checkpoint), its `best` (the best one by validation), a checkpoint prefix
inside one, a SavedModel folder (itself, or the folder of its numbered versions, of which the newest
counts) or the name of shipped weights will do. A file or folder of that name goes before shipped
weights. Of a run that keeps the moving average of its generator's weights, that is what is loaded.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.files import version_names
from inpainting.pretrained.shipped import read_card, shipped_folder, shipped_names
from inpainting.remote_copy import local_copy
from inpainting.systems import registry
from inpainting.training.checkpoints import (
    AVERAGE,
    BEST_FOLDER,
    generator_item,
    latest_checkpoint,
    restore,
)
from inpainting.training.checkpoints import FOLDER as CHECKPOINTS
from inpainting.training.config import CONFIG_FILE, RunConfig, read_config

Outputs = dict[str, tf.Tensor]
MODEL_CARD = os.path.join("assets.extra", "model_card.json")


@dataclasses.dataclass(frozen=True)
class LoadedGenerator:
    """A generator ready to fill, and what is known of it.

    Attributes:
        name: how tables call it.
        generate: (image float32 `(B, H, W, 3)` in [0, 1], mask float32 `(B, H, W, 1)`) ->
            `{"coarse", "refined"}`, both float32 full frames; any size, any batch.
        weights_hash: SHA-256 over the generator's variables.
        record: where it comes from (system, settings, data, steps), as far as is known.
        network: the Keras model, or None where only a SavedModel's graph is at hand.
        size: width and height of the only photos that `generate` takes, of a SavedModel exported
            with `--size`; None for any. Others raise `InputError`, where a graph that is being
            traced leaves the size open TensorFlow's own error.
    """

    name: str
    generate: Callable[[tf.Tensor, tf.Tensor], Outputs]
    weights_hash: str
    record: dict[str, Any]
    network: tf.keras.Model | None = None
    size: tuple[int, int] | None = None


def load_generator(path: str) -> LoadedGenerator:
    """Loads a generator from any of the places named above.

    Raises:
        InputError: there is nothing of that kind, or it cannot be read.
    """
    path = local_copy(path)
    saved_model = _saved_model_folder(path)
    if saved_model:
        return _from_saved_model(path, saved_model)
    run_dir, prefix = find_checkpoint(path)
    loaded = _from_checkpoint(path, read_config(run_dir), prefix)
    if run_dir != shipped_folder(path):
        return loaded
    card = read_card(path, loaded.weights_hash)
    # A card names the system in words; its settings stay to be had.
    settings = {"settings": loaded.record["system"]}
    return dataclasses.replace(loaded, record=loaded.record | card | settings)


def _saved_model_folder(path: str) -> str | None:
    if os.path.isfile(os.path.join(path, "saved_model.pb")):
        return path
    for version in version_names(path):
        if os.path.isfile(os.path.join(path, version, "saved_model.pb")):
            return os.path.join(path, version)
    return None


def find_checkpoint(path: str) -> tuple[str, str]:
    """The run folder and the checkpoint prefix that `path` means.

    Raises:
        InputError: it means none.
    """
    path = local_copy(path)
    if not os.path.exists(path):
        path = shipped_folder(path) or path
    if os.path.isfile(path + ".index"):
        folder = os.path.dirname(os.path.abspath(path))
        for run_dir in (folder, os.path.dirname(folder)):
            if os.path.isfile(os.path.join(run_dir, CONFIG_FILE)):
                return run_dir, path
        raise InputError(f"checkpoint {path} lies in no run folder: no {CONFIG_FILE} beside it")
    if os.path.isfile(os.path.join(path, CONFIG_FILE)):
        prefix = latest_checkpoint(os.path.join(path, CHECKPOINTS))
        if prefix is None:
            raise InputError(f"run folder {path} has no checkpoint yet")
        return path, prefix
    parent, name = os.path.split(os.path.normpath(path))
    if name in (BEST_FOLDER, CHECKPOINTS) and os.path.isfile(os.path.join(parent, CONFIG_FILE)):
        prefix = latest_checkpoint(path)
        if prefix is None:
            raise InputError(f"run folder {parent} has no checkpoint in {name}/")
        return parent, prefix
    found = "is not" if os.path.exists(path) else "does not exist: it should be"
    names = ", ".join(shipped_names()) or "there are none yet"
    raise InputError(
        f"{path} {found} a run folder, a checkpoint prefix, a SavedModel folder or the name of "
        f"shipped weights ({names})"
    )


def _from_checkpoint(path: str, config: RunConfig, prefix: str) -> LoadedGenerator:
    generator = registry.build_generator(config.model, config.system)
    step = tf.Variable(0, dtype=tf.int64, trainable=False)
    item = generator_item(prefix)
    restore(tf.train.Checkpoint(step=step, **{item: generator}), prefix)
    weights = f"moving average, decay {config.ema}" if item == AVERAGE else "of the last step"
    record = dataclasses.asdict(config) | {"step": int(step.numpy()), "weights": weights}

    @tf.function(reduce_retracing=True, autograph=False)
    def generate(image: tf.Tensor, mask: tf.Tensor) -> Outputs:
        return generator(image, mask, training=False)

    weights_hash = hash_weights([variable.numpy() for variable in generator.variables])
    return LoadedGenerator(_name(path), generate, weights_hash, record, generator)


def _from_saved_model(path: str, folder: str) -> LoadedGenerator:
    try:
        module = tf.saved_model.load(folder)
    except (OSError, ValueError, IndexError, tf.errors.OpError) as error:
        raise InputError(f"SavedModel {folder} cannot be loaded: {reason(error)}") from None
    if "generate" not in module.signatures:
        raise InputError(
            f"SavedModel {folder} has no signature 'generate': it was not made by export.py"
        )
    signature = module.signatures["generate"]

    size = fixed_size(signature)

    def generate(image: tf.Tensor, mask: tf.Tensor) -> Outputs:
        height, width = image.shape[1:3]
        if height and width:
            check_size(size, width, height)
        return signature(image=tf.cast(image, tf.float32), mask=tf.cast(mask, tf.float32))

    # The signature's captured variables must outlive this function.
    generate.module = module  # type: ignore[attr-defined]
    record = _model_card(folder)
    weights_hash = record.get("weights_hash", "")
    return LoadedGenerator(_name(path), generate, weights_hash, record, size=size)


def fixed_size(signature: Any) -> tuple[int, int] | None:
    """Width and height of the only photos that an exported signature takes; None for any."""
    height, width = signature.structured_input_signature[1]["image"].shape[1:3]
    return (width, height) if width and height else None


def check_size(size: tuple[int, int] | None, width: int, height: int) -> None:
    """Raises `InputError` for a photo that a model of a fixed `size` does not take."""
    if size is not None and size != (width, height):
        raise InputError(
            f"the model takes photos of {size[0]} x {size[1]} pixels (width x height) alone, "
            f"received {width} x {height}: export it without --size for any"
        )


def _model_card(folder: str) -> dict[str, Any]:
    card = os.path.join(folder, MODEL_CARD)
    try:
        with open(card, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise InputError(f"SavedModel {folder} has no readable model card: {error}") from None


def hash_weights(weights: list[np.ndarray]) -> str:
    """SHA-256 over the shapes and bytes of a generator's weights, in the model's own order."""
    digest = hashlib.sha256()
    for values in weights:
        digest.update(f"{values.dtype.str} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _name(path: str) -> str:
    parent, name = os.path.split(os.path.normpath(path))
    return f"{os.path.basename(parent)}-{name}" if name == BEST_FOLDER and parent else name
