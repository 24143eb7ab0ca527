"""Fills the hole that a mask marks in a photo, or in every photo of a folder.

    python inpaint.py IMAGE --mask MASK --output OUT
    python inpaint.py FOLDER --mask FOLDER_OR_FILE --output FOLDER

White in the mask is what is filled. Everything else comes back as it was: bit for bit in a lossless
format, with colour profile, EXIF, transparency and a JPEG's quality kept. In a folder, a photo's
mask is the file of the same stem, or one mask serves all; a bad file is reported and skipped.

Exit codes: 0 done, 1 some photos of a folder failed, 2 bad usage or bad input.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from absl import flags

from inpainting import cli
from inpainting.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from inpainting.serving.files import Photo
    from inpainting.serving.jobs import Job
    from inpainting.serving.predictor import Predictor

flags.DEFINE_string("mask", "", "The mask, white = fill; or a folder of masks named as the photos.")
flags.DEFINE_string("output", "", "The file to write; a folder where the input is one.")
flags.DEFINE_string(
    "model",
    "",
    "A run folder, a checkpoint prefix, a SavedModel folder or the name of shipped weights; by "
    "default the newest run under runs/.",
)
flags.DEFINE_bool("invert_mask", False, "Black in the mask is what is filled.")
flags.DEFINE_integer("dilate", 0, "Grow the hole by this many pixels all round.", lower_bound=0)
flags.DEFINE_bool(
    "preview", False, "Write the photo with what would be filled in red; no model is needed."
)
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        raise InputError(f"expected one photo or folder, received {len(arguments)} (see --help)")
    for name in ("mask", "output"):
        if not FLAGS[name].value:
            raise InputError(f"--{name} is missing (see --help)")
    from inpainting.serving.jobs import plan_jobs, prepare

    jobs = plan_jobs(arguments[0], FLAGS.mask, FLAGS.output)
    if os.path.isdir(arguments[0]):
        return fill_all(jobs, load_predictor())
    # Bad input is told before the model is loaded, which takes seconds.
    photo, hole = prepare(jobs[0], FLAGS.invert_mask, FLAGS.dilate)
    print(fill(jobs[0], photo, hole, load_predictor()))
    return 0


def load_predictor() -> Predictor | None:
    """The model asked for; none for a preview."""
    if FLAGS.preview:
        return None
    import inpainting
    from inpainting.serving.jobs import newest_run

    return inpainting.load(FLAGS.model or newest_run())


def fill(job: Job, photo: Photo, hole: np.ndarray, predictor: Predictor | None) -> str:
    """Writes the filled photo, or its preview where there is no predictor; says what was done."""
    from inpainting.image import write_image
    from inpainting.serving.files import write_photo
    from inpainting.serving.jobs import tint

    if predictor is None:
        write_image(job.output, tint(photo.pixels, hole))
    else:
        write_photo(job.output, photo, predictor(photo.pixels, hole), hole)
    rate = f"{100 * hole.mean():.1f} % of {hole.shape[1]} x {hole.shape[0]} pixels"
    return f"{job.output}: {rate} {'filled' if predictor else 'would be filled'}"


def fill_all(jobs: list[Job], predictor: Predictor | None) -> int:
    """Fills every photo; goes on after a bad one and lists those at the end."""
    from tqdm import tqdm

    from inpainting.serving.jobs import prepare

    failed = []
    terminal = sys.stderr.isatty()
    for job in tqdm(jobs, desc="inpaint", unit="photo", disable=not terminal):
        try:
            photo, hole = prepare(job, FLAGS.invert_mask, FLAGS.dilate)
            line = fill(job, photo, hole, predictor)
        except InputError as error:
            failed.append(str(error))
            continue
        if not terminal:
            print(line, flush=True)
    print(f"{len(jobs) - len(failed)} of {len(jobs)} photos done, in {FLAGS.output}")
    for message in failed:
        cli.fail(message)
    return 1 if failed else 0


if __name__ == "__main__":
    cli.run(main)
