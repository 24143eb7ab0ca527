"""Image inpainting in TensorFlow 2: it fills the hole that a mask marks in a photograph.

    import inpainting

    predictor = inpainting.load("runs/mine")
    completed = predictor(image, mask)

Importing the package is cheap; TensorFlow is imported by `load`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inpainting.serving.predictor import Predictor

__version__ = "0.1.0"


def load(name_or_path: str) -> Predictor:
    """The predictor of a run folder, a checkpoint prefix, a SavedModel folder or shipped weights.

    Raises:
        inpainting.errors.InputError: there is nothing of that name, or it cannot be read.
    """
    from inpainting.serving.predictor import load as load_predictor

    return load_predictor(name_or_path)
