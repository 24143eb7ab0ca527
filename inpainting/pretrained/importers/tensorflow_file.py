"""Reads checkpoints of TensorFlow 1."""

from __future__ import annotations

import glob
import os
import re

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError


def read_tensorflow_file(path: str) -> dict[str, np.ndarray]:
    """The variables of a TensorFlow 1 checkpoint by name.

    Args:
        path: the checkpoint's prefix, any of its files (`.index`, `.meta`, `.data-...`), or its
            folder. A folder without the file `checkpoint` (downloads name it `checkpoint.txt`) will
            do where it holds one checkpoint only.

    Raises:
        InputError: there is no such checkpoint, or it cannot be read whole.
    """
    prefix = checkpoint_prefix(path)
    try:
        reader = tf.train.load_checkpoint(prefix)
        return {
            name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())
        }
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError, MemoryError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{prefix} cannot be read as a TensorFlow checkpoint: {reason}") from None


def checkpoint_prefix(path: str) -> str:
    """The prefix that a path means; see `read_tensorflow_file`."""
    if not os.path.isdir(path):
        prefix = re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", path)
        if not os.path.isfile(prefix + ".index"):
            raise InputError(f"no TensorFlow checkpoint at {path}: there is no {prefix}.index")
        return prefix
    latest = tf.train.latest_checkpoint(path)
    if latest:
        return latest
    found = sorted(glob.glob(os.path.join(glob.escape(path), "*.index")))
    if len(found) != 1:
        raise InputError(f"{path} holds {len(found)} TensorFlow checkpoints: name one of them")
    return found[0][: -len(".index")]
