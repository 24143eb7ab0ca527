"""ONNX, by tf2onnx; run by ONNX Runtime."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from inpainting.errors import InputError, reason
from inpainting.serving.conversion.formats import Runtime

# The newest that tf2onnx is sure of, and that ONNX Runtime has known since 1.14.
_OPSET = 17
# 1e-3 of [0, 1].
_LIMIT = 0.255


def write(function: Any, path: str) -> None:
    """See `Format.write`."""
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    try:
        tf2onnx.convert.from_function(
            function, input_signature=function.input_signature, opset=_OPSET, output_path=path
        )
    except OSError:
        raise
    except Exception as error:  # it raises all sorts
        raise InputError(f"tf2onnx cannot convert this model: {reason(error)}") from error


def runtimes(path: str) -> list[Runtime]:
    """See `Format.runtimes`."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return session.run(["completed"], {"image": image, "mask": mask})[0]

    return [Runtime("onnx", run, _LIMIT)]
