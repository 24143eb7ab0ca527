"""One loaded version of a model."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from inpainting.errors import InputError, reason
from inpainting.loading import MODEL_CARD, fixed_size
from inpainting.serving.predictor import Predictor
from inpainting.serving.server import photo_bytes
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.warmup import read_warmup

# The side of the photo that a version is tried with before it is served.
_TRIAL_SIDE = 32
_SAVED_MODEL = "saved_model.pb"


class Signature:
    """One signature: NumPy arrays in, NumPy arrays out.

    Attributes:
        specs: name -> `tf.TensorSpec` of the inputs.
        output_names: of the outputs.
        joins: whether its first axis is free, so that requests can be joined along it.
    """

    def __init__(self, function: Any):
        self.function = function
        self.specs: dict[str, tf.TensorSpec] = function.structured_input_signature[1]
        self.output_names = set(function.structured_outputs)
        self.joins = all(spec.shape[0] is None for spec in self.specs.values())

    @property
    def takes_bytes(self) -> bool:
        """Whether its inputs are encoded files."""
        return any(spec.dtype == tf.string for spec in self.specs.values())

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        outputs = self.function(**{name: tf.constant(array) for name, array in inputs.items()})
        return {name: output.numpy() for name, output in outputs.items()}


class ServedModel:
    """A version that has been loaded, has answered once and has been warmed up.

    Args:
        folder: the SavedModel's folder, as `export.py` writes it.
        version: its number.

    Raises:
        InputError: it cannot be loaded, is not of `export.py`'s making, or fails to answer, be it
            to one of its warm-up records.
    """

    def __init__(self, folder: str, version: int):
        self.version = version
        try:
            with open(os.path.join(folder, _SAVED_MODEL), "rb") as file:
                graphs = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs
            if not graphs:
                raise ValueError(f"{_SAVED_MODEL} is empty")
            with open(os.path.join(folder, MODEL_CARD), encoding="utf-8") as card:
                self.card: dict[str, Any] = json.load(card)
            # Kept, because the signatures' variables live as long as their module.
            self._module = tf.saved_model.load(folder)
            self.signatures = {
                name: Signature(function) for name, function in self._module.signatures.items()
            }
            self.predictor = self._predictor()
            self._try()
            self._warm_up(folder)
        except Exception as error:  # a damaged folder raises whatever the reader stumbles over
            why = reason(error) or type(error).__name__
            raise InputError(f"SavedModel {folder} cannot be served: {why}") from error
        self.signature_defs = graphs[0].signature_def

    def signature(self, name: str) -> Signature:
        """Raises `Refusal` 400 if there is none of that name."""
        if name not in self.signatures:
            known = ", ".join(sorted(self.signatures))
            raise Refusal(
                400,
                f"Serving signature name: {name[:80]!r} not found in signature def: expected one "
                f"of {known}",
            )
        return self.signatures[name]

    def _predictor(self) -> Predictor:
        function = self.signatures["generate"].function

        def generate(image: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
            return function(image=image, mask=mask)

        # As `inpainting.serving.predictor.load` has it.
        size = max(256, 2 * self.card.get("image_size", 256))
        return Predictor(generate, working_size=size, size=fixed_size(function))

    def _try(self) -> None:
        """Runs the network once: a broken version shows, and the first request need not wait."""
        signature = self.signatures["serving_default"]
        inputs = {}
        for name, spec in signature.specs.items():
            free = (1, _TRIAL_SIDE, _TRIAL_SIDE, 3)
            shape = [side or free[axis] for axis, side in enumerate(spec.shape.as_list())]
            inputs[name] = np.zeros(shape, spec.dtype.as_numpy_dtype)
        inputs["mask"][:, ::2] = 1
        signature(inputs)

    def _warm_up(self, folder: str) -> None:
        """Answers the version's warm-up records, as TensorFlow Serving does before it serves."""
        for number, (name, inputs) in enumerate(read_warmup(folder)):
            if number == 0 and name == "serving_default":
                # `/fill` has graphs of its own, one for all sizes, and its first photo makes them.
                self.predictor(inputs["image"][0], inputs["mask"][0])
            if not self.signature(name).takes_bytes:
                self.signature(name)(inputs)
                continue
            # Files are decoded by the server, photo by photo; see `Service`.
            for pair in zip(*(inputs[key].tolist() for key in ("image_bytes", "mask_bytes"))):
                self.signature("serving_default")(photo_bytes.decode(*pair))
