"""Checks of a signature's inputs, before anything is computed with them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from inpainting.serving.server.limits import Limits, sample_pixels
from inpainting.serving.server.refusal import Refusal


def check_names(specs: dict[str, tf.TensorSpec], names: set[str]) -> None:
    """Raises `Refusal` 400 unless `names` are those of the signature's inputs."""
    for problem, wrong in (("is missing", set(specs) - names), ("is unknown", names - set(specs))):
        if wrong:
            raise Refusal(
                400,
                f"input {sorted(wrong)[0][:80]!r} {problem}: this signature takes "
                f"{', '.join(sorted(specs))}",
            )


def check_arrays(
    specs: dict[str, tf.TensorSpec], inputs: dict[str, np.ndarray], limits: Limits
) -> None:
    """Raises `Refusal` unless the arrays are what the signature takes.

    400: a wrong dtype or shape, nothing in it, (B, H, W) that differ, floats that are no numbers or
    outside [0, 1], a float mask that is neither 0 nor 1. 413: too many pixels.
    """
    check_names(specs, set(inputs))
    for name, spec in specs.items():
        array = inputs[name]
        if array.dtype != spec.dtype.as_numpy_dtype:
            raise Refusal(400, f"input {name} must be {spec.dtype.name}, received {array.dtype}")
        if not spec.shape.is_compatible_with(array.shape):
            raise Refusal(400, f"input {name} must have shape {spec.shape}, received {array.shape}")
        if array.size == 0:
            raise Refusal(400, f"input {name} is empty: its shape is {array.shape}")
    shapes = {name: array.shape[:3] for name, array in inputs.items()}
    if len(set(shapes.values())) > 1:
        raise Refusal(400, f"the inputs must have one (B, H, W), received {shapes}")
    limits.check_pixels(max(array_pixels(array.shape) for array in inputs.values()))
    for name, array in inputs.items():
        _check_values(name, array)


def array_pixels(shape: tuple[int, ...]) -> int:
    """What a batch of (B, H, W, C) counts for."""
    return shape[0] * sample_pixels(*shape[1:3])


def _check_values(name: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f":
        return
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # so that not-a-number fails, too
        raise Refusal(400, f"input {name} must be in [0, 1], received {low} to {high}")
    if name == "mask" and not np.isin(array, (0, 1)).all():
        raise Refusal(400, "input mask must be exactly 0 or 1, received values between")
