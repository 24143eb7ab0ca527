"""The protocol's photos and masks as files, for a program that isn't this one to fill."""

from __future__ import annotations

import os

import numpy as np

from inpainting.evaluation.files import make_folder
from inpainting.evaluation.inputs import Inputs
from inpainting.evaluation.progress import Progress
from inpainting.image import write_image


def write_inputs(inputs: Inputs, folder: str, batch_size: int) -> int:
    """Writes what every system is given; returns the number of photos.

    `FOLDER/photos/NAME.png` is the truth; `FOLDER/BUCKET/images/NAME.png` has white holes and
    `FOLDER/BUCKET/masks/NAME.png` is white where the hole is. What another program makes of them
    is scored from `OTHER/BUCKET/NAME.png` with `--from_outputs=OTHER`.
    """
    written, total = 0, len(inputs.photos)
    with Progress(total, "photos written") as progress:
        for start in range(0, total, batch_size):
            indices, batches = inputs.batches(range(start, min(start + batch_size, total)))
            for batch in batches:
                images = batch.with_white_holes()
                for place, name in enumerate(batch.names):
                    _write(folder, f"{batch.bucket.name}/images", name, images[place])
                    _write(folder, f"{batch.bucket.name}/masks", name, batch.masks[place] * 255)
                    if batch is batches[0]:
                        _write(folder, "photos", name, batch.images[place])
            written += len(indices)
            progress.add(batch_size)
    return written


def _write(folder: str, part: str, name: str, picture: np.ndarray) -> None:
    path = os.path.join(folder, *part.split("/"), *name.split("/")) + ".png"
    make_folder(os.path.dirname(path))
    write_image(path, picture)
