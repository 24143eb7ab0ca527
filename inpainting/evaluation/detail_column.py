"""A column that shows a generator's pictures after the detail pass."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from inpainting import image as images
from inpainting.evaluation.inputs import Batch
from inpainting.evaluation.model_column import ModelColumn


class DetailColumn:
    """The refined pictures of another column with the photo's own texture, as people see them.

    A column of its own beside the model's, so that a table says what the pass gives and costs. The
    network runs once for both.
    """

    def __init__(self, model: ModelColumn) -> None:
        import tensorflow as tf

        from inpainting.detail.detail import VERSION, add_detail
        from inpainting.detail.options import DetailOptions

        options = dataclasses.asdict(DetailOptions())
        options["strengths"] = list(options["strengths"])  # as it comes back from a file
        self.names = [f"{model.names[0]}+detail"]
        self.record = {**model.record, "detail": {"version": VERSION, **options}}
        self._model = model
        specs = [tf.TensorSpec((None, None, None, channels)) for channels in (3, 1, 3)]
        self._add_detail: Any = tf.function(
            lambda image, mask, fill: add_detail(image, mask, fill),
            input_signature=specs,
            autograph=False,
        )

    def fill(self, batch: Batch) -> dict[str, np.ndarray]:
        """See `Column`."""
        image = images.to_float(batch.with_white_holes())
        mask = batch.masks[..., np.newaxis].astype(np.float32)
        detailed = self._add_detail(image, mask, self._model.outputs(batch)["refined"]).numpy()
        return {self.names[0]: images.complete(batch.images, batch.masks, detailed)}
