"""Trains an inpainting system on photographs and keeps everything in a run folder.

    python train.py --dataset=places365 --data_dir=DIR
    python train.py --dataset=folder --data_dir=MY_PHOTOS --image_size=256 --steps=100000
    python train.py --run_dir=runs/mine --resume
    python train.py --start_from=runs/published --dataset=folder --data_dir=MY_PHOTOS
    python train.py --dataset=folder --data_dir=MY_PHOTOS --dry_run

Masks are drawn anew for every photograph. With --resume the run folder's own settings hold; flags
given beside it must agree with them.

SIGTERM and Ctrl-C let the step in work end, save and leave with exit code 75; a second one leaves
at once. Other exit codes: 0 done, 1 a loss is no longer finite, 2 bad usage or bad input.
"""

from __future__ import annotations

import os
import time
from typing import Any

from absl import flags

from inpainting import cli
from inpainting.errors import InputError
from inpainting.files import exists
from inpainting.training.stop import StopSignals

flags.DEFINE_string("model", "recurrent", "recurrent, gated or contextual_attention.")
flags.DEFINE_string("preset", "paper", "The model's settings: paper; reference_code of recurrent.")
flags.DEFINE_multi_string(
    "set", [], "A setting of the system to change, as NAME=VALUE; may be given several times."
)
flags.DEFINE_string("dataset", "sample", "sample, folder, shards, places365 or celeba_hq.")
flags.DEFINE_string("data_dir", "", "The dataset's folder.")
flags.DEFINE_string("filelist", "", "A text file that names the photographs to train on.")
flags.DEFINE_string("mask_dir", "", "A folder of mask files (white = hole) instead of drawn masks.")
flags.DEFINE_string(
    "start_from", "", "A run folder (imported weights too) or checkpoint to fine-tune from."
)
flags.DEFINE_bool("skip_bad_records", False, "Go on without damaged photographs of shards.")
flags.DEFINE_integer("steps", 200_000, "Updates of each network.")
flags.DEFINE_integer("batch_size", 8, "Photographs a step, over all devices together.")
flags.DEFINE_integer("image_size", 256, "Side of the square training crops, in pixels.")
flags.DEFINE_integer("seed", 0, "Seed of weights, crops and masks.")
flags.DEFINE_string("vgg_weights", "imagenet", "imagenet, random, or a file of VGG-19 weights.")
flags.DEFINE_string(
    "vgg_precision",
    "auto",
    "float32 or bfloat16; auto takes bfloat16 where one process trains on a processor that "
    "convolves faster in it, by a short trial; losses stay within 1 %, see docs/benchmarks.md.",
)
flags.DEFINE_integer("checkpoint_every", 1000, "Steps between checkpoints.")
flags.DEFINE_integer("keep_checkpoints", 3, "How many of the newest checkpoints are kept.")
flags.DEFINE_integer("log_every", 20, "Steps between log lines.")
flags.DEFINE_integer("grid_every", 1000, "Steps between pictures of validation fills; 0 = never.")
flags.DEFINE_integer("validate_every", 1000, "Steps between validations; 0 = never.")
flags.DEFINE_integer("validate_photos", 32, "How many photographs are scored for validation.")
flags.DEFINE_float(
    "ema", 0.999, "Decay of the moving average of the generator's weights, which fills; 0 = none."
)
flags.DEFINE_string("strategy", "auto", "auto, mirrored, multi_worker or one_device.")
flags.DEFINE_integer("micro_batches", 1, "Parts of a batch that are in memory one at a time.")
flags.DEFINE_string("mixed_precision", "off", "off, bfloat16 or float16.")
flags.DEFINE_integer("workers", 2, "Threads that read photographs.")
flags.DEFINE_string("run_dir", "", "The run folder; by default runs/MODEL-DATASET-TIME.")
flags.DEFINE_bool("resume", False, "Go on from the newest checkpoint in --run_dir.")
flags.DEFINE_bool(
    "resume_or_start", False, "--resume if --run_dir holds a run, else start it: one command for "
    "machines that are taken away and restarted.",
)  # fmt: skip
flags.DEFINE_float(
    "grace_seconds", 30.0, "After SIGTERM, leave within so many seconds, with or without the step "
    "in work; 0 = when that is done.", lower_bound=0.0,
)  # fmt: skip
flags.DEFINE_bool("dry_run", False, "Check everything, write a picture of some batches and leave.")
FLAGS = flags.FLAGS


def settings(pairs: list[str]) -> dict[str, Any]:
    """`NAME=VALUE` strings as a dict with numbers and booleans read as such."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise InputError(f"--set={pair}: expected NAME=VALUE")
        values[name] = _value(text)
    return values


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def configuration(resume: bool) -> Any:
    """The run's configuration: of the folder on resume, else of the flags."""
    from inpainting.systems import registry
    from inpainting.training.config import RunConfig, read_config
    from inpainting.training.vgg_precision import chosen_precision

    names = set(RunConfig.__dataclass_fields__) - {"system"}
    named = FLAGS["model"].present or FLAGS["preset"].present
    if not resume:
        values = {name: getattr(FLAGS, name) for name in names}
        values["vgg_precision"] = chosen_precision(FLAGS.vgg_precision)
        if FLAGS.start_from and not named:
            # The networks' own settings, unless others are asked for.
            from inpainting.loading import find_checkpoint

            saved = read_config(find_checkpoint(FLAGS.start_from)[0])
            values |= {"model": saved.model, "preset": saved.preset}
            system = registry.changed(saved.model, saved.system, settings(FLAGS.set))
        else:
            system = registry.preset(FLAGS.model, FLAGS.preset, settings(FLAGS.set))
        return RunConfig(system=system, **values)
    saved = read_config(FLAGS.run_dir)
    values = {
        name: getattr(FLAGS, name) if FLAGS[name].present else getattr(saved, name)
        for name in names
    }
    values["vgg_precision"] = chosen_precision(values["vgg_precision"])
    system = saved.system
    if named:
        system = registry.preset(values["model"], values["preset"], settings(FLAGS.set))
    elif FLAGS.set:
        system = registry.changed(saved.model, saved.system, settings(FLAGS.set))
    return RunConfig(system=system, **values)


def resuming() -> bool:
    """Whether the run in --run_dir is to be gone on with."""
    for name in ("resume", "resume_or_start"):
        if getattr(FLAGS, name) and not FLAGS.run_dir:
            raise InputError(f"--{name} needs --run_dir, the run to go on with")
    if FLAGS.resume or not FLAGS.resume_or_start:
        return FLAGS.resume
    found = exists(os.path.join(FLAGS.run_dir, "config.json"))
    print(f"{FLAGS.run_dir} {'holds a run: going on with it' if found else 'is started'}")
    return found


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: train.py takes flags only")
    with StopSignals(FLAGS.run_dir, FLAGS.grace_seconds) as stop:
        resume = resuming()
        config = configuration(resume)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        run_dir = FLAGS.run_dir or f"runs/{config.model}-{config.dataset}-{stamp}"
        stop.run_dir = run_dir
        if FLAGS.dry_run:
            from inpainting.training.dry_run import dry_run

            print(f"nothing was trained; see {dry_run(config, run_dir)}")
            return
        from inpainting.training.run import train

        print(f"trained: checkpoint {train(config, run_dir, resume, stop)}")


if __name__ == "__main__":
    cli.run(main)
