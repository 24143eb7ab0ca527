"""Fills the hole that a mask marks in a photo, or in every photo of a folder.

    python inpaint.py IMAGE --mask MASK --output OUT
    python inpaint.py FOLDER --mask FOLDER_OR_FILE --output FOLDER

White in the mask is what is filled. Everything else comes back as it was: bit for bit in a lossless
format, with 16 bits a channel, colour profile, EXIF, transparency and a JPEG's quality kept. In a
folder, a photo's mask is the file of the same stem, or one mask serves all; a bad file is reported
and skipped. By default the weights that come with the project, `places`, do it.

Exit codes: 0 done, 1 some photos of a folder failed, 2 bad usage or bad input.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable

from absl import flags, logging

from inpainting import cli
from inpainting.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from inpainting.serving.files import Photo
    from inpainting.serving.jobs import Job

flags.DEFINE_string("mask", "", "The mask, white = fill; or a folder of masks named as the photos.")
flags.DEFINE_string("output", "", "The file to write; a folder where the input is one.")
flags.DEFINE_string(
    "model",
    "places",
    "The name of shipped weights, a run folder, a checkpoint prefix or a SavedModel folder.",
)
flags.DEFINE_bool("invert_mask", False, "Black in the mask is what is filled.")
flags.DEFINE_integer("dilate", 0, "Grow the hole by this many pixels all round.", lower_bound=0)
flags.DEFINE_integer(
    "feather",
    None,
    "Width in pixels, inside the hole, over which the fill's colours are drawn to those around "
    "it; 4 if not given.",
    lower_bound=0,
)
flags.DEFINE_enum(
    "detail", "on", ["on", "off"], "Give the fill the photo's own texture, or leave it smooth."
)
flags.DEFINE_bool(
    "preview", False, "Write the photo with what would be filled in red; no model is needed."
)
flags.DEFINE_bool("dry_run", False, "Check everything, load no model and write nothing.")
flags.DEFINE_bool(
    "resume", False, "Skip what has an output already that is no older than photo and mask."
)
FLAGS = flags.FLAGS

# Writes what one job asks for and returns the verb that says so.
Fill = Callable[["Job", "Photo", "np.ndarray"], str]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        raise InputError(f"expected one photo or folder, received {len(arguments)} (see --help)")
    for name in ("mask", "output"):
        if not FLAGS[name].value:
            raise InputError(f"--{name} is missing (see --help)")
    from inpainting.serving.checks import folder_warnings, trained_size
    from inpainting.serving.jobs import is_done, plan_jobs

    trained = None if FLAGS.preview else trained_size(FLAGS.model)
    jobs = plan_jobs(arguments[0], FLAGS.mask, FLAGS.output, make_folder=not FLAGS.dry_run)
    todo = [job for job in jobs if not (FLAGS.resume and is_done(job))]
    if os.path.isdir(arguments[0]):
        known = [FLAGS.mask, FLAGS.output, *(job.image for job in jobs)]
        for warning in folder_warnings(arguments[0], known):
            logging.warning("warning: %s", warning)
        return fill_all(todo, len(jobs) - len(todo), trained)
    for job in todo:
        # Bad input is told before the model is loaded, which takes seconds.
        photo, hole = read(job, trained)
        print(line(job, hole, choose_fill()(job, photo, hole)))
    if not todo:
        print(f"{FLAGS.output}: done before")
    return 0


def read(job: Job, trained: int | None) -> tuple[Photo, np.ndarray]:
    """Photo and hole; says what is probably wrong with them."""
    from inpainting.serving.checks import hole_warnings
    from inpainting.serving.jobs import prepare

    try:
        photo, hole = prepare(job, FLAGS.invert_mask, FLAGS.dilate)
    except MemoryError as error:
        raise InputError(f"not enough memory to read {job.image}") from error
    for warning in hole_warnings(hole, str(job.mask), trained):
        logging.warning("warning: %s", warning)
    return photo, hole


def choose_fill() -> Fill:
    """What the flags ask for; loads the model where one is needed."""
    if FLAGS.dry_run:
        return lambda job, photo, hole: "would be filled"
    if FLAGS.preview:
        return write_preview
    import inpainting
    from inpainting.serving.files import write_photo

    with cli.without_collections():
        predictor = inpainting.load(FLAGS.model)
    options: dict[str, Any] = {"detail": FLAGS.detail == "on"}
    if FLAGS.feather is not None:
        options["feather"] = FLAGS.feather

    def fill(job: Job, photo: Photo, hole: np.ndarray) -> str:
        try:
            with progress_bar() as show:
                completed = predictor(photo.pixels, hole, progress=show, **options)
            write_photo(job.output, photo, completed, hole)
        except MemoryError as error:
            raise InputError(f"not enough memory to fill {job.image}") from error
        return "filled"

    return fill


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[float], None]]:
    """What shows the share of a photo that is done, on a terminal."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    with tqdm(total=100, desc="fill", unit="%", disable=not terminal, leave=False) as bar:

        def show(share: float) -> None:
            bar.update(int(100 * share) - bar.n)

        yield show


def write_preview(job: Job, photo: Photo, hole: np.ndarray) -> str:
    from inpainting.image import write_image
    from inpainting.serving.jobs import tint

    write_image(job.output, tint(photo.pixels, hole))
    return "would be filled"


def line(job: Job, hole: np.ndarray, verb: str) -> str:
    rate = f"{100 * hole.mean():.1f} % of {hole.shape[1]} x {hole.shape[0]} pixels"
    return f"{job.output}: {rate} {verb}"


def fill_all(jobs: list[Job], skipped: int, trained: int | None) -> int:
    """Fills every photo; goes on after a bad one and lists those at the end."""
    from tqdm import tqdm

    fill = choose_fill() if jobs else write_preview
    failed = []
    terminal = sys.stderr.isatty()
    for job in tqdm(jobs, desc="inpaint", unit="photo", disable=not terminal):
        try:
            photo, hole = read(job, trained)
            done = line(job, hole, fill(job, photo, hole))
        except InputError as error:
            failed.append(str(error))
            continue
        if not terminal:
            print(done, flush=True)
    verb = "checked" if FLAGS.dry_run else "done"
    before = f", {skipped} done before" if skipped else ""
    print(f"{len(jobs) - len(failed)} of {len(jobs)} photos {verb}{before}, in {FLAGS.output}")
    for message in failed:
        cli.fail(message)
    return 1 if failed else 0


if __name__ == "__main__":
    cli.run(main)
