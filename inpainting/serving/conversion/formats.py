"""The formats that a model can be converted to, and what each needs. No TensorFlow here."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inpainting.errors import InputError, reason

# image float32 (B, H, W, 3) in [0, 1], mask float32 (B, H, W, 1) of 0 and 1 -> completed, like
# image.
Run = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Runtime:
    """One way in which a file of the format is run.

    Attributes:
        name: how the parity table calls it.
        run: the model.
        limit: largest difference from the SavedModel, in grey levels of 255; None where it is
            reported and nothing more.
    """

    name: str
    run: Run
    limit: float | None


@dataclasses.dataclass(frozen=True)
class Format:
    """A format and its module, which has `write(function, path)` and `runtimes(path)`.

    Attributes:
        module: below `inpainting.serving.conversion`; imports its packages inside of functions.
        file: what is written.
        packages: what must be importable, beyond requirements.txt.
        any_size: whether photos of any size can be taken; otherwise the export must have one size.
        own_kernels: whether it mirrors, doubles and dilates faster by its own kernels than by the
            rearrangements that are faster in TensorFlow (`PaddedConv2D`).
    """

    module: str
    file: str
    packages: tuple[str, ...]
    any_size: bool
    own_kernels: bool = False

    def write(self, function: Any, path: str) -> None:
        """Converts a `tf.function` of one input signature, (image, mask) -> {"completed"}.

        Raises `InputError` where the graph cannot be converted.
        """
        self._module().write(function, path)

    def runtimes(self, path: str) -> list[Runtime]:
        """A file made by `write`, ready to run on the CPU."""
        return self._module().runtimes(path)

    def _module(self) -> Any:
        return importlib.import_module(f"inpainting.serving.conversion.{self.module}")


FORMATS = {
    "onnx": Format("onnx_format", "model.onnx", ("onnx", "onnxruntime", "tf2onnx"), any_size=True),
    "openvino": Format(
        "openvino_format", "openvino.xml", ("openvino",), any_size=True, own_kernels=True
    ),
    # How much rounding shows depends on the size: ranges and layers are chosen at the one.
    "openvino_int8": Format(
        "openvino_int8_format",
        "openvino_int8.xml",
        ("openvino",),
        any_size=False,
        own_kernels=True,
    ),
    # It has no kernel for the loop in which large photos attend, which is in the graph wherever
    # sizes are not known.
    "tflite": Format("tflite_format", "model.tflite", (), any_size=False),
}


def check_formats(names: Sequence[str], size: tuple[int, int] | None) -> None:
    """Raises `InputError` where one is unknown, lacks its packages or needs `size` (`--size`)."""
    for name in names:
        if name not in FORMATS:
            raise InputError(f"--format must be of {', '.join(FORMATS)}, got {name!r}")
        if size is None and not FORMATS[name].any_size:
            raise InputError(
                f"--format={name} is for photos of one size: add --size, such as --size=512x512"
            )
    for name in names:
        for package in FORMATS[name].packages:
            _check_package(package, name)


def import_package(name: str) -> Any:
    """A converter's or runtime's package, imported."""
    if name == "openvino":
        # Imported as it comes it reports each use to its makers, unasked, from a forked process:
        # that is not for us to allow, and the fork was seen to hang the import for good. Without
        # its telemetry package it does without.
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module(name)


def _check_package(package: str, name: str) -> None:
    """Imports it, for one of another version may be there and break; tf2onnx, slow, is sought."""
    advice = "pip install -r requirements-export.txt (Python 3.10 or 3.11)"
    if importlib.util.find_spec(package) is None:
        raise InputError(f"--format={name} needs the package {package}: {advice}")
    if package == "tf2onnx":
        return
    try:
        import_package(package)
    except Exception as error:  # whatever a package does that does not fit the others
        raise InputError(
            f"--format={name} needs the package {package}, which is here and fails to start "
            f"({reason(error)}): {advice}"
        ) from error
