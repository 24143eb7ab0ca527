"""Scores inpainting systems on photographs with seeded masks, so that others get the same figures.

    python evaluate.py --model=telea,ns,runs/mine --mask_range=10-20,20-30,30-40
    python evaluate.py --dataset=folder --data_dir=MY_PHOTOS --model=runs/mine --image_size=128
    python evaluate.py --dataset=folder --data_dir=MY_PHOTOS --write_inputs=FOR_THE_OTHER_PROGRAM
    python evaluate.py --dataset=folder --data_dir=MY_PHOTOS --from_outputs=other=ITS_PICTURES

Prints a table and writes results.json, the table as Markdown, LaTeX and CSV, picture grids, a
report and the manifest into --output. docs/evaluation.md says what each metric means.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from absl import flags

from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string("mask_range", "10-20,20-30,30-40", "Mask rates in per cent, LOW-HIGH.")
flags.DEFINE_list(
    "model",
    [],
    "Columns: telea, ns, pyramid, mean, or a run folder, checkpoint, SavedModel or name of shipped "
    "weights; NAME=PATH names the column. By default the newest run in runs/.",
)
flags.DEFINE_list("checkpoint", [], "More columns: run folders, checkpoints, SavedModels.")
flags.DEFINE_list("from_outputs", [], "More columns: folders (NAME=DIR) that others filled.")
flags.DEFINE_enum(
    "detail", "on", ["on", "off"], "Also score each model with the photo's texture in its fill."
)
flags.DEFINE_string("write_inputs", "", "Folder to write photos and masks to, for others to fill.")
flags.DEFINE_string("dataset", "sample", "sample, folder, shards, places365 or celeba_hq.")
flags.DEFINE_string("data_dir", "", "The dataset's folder.")
flags.DEFINE_enum("split", None, ["train", "val", "all"], "By default val, and all of a folder.")
flags.DEFINE_bool("skip_bad_records", False, "Leave out damaged photographs of shards.")
flags.DEFINE_string("filelist", "", "A text file that names the photographs to score.")
flags.DEFINE_string("mask_dir", "", "A folder of mask files (white = hole) to use instead.")
flags.DEFINE_bool("invert_mask", False, "Black is hole in the files of --mask_dir.")
flags.DEFINE_integer("image_size", 256, "Side of the square that photos are brought to.")
flags.DEFINE_enum("crop", "centre", ["centre", "resize"], "Largest central square, or all, scaled.")
flags.DEFINE_integer("num_photos", 0, "How many, evenly spaced over the sorted names; 0 = all.")
flags.DEFINE_integer("batch_size", 8, "Photographs at a time, over all devices together.")
flags.DEFINE_integer("seed", 0, "Seed of the masks and of the bootstrap.")
flags.DEFINE_string(
    "vgg_weights", "auto", "PL's weights: imagenet, random or a file; auto = imagenet if they are "
    "on this machine, else PL is left out; none = left out.",
)  # fmt: skip
flags.DEFINE_string("lpips_weights", "", "LPIPS weights (.npz); without them LPIPS is left out.")
flags.DEFINE_string("fid_weights", "", "Inception-v3 weights (.npz, .h5); else FID is left out.")
flags.DEFINE_string("output", "", "Where files go; by default evaluations/HASH OF THE SETTINGS.")
flags.DEFINE_string("manifest", "", "A manifest.json that this run must agree with.")
flags.DEFINE_bool("resume", False, "Go on with what an interrupted run left in --output.")
flags.DEFINE_integer("figures", 3, "Photos in each figure; 0 = no figures.")
flags.DEFINE_string("cases_by", "ssim", "The metric that best and worst cases are chosen by.")
FLAGS = flags.FLAGS


def check_flags() -> None:
    """Raises `InputError` for a number that is out of range."""
    from inpainting.evaluation.metrics import SSIM_WINDOW

    limits = {"image_size": SSIM_WINDOW, "batch_size": 1, "num_photos": 0, "figures": 0, "seed": 0}
    for name, least in limits.items():
        if getattr(FLAGS, name) < least:
            raise InputError(f"--{name} must be {least} or more, got {getattr(FLAGS, name)}")


def make_photos() -> Any:
    """The photos of --dataset. A folder without train and val is scored whole by default."""
    from inpainting.data.sources import open_photos
    from inpainting.evaluation.photo_set import PhotoSet

    parts = [os.path.isdir(os.path.join(FLAGS.data_dir, part)) for part in ("train", "val")]
    whole = FLAGS.dataset == "folder" and not all(parts)
    split = FLAGS.split or ("all" if whole else "val")
    photos = open_photos(
        FLAGS.dataset,
        FLAGS.data_dir or None,
        split,
        FLAGS.filelist or None,
        skip_bad_records=FLAGS.skip_bad_records,
        least_side=FLAGS.image_size if FLAGS.crop == "centre" else 0,
    )
    return PhotoSet(photos, FLAGS.image_size, FLAGS.crop, FLAGS.num_photos)


def make_masks(buckets: Any) -> Any:
    """Seeded masks, or those of --mask_dir; all buckets can be had from them."""
    from inpainting.evaluation.mask_folder import FolderMasks
    from inpainting.evaluation.protocol import SeededMasks

    masks: Any = SeededMasks(FLAGS.image_size, FLAGS.seed)
    if FLAGS.mask_dir:
        masks = FolderMasks(FLAGS.mask_dir, FLAGS.image_size, FLAGS.seed, FLAGS.invert_mask)
    for bucket in buckets:
        masks.check(bucket)
    return masks


def make_runner() -> Any:
    """Photos, masks, metrics and columns; or None if only --write_inputs was asked for."""
    from inpainting.evaluation.columns import make_columns, newest_run
    from inpainting.evaluation.exchange import write_inputs
    from inpainting.evaluation.inputs import Inputs
    from inpainting.evaluation.metric_set import MetricSet
    from inpainting.evaluation.protocol import parse_buckets
    from inpainting.evaluation.runner import Runner

    threads = os.cpu_count() or 1
    buckets = parse_buckets(FLAGS.mask_range)
    inputs = Inputs(make_photos(), make_masks(buckets), buckets, threads)
    models = FLAGS.model + FLAGS.checkpoint
    if FLAGS.write_inputs:
        count = write_inputs(inputs, FLAGS.write_inputs, FLAGS.batch_size)
        print(f"{count} photos with their masks are in {FLAGS.write_inputs}")
        if not (models or FLAGS.from_outputs):
            return None
    if not (models or FLAGS.from_outputs):
        models = [newest_run()]
    detail = FLAGS.detail == "on"
    columns = make_columns(models, FLAGS.from_outputs, inputs, FLAGS.batch_size, threads, detail)
    metrics = MetricSet(FLAGS.vgg_weights, FLAGS.lpips_weights, FLAGS.fid_weights, FLAGS.image_size)
    return Runner(inputs, columns, metrics, FLAGS.batch_size, threads)


def cases_metric(metrics: Any) -> Any:
    """The metric of --cases_by."""
    found = {metric.name: metric for metric in metrics}
    if FLAGS.cases_by not in found:
        raise InputError(f"--cases_by={FLAGS.cases_by} is none of {', '.join(found)}")
    return found[FLAGS.cases_by]


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: evaluate.py takes flags only")
    check_flags()
    from inpainting.evaluation.evaluation import Evaluation
    from inpainting.evaluation.manifest import Expected
    from inpainting.evaluation.tables import to_text

    expected = Expected(FLAGS.manifest) if FLAGS.manifest else None
    runner = make_runner()
    if runner is None:
        return
    cases_by = cases_metric(runner.metrics.per_photo)
    evaluation = Evaluation(runner, FLAGS.output, FLAGS.seed, FLAGS.resume, expected)
    try:
        results = evaluation.run()
    except KeyboardInterrupt:
        print(f"what is done is kept: --resume --output={evaluation.output}", file=sys.stderr)
        raise
    table = evaluation.publish(results, FLAGS.figures, cases_by)
    print(to_text(table), end="")
    print(f"results, table, figures and report are in {evaluation.output}")
    for line in runner.inputs.photos.skipped_report():
        print(line, file=sys.stderr)


if __name__ == "__main__":
    cli.run(main)
