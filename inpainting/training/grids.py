"""Pictures of validation fills, always with the same photographs and masks."""

from __future__ import annotations

import os
from typing import Callable

import numpy as np
import tensorflow as tf

from inpainting.data.masks import mask_of_rate
from inpainting.data.pipeline import centre_crop
from inpainting.data.sources import Photos
from inpainting.errors import InputError
from inpainting.image import complete, to_float, to_uint8, write_image
from inpainting.picture import grid, show_hole

PHOTOS = 6
RATES = ((0.1, 0.2), (0.2, 0.3), (0.3, 0.4))
ROWS = ("input", "coarse", "refined", "completed", "truth")

Generate = Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]


class FillGrid:
    """Up to `PHOTOS` validation photos, cropped square, with seeded masks.

    Masks go through the paper's three mask-rate buckets in turn.

    Raises:
        InputError: no photo can be read.
    """

    def __init__(self, photos: Photos, image_size: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.images: list[np.ndarray] = []
        masks: list[np.ndarray] = []
        for index in range(len(photos)):
            if len(self.images) == PHOTOS:
                break
            try:
                photo = photos.read(index)
            except InputError:
                continue  # recorded by `photos`; the next one will do
            low, high = RATES[len(masks) % len(RATES)]
            self.images.append(centre_crop(photo, image_size))
            masks.append(mask_of_rate(rng, image_size, image_size, low, high))
        if not masks:
            raise InputError(
                f"none of the {len(photos)} validation photos can be read "
                "(--grid_every=0 trains without pictures of them)"
            )
        self.masks = np.stack(masks)

    def draw(self, generate: Generate) -> np.ndarray:
        """The picture, uint8 `(H, W, 3)`; rows are input, coarse, refined, completed, truth.

        Args:
            generate: (image, mask) -> `{"coarse", "refined"}`, float32 batches.
        """
        image = to_float(np.stack(self.images))
        mask = self.masks[..., None].astype(np.float32)
        outputs = generate(tf.constant(image), tf.constant(mask))
        coarse, refined = (to_uint8(outputs[name].numpy()) for name in ("coarse", "refined"))
        rows = [
            [show_hole(*pair) for pair in zip(self.images, self.masks)],
            list(coarse),
            list(refined),
            [complete(*parts) for parts in zip(self.images, self.masks, refined)],
            self.images,
        ]
        return grid(rows, row_names=ROWS)


def write_grid(fills: FillGrid, generate: Generate, run_dir: str, step: int) -> str:
    """Writes the fills of `step` into the run folder's `grids/` and returns the file's path."""
    folder = os.path.join(run_dir, "grids")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"step-{step:07d}.png")
    write_image(path, fills.draw(generate))
    return path
