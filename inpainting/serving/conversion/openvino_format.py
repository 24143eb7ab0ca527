"""OpenVINO's own format: `openvino.xml`, and its weights beside it in `openvino.bin`.

OpenVINO computes in what is fastest on the processor, which on newer ones is bfloat16, unless it is
told otherwise when the model is loaded; the file cannot say. So both ways are measured, and float32
alone has a limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from inpainting.errors import InputError, reason
from inpainting.serving.conversion.formats import Run, Runtime, import_package

_LIMIT = 1.0
FLOAT32 = {"INFERENCE_PRECISION_HINT": "f32"}


def write(function: Any, path: str) -> None:
    """See `Format.write`."""
    openvino = import_package("openvino")

    try:
        model = openvino.convert_model(function.get_concrete_function())
        # Weights in half precision, its default, would cost more accuracy than the limit allows.
        openvino.save_model(model, path, compress_to_fp16=False)
    except OSError:
        raise
    except Exception as error:  # it raises all sorts
        raise InputError(f"OpenVINO cannot convert this model: {reason(error)}") from error


def runtimes(path: str) -> list[Runtime]:
    """See `Format.runtimes`."""
    return [
        Runtime("openvino, float32", _run(path, FLOAT32), _LIMIT),
        Runtime("openvino, as it comes", _run(path, {}), None),
    ]


def _run(path: str, options: dict[str, str]) -> Run:
    openvino = import_package("openvino")

    model = openvino.Core().compile_model(path, "CPU", options)

    def run(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return np.array(model({"image": image, "mask": mask})["completed"])

    return run
