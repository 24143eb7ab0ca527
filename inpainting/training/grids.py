"""Pictures of validation fills, always with the same photographs and masks."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from inpainting.data.sources import Photos
from inpainting.detail.detail import add_detail
from inpainting.image import complete, to_float, to_uint8, write_image
from inpainting.picture import grid, show_hole
from inpainting.training.validation import FixedPhotos, Generate

PHOTOS = 6
ROWS = ("input", "coarse", "refined", "completed", "truth")


class FillGrid:
    """Fills of up to `PHOTOS` photos; see `FixedPhotos`.

    Raises:
        InputError: no photo can be read.
    """

    def __init__(self, photos: Photos, image_size: int, seed: int) -> None:
        fixed = FixedPhotos(photos, PHOTOS, image_size, seed)
        self.images, self.masks = fixed.images, fixed.masks

    def draw(self, generate: Generate, detail: bool = False) -> np.ndarray:
        """The picture, uint8 `(H, W, 3)`; rows are input, coarse, refined, completed, truth.

        Args:
            generate: (image, mask) -> `{"coarse", "refined"}`, float32 batches.
            detail: whether a row above the truth shows the fill with `add_detail`.
        """
        image = to_float(self.images)
        mask = self.masks[..., None].astype(np.float32)
        outputs = generate(tf.constant(image), tf.constant(mask))
        coarse, refined = (to_uint8(outputs[name].numpy()) for name in ("coarse", "refined"))
        rows = [
            [show_hole(*pair) for pair in zip(self.images, self.masks)],
            list(coarse),
            list(refined),
            [complete(*parts) for parts in zip(self.images, self.masks, refined)],
            list(self.images),
        ]
        names = list(ROWS)
        if detail:
            detailed = tf.function(add_detail)(image, mask, outputs["refined"])
            rows.insert(-1, list(to_uint8(detailed.numpy())))
            names.insert(-1, "with detail")
        return grid(rows, row_names=names)


def write_grid(fills: FillGrid, generate: Generate, run_dir: str, step: int) -> str:
    """Writes the fills of `step` into the run folder's `grids/` and returns the file's path."""
    folder = os.path.join(run_dir, "grids")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"step-{step:07d}.png")
    write_image(path, fills.draw(generate))
    return path
