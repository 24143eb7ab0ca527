"""TensorFlow Lite, float32.

Quantised weights (dynamic-range int8) were off by 0.6 of [0, 1] and are therefore not offered.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.serving.conversion.formats import Runtime

_LIMIT = 1.0


def write(function: Any, path: str) -> None:
    """See `Format.write`."""
    concrete = function.get_concrete_function()
    # The converter saves the function on its way, for which its variables must belong to something;
    # where they don't, it drops the names of inputs and outputs without a word.
    owner = tf.Module()
    owner.kept = list(concrete.variables)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], owner)
    try:
        with _silence():
            data = converter.convert()
    except Exception as error:  # the converter's own errors have no public class
        raise InputError(f"TensorFlow Lite cannot take this model: {reason(error)}") from error
    with open(path, "wb") as file:
        file.write(data)


def runtimes(path: str) -> list[Runtime]:
    """See `Format.runtimes`."""
    interpreter = tf.lite.Interpreter(model_path=path, num_threads=os.cpu_count())
    runner = interpreter.get_signature_runner()

    def run(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return runner(image=image, mask=mask)["completed"]

    return [Runtime("tflite", run, _LIMIT)]


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keeps the converter's statistics, which its C++ writes past every log level, from stderr."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
