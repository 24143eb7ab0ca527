"""A column whose pictures a trained generator makes."""

from __future__ import annotations

from typing import Any

import numpy as np

from inpainting import image as images
from inpainting.evaluation.inputs import Batch

#: What the manifest keeps of a generator's record, beside the hash of its weights. Nothing of the
#: machine that it was trained on.
RECORDED = ("model", "preset", "system", "step")


class ModelColumn:
    """A generator, run under its distribution strategy; also scores its coarse picture.

    The batch is split over the strategy's replicas in equal parts; the last photo is repeated
    where it doesn't divide, and the surplus dropped.
    """

    def __init__(self, name: str, generator: Any, strategy: Any) -> None:
        self.names = [name, f"{name} (coarse)"]
        self.record = {
            "kind": "model",
            "weights_sha256": generator.weights_hash,
            **{key: generator.record[key] for key in RECORDED if key in generator.record},
        }
        self._generator = generator
        self._strategy = strategy
        self._last: tuple[Batch, dict[str, np.ndarray]] | None = None

    def fill(self, batch: Batch) -> dict[str, np.ndarray]:
        """See `Column`."""
        outputs = self.outputs(batch)
        return {
            name: images.complete(batch.images, batch.masks, outputs[key])
            for name, key in zip(self.names, ("refined", "coarse"))
        }

    def outputs(self, batch: Batch) -> dict[str, np.ndarray]:
        """`coarse` and `refined`, float32 `(B, H, W, 3)`; the last batch's are remembered."""
        if self._last is None or self._last[0] is not batch:
            self._last = (batch, self._run(batch))
        return self._last[1]

    def _run(self, batch: Batch) -> dict[str, np.ndarray]:
        count = len(batch.images)
        replicas = self._strategy.num_replicas_in_sync
        order = np.minimum(np.arange(-(-count // replicas) * replicas), count - 1)
        image = images.to_float(batch.with_white_holes())[order]
        mask = batch.masks[order, ..., np.newaxis].astype(np.float32)
        outputs = self._generate(image, mask, len(order) // replicas)
        return {key: output[:count] for key, output in outputs.items()}

    def _generate(self, image: np.ndarray, mask: np.ndarray, share: int) -> dict[str, np.ndarray]:
        """float32 outputs of all replicas, in the order of the batch."""
        import tensorflow as tf

        def part(array: np.ndarray) -> Any:
            return self._strategy.experimental_distribute_values_from_function(
                lambda context: tf.constant(
                    array[context.replica_id_in_sync_group * share :][:share]
                )
            )

        outputs = self._strategy.run(self._generator.generate, args=(part(image), part(mask)))
        return {
            key: np.concatenate(
                [value.numpy() for value in self._strategy.experimental_local_results(outputs[key])]
            )
            for key in ("coarse", "refined")
        }
