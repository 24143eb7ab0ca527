"""Measures how many photographs a second the input pipeline makes, and how many training takes.

    python tools/measure_pipeline.py --dataset=shards --data_dir=SHARDS --image_size=256
    python tools/measure_pipeline.py --dataset=shards --data_dir=SHARDS --batch_size=2 --steps=5

Without --steps the pipeline alone: reading, decoding, crop, flip and mask. With it the model's step
too, on one batch again and again. Processor time says what two free cores would do where others
use them as well.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import train  # its flags are this program's too
from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_integer("photos", 400, "Photographs to measure the pipeline with.")
FLAGS = flags.FLAGS
CORES = 2


class Stopwatch:
    """Time by the clock and by the processor, of all threads, since it was made."""

    def __init__(self) -> None:
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def line(self, name: str, photos: int) -> str:
        """What was measured, of `photos` photographs."""
        clock = photos / (time.perf_counter() - self._clock)
        milliseconds = 1000 * (time.process_time() - self._processor) / photos
        return (
            f"{name}: {clock:.1f} photographs a second by the clock; {milliseconds:.2f} ms of "
            f"processor time each, {1000 * CORES / milliseconds:.2f} a second on {CORES} free cores"
        )


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: it takes flags only")
    steps = FLAGS.steps if FLAGS["steps"].present else 0
    config = train.configuration(resume=False)
    from inpainting.data.pipeline import training_dataset
    from inpainting.data.sources import open_photos

    photos = open_photos(config.dataset, config.data_dir, "train", config.filelist or None)
    dataset = training_dataset(
        photos,
        config.image_size,
        config.batch_size,
        config.seed,
        workers=config.workers,
        draw=config.system.masks,
    )
    batches = iter(dataset)
    batch = next(batches)
    count = max(FLAGS.photos // config.batch_size, 1)
    watch = Stopwatch()
    for _ in range(count):
        batch = next(batches)
    print(watch.line("pipeline", count * config.batch_size), flush=True)
    if steps:
        del batches
        print(_measure_step(config, batch, steps))


def _measure_step(config: Any, batch: Any, steps: int) -> str:
    import tensorflow as tf

    from inpainting.training.run import build_system

    system = build_system(config)
    system.compile(config.steps)
    step = tf.function(system.train_step)
    step(batch)  # makes the graph
    watch = Stopwatch()
    for _ in range(steps):
        step(batch)
    return watch.line("step", steps * config.batch_size)


if __name__ == "__main__":
    cli.run(main)
