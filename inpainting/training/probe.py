"""What a network makes of the same two photographs at each report, as two figures."""

from __future__ import annotations

from typing import Callable

import numpy as np
import tensorflow as tf

from inpainting.data.masks import mask_of_rate
from inpainting.data.photos import Photos
from inpainting.data.pipeline import centre_crop
from inpainting.image import to_float

PHOTOS, RATE = 2, (0.2, 0.3)
Generate = Callable[[tf.Tensor, tf.Tensor], "dict[str, tf.Tensor]"]


class Probe:
    """Fills the first photographs of a run, under masks of the seed.

    Arguments:
        photos: of the run; its first ones are taken.
        image_size: side of the square crops.
        seed: of the masks.
        generate: (image, mask) -> `{"coarse", "refined"}`, float32 batches.

    Raises:
        InputError: none can be read.
    """

    def __init__(self, photos: Photos, image_size: int, seed: int, generate: Generate) -> None:
        rng = np.random.default_rng(seed)
        count = min(PHOTOS, len(photos))
        crops = [centre_crop(photos.read_from(number), image_size) for number in range(count)]
        masks = [mask_of_rate(rng, image_size, image_size, *RATE) for _ in crops]
        self.image = to_float(np.stack(crops))
        self.mask = np.stack(masks)[..., np.newaxis].astype(np.float32)
        self._generate = generate
        self._coarse: np.ndarray | None = None

    def figures(self) -> dict[str, float]:
        """The two figures of the network as it is now.

        `hole_spread`: the standard deviation of colours in the hole, of the fill divided by the
        photograph's. `coarse_change`: mean |change| of the coarse output since the last call;
        absent at the first.
        """
        outputs = self._generate(tf.constant(self.image), tf.constant(self.mask))
        refined, coarse = (np.asarray(outputs[name], np.float32) for name in ("refined", "coarse"))
        figures = {"hole_spread": _spread(refined, self.mask) / _spread(self.image, self.mask)}
        if self._coarse is not None:
            figures["coarse_change"] = float(np.abs(coarse - self._coarse).mean())
        self._coarse = coarse
        return figures


def _spread(images: np.ndarray, masks: np.ndarray) -> float:
    """Standard deviation over the hole of each image and colour, averaged; never quite 0."""
    values = [image[mask[..., 0] == 1].std(axis=0).mean() for image, mask in zip(images, masks)]
    return float(np.mean(values)) + 1e-6
