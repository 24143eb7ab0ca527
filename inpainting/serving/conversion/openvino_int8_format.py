"""OpenVINO with as many layers in int8 as the limit on its error allows, the others in float32.

Two files: `openvino_int8.xml`, meant to stay within 3 grey levels of the SavedModel, and
`openvino_int8_fine.xml`, within 1: with the weights `places` 1.74 and 0.96 at most on 120 pictures
on which nothing was chosen. Both are for `INFERENCE_PRECISION_HINT=f32`: what is not in int8
would otherwise be in bfloat16 on processors that have it.

The layers are chosen on the embedded training photographs, with a margin, for others differ. Source
of the scheme, rounding after training by ranges from sample inputs: Jacob et al., "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (2018).
"""

from __future__ import annotations

import math
import os
from typing import Any

from inpainting.errors import InputError, reason
from inpainting.serving.conversion import openvino_format
from inpainting.serving.conversion.formats import Runtime, import_package
from inpainting.serving.conversion.int8_choice import (
    Trial,
    by_loudness,
    most_layers,
    training_samples,
)
from inpainting.serving.conversion.int8_graph import measure_grids
from inpainting.serving.conversion.int8_layers import quantize

# Ending of the file's stem -> largest difference from the SavedModel, in grey levels of 255.
LIMITS = {"": 3.0, "_fine": 1.0}
# Of the limit, on the photographs on which the layers are chosen.
_MARGIN = 0.6
# The share of the layers at either end, in the order of computing, that stay float32, as is the
# custom. All that follows depends on the first, attention too, which then looks elsewhere: the
# first pass's encoder, rounded alone, was off by 3.2 levels on one picture in 25 (bfloat16 is on
# the same ones) and by 1.4 at most on the others, so that a choice by samples may not find it out.
# What the last layers cut off is seen as it is: 7 levels where values went beyond by a quarter.
_ENDS = 0.05
_GRID_SAMPLES, _ERROR_SAMPLES, _LOUDNESS_SAMPLES = 52, 20, 3


def write(function: Any, path: str) -> None:
    """See `Format.write`; the second file is written beside `path`."""
    openvino = import_package("openvino")

    model = openvino_format.convert(function)
    try:
        height, width = list(model.input("image").get_shape())[1:3]
        grids = measure_grids(model, training_samples(width, height, _GRID_SAMPLES))
        count = math.ceil(_ENDS * len(grids))
        grids = {name: grids[name] for name in list(grids)[count:-count]}
        samples = training_samples(width, height, _ERROR_SAMPLES, seed=1)
        trial = Trial(model, grids, samples)
        order = by_loudness(trial, _LOUDNESS_SAMPLES)
        for ending, limit in LIMITS.items():
            chosen = most_layers(trial, order, _MARGIN * limit)
            print(f"in int8 within {limit:g}: {len(chosen)} of {len(order)} layers", flush=True)
            quantized = quantize(model, grids, set(chosen))
            openvino.save_model(quantized, _beside(path, ending), compress_to_fp16=False)
    except (OSError, InputError):
        raise
    except Exception as error:  # it raises all sorts
        raise InputError(f"OpenVINO cannot quantize this model: {reason(error)}") from error


def runtimes(path: str) -> list[Runtime]:
    """See `Format.runtimes`."""
    return [
        Runtime(
            f"openvino, int8 within {limit:g}",
            openvino_format.run(_beside(path, ending), openvino_format.FLOAT32),
            limit,
        )
        for ending, limit in LIMITS.items()
    ]


def _beside(path: str, ending: str) -> str:
    stem, suffix = os.path.splitext(path)
    return f"{stem}{ending}{suffix}"
