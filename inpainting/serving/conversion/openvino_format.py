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
    # Weights in half precision, its default, would cost more accuracy than the limit allows.
    import_package("openvino").save_model(convert(function), path, compress_to_fp16=False)


def convert(function: Any) -> Any:
    """A `tf.function` of one input signature as an `openvino.Model`.

    Raises:
        InputError: it cannot be converted.
    """
    try:
        return import_package("openvino").convert_model(function.get_concrete_function())
    except Exception as error:  # it raises all sorts
        raise InputError(f"OpenVINO cannot convert this model: {reason(error)}") from error


def runtimes(path: str) -> list[Runtime]:
    """See `Format.runtimes`."""
    return [
        Runtime("openvino, float32", run(path, FLOAT32), _LIMIT),
        Runtime("openvino, as it comes", run(path, {}), None),
    ]


def run(path: str, options: dict[str, str]) -> Run:
    """The model in a file, compiled with `options` of OpenVINO's CPU plugin."""
    openvino = import_package("openvino")

    model = openvino.Core().compile_model(path, "CPU", options)

    def complete(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return np.array(model({"image": image, "mask": mask})["completed"])

    return complete
