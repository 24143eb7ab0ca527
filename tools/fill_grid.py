"""Fills validation photographs with a model and writes one picture of all stages.

    python tools/fill_grid.py --model=demo/export --dataset=sample --output=fills.png
    python tools/fill_grid.py --model=places --detail=on --output=fills.png

Rows: the input with its hole, the coarse and the refined output, the completed image, with
`--detail=on` that with the photo's own texture in the fill, as inpaint.py gives it, the truth.
Masks are seeded, of the three mask-rate buckets in turn: those of the grids of a training run.
"""

from __future__ import annotations

import os
import sys

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string("model", None, "A run folder, a checkpoint prefix or a SavedModel folder.")
flags.DEFINE_string("dataset", "sample", "sample, folder, places365 or celeba_hq.")
flags.DEFINE_string("data_dir", "", "The dataset's folder.")
flags.DEFINE_integer("image_size", 256, "Side of the square centre crops, in pixels.")
flags.DEFINE_integer("seed", 0, "Seed of the masks.")
flags.DEFINE_enum("detail", "off", ["on", "off"], "A row with the photo's own texture in the fill.")
flags.DEFINE_string("output", "fills.png", "The picture to write.")
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: fill_grid.py takes flags only")
    if not FLAGS.model:
        raise InputError("--model is needed: a run folder, a checkpoint or a SavedModel folder")
    from inpainting.image import check_writable, write_image

    check_writable(FLAGS.output)
    from inpainting.data.sources import open_photos
    from inpainting.loading import load_generator
    from inpainting.training.grids import FillGrid

    generator = load_generator(FLAGS.model)
    photos = open_photos(FLAGS.dataset, FLAGS.data_dir, "val")
    fills = FillGrid(photos, FLAGS.image_size, FLAGS.seed)
    picture = fills.draw(generator.generate, detail=FLAGS.detail == "on")
    write_image(FLAGS.output, picture)
    print(f"wrote {FLAGS.output}")


if __name__ == "__main__":
    cli.run(main)
