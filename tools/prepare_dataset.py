"""Puts photographs into shards (TFRecords), which train.py and evaluate.py read like folders.

    python tools/prepare_dataset.py --data_dir=MY_PHOTOS --output=SHARDS
    python tools/prepare_dataset.py --dataset=places365 --data_dir=DIR --output=SHARDS
    python tools/prepare_dataset.py --tar=train.tar --split=train --output=SHARDS \\
        --encode=jpeg --shorter_side=256
    python tools/prepare_dataset.py --verify --output=SHARDS

What is truncated, not an image, too small or there twice is skipped and listed in manifest.json.
Killed, the same command goes on where it was; done, it does nothing. docs/data.md says more.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string("dataset", "folder", "folder, places365, celeba_hq or sample.")
flags.DEFINE_string("data_dir", "", "The dataset's folder.")
flags.DEFINE_string("filelist", "", "A text file that names the photographs, one a line.")
flags.DEFINE_string("tar", "", "A tar of photographs, compressed or not, instead of a folder.")
flags.DEFINE_list(
    "split", None, "train, val or all, several with commas. By default all (train and val are then "
    "told apart when they are read), and train,val of places365 and celeba_hq.",
)  # fmt: skip
flags.DEFINE_string("output", "", "The folder to write to; several splits can share one.")
flags.DEFINE_string("encode", "keep", "keep the files' bytes, or encode as jpeg, png or webp.")
flags.DEFINE_integer("quality", None, "Of jpeg and webp, 1 to 100; by default 95.")
flags.DEFINE_integer("shorter_side", 0, "Pixels to reduce larger photographs to; 0 = as they are.")
flags.DEFINE_integer("min_side", 32, "Photographs with a shorter side below this are skipped.")
flags.DEFINE_float("shard_size", 128, "Largest size of a shard, in MB.")
flags.DEFINE_integer("workers", 0, "Processes that convert; 0 = one for each core.")
flags.DEFINE_bool("verify", False, "Only compare all files in --output with its manifest.")
FLAGS = flags.FLAGS

_WITH_OFFICIAL_SPLITS = ("places365", "celeba_hq")


def splits() -> list[str]:
    """The splits to prepare; raises `InputError` for one that there is not."""
    from inpainting.data.sources import SPLITS

    asked = FLAGS.split or (
        ["train", "val"] if FLAGS.dataset in _WITH_OFFICIAL_SPLITS and not FLAGS.tar else ["all"]
    )
    for split in asked:
        if split not in SPLITS:
            raise InputError(f"--split={split} is none of {', '.join(SPLITS)}")
    if len(asked) > 1 and (FLAGS.tar or FLAGS.filelist):
        raise InputError("--tar and --filelist give one split: name it by --split")
    return list(asked)


def make_input(split: str) -> Any:
    """What --tar, or --dataset, --data_dir and --filelist, name."""
    from inpainting.data.shards.inputs import FileInput, TarInput
    from inpainting.data.shards.sharded_photos import ShardedPhotos
    from inpainting.data.sources import open_photos

    if FLAGS.tar:
        if FLAGS.data_dir or FLAGS.filelist:
            raise InputError("--tar goes without --data_dir and --filelist")
        return TarInput(FLAGS.tar)
    photos = open_photos(FLAGS.dataset, FLAGS.data_dir or None, split, FLAGS.filelist or None)
    if isinstance(photos, ShardedPhotos):
        raise InputError(f"--data_dir={FLAGS.data_dir} holds shards already")
    return FileInput(photos, FLAGS.data_dir or os.path.commonpath(photos.paths))


def available_cores() -> int:
    """Those that this process may use, which a container can limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: it takes flags only")
    if not FLAGS.output:
        raise InputError("--output is needed: the folder to write shards to")
    if "://" in FLAGS.output:
        raise InputError(f"--output={FLAGS.output}: prepare on this machine and copy the folder")
    if FLAGS.workers < 0:
        raise InputError(f"--workers must be 0 or more, got {FLAGS.workers}")
    from inpainting.data.shards.conversion import Options
    from inpainting.data.shards.prepare import prepare, verify

    if FLAGS.verify:
        print(verify(FLAGS.output))
        return
    options = Options(
        encode=FLAGS.encode,
        quality=FLAGS.quality,
        shorter_side=FLAGS.shorter_side,
        min_side=FLAGS.min_side,
        shard_bytes=int(FLAGS.shard_size * 1e6),
    )
    for split in splits():
        source = make_input(split)
        print(prepare(source, split, FLAGS.output, options, FLAGS.workers or available_cores()))


if __name__ == "__main__":
    cli.run(main)
