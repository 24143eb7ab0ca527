"""Writes a model's network in the formats of other runtimes, compared with its SavedModel.

    VERSION/converted/model.onnx, openvino.xml, openvino.bin, model.tflite
    VERSION/converted/parity.json

Inside the version's folder they come and go with it: what loads SavedModels looks at the names that
it knows and at no others.

All take `image` float32 (B, H, W, 3) in [0, 1] and `mask` float32 (B, H, W, 1) of 0 and 1, and give
`completed` float32: the network's fill inside the hole and `image`, bit for bit, outside. That is
the network alone. The detail pass, which searches the photo, and the reading of files stay with the
SavedModel.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.serving.conversion.formats import FORMATS, Run
from inpainting.serving.conversion.parity import SIZES, Row, as_table, compare

FOLDER = "converted"
PARITY_FILE = "parity.json"


def convert(
    generator: tf.keras.Model,
    folder: str,
    names: Sequence[str],
    size: tuple[int, int] | None,
) -> list[Row]:
    """Converts and compares; `formats.check_formats` goes before.

    Args:
        generator: called as `generator(image, mask)`; see `ServingModule`.
        folder: of the SavedModel made from it, with which the formats are compared.
        names: of `FORMATS`.
        size: width and height, where the models take one size alone; then they take one photo a
            call, for with all sizes known the graph is simpler.

    Returns:
        The rows of the table that is also written and printed.

    Raises:
        InputError: a converter refuses the model, or what it makes gives another answer.
    """
    reference = _reference(folder)
    target = os.path.join(folder, FOLDER)
    os.makedirs(target)
    rows: list[Row] = []
    for name in names:
        print(f"converting: {name}", flush=True)
        path = os.path.join(target, FORMATS[name].file)
        FORMATS[name].write(complete(generator, size, FORMATS[name].own_kernels), path)
        try:
            for runtime in FORMATS[name].runtimes(path):
                rows += compare(reference, runtime, SIZES if size is None else (size,))
        except Exception as error:  # each runtime has its own kinds
            raise InputError(
                f"{FORMATS[name].file} was converted and does not run: {reason(error)}"
            ) from error
    print(as_table(rows), flush=True)
    for row in rows:
        if row.failure:
            raise InputError(
                f"{row.runtime} at {row.size} {row.failure}: nothing was exported; without this "
                "--format the rest will be"
            )
    _write(os.path.join(target, PARITY_FILE), names, rows)
    return rows


def complete(
    generator: tf.keras.Model, size: tuple[int, int] | None, own_kernels: bool = False
) -> tf.types.experimental.GenericFunction:
    """(image, mask) -> {"completed"}; what it needs to be traced is known.

    `own_kernels`: see `Format`. Those are the operations that training takes.
    """
    width, height = size or (None, None)
    batch = None if size is None else 1
    specs = (
        tf.TensorSpec((batch, height, width, 3), tf.float32, name="image"),
        tf.TensorSpec((batch, height, width, 1), tf.float32, name="mask"),
    )

    @tf.function(input_signature=specs, autograph=False)
    def completed(image: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        refined = generator(image, mask, training=own_kernels)["refined"]
        # Training leaves what is beyond black and white; elsewhere nothing is.
        fill = tf.clip_by_value(tf.cast(refined, tf.float32), 0.0, 1.0)
        # A choice and no sum of products, so that pixels outside the hole keep every bit.
        return {"completed": tf.where(mask > 0.5, fill, image)}

    return completed


def _reference(folder: str) -> Run:
    """The SavedModel, read back from where it was written."""
    module = tf.saved_model.load(folder)
    signature = module.signatures["generate"]

    def run(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        answer = signature(image=tf.constant(image), mask=tf.constant(mask))
        return np.where(mask > 0.5, answer["refined"].numpy(), image)

    # The signature's captured variables must outlive this function.
    run.module = module  # type: ignore[attr-defined]
    return run


def _write(path: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    packages = ["tensorflow", *(package for name in names for package in FORMATS[name].packages)]
    record = {
        "against": "the signature 'generate' of the SavedModel, float32; grey levels of 255",
        "versions": {package: importlib.metadata.version(package) for package in packages},
        "rows": [dataclasses.asdict(row) for row in rows],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(record, file, indent=2)
        file.write("\n")
