"""Time and peak memory of one fill, in a process of its own.

    python tools/measure_predictor.py --megapixels=24 --hole=1
    python tools/measure_predictor.py --megapixels=24 --hole_pixels=2500 --detail=off

The photo is an embedded one, enlarged; the hole a disc. Printed are seconds by the clock and of
the processors, without loading and the first call, and the process's peak memory, with both.
"""

from __future__ import annotations

import os
import resource
import sys
import time

from absl import flags

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

from inpainting import cli

flags.DEFINE_float("megapixels", 1.0, "Size of the photo.", lower_bound=0.01)
flags.DEFINE_float("hole", 1.0, "Size of the hole in per cent of the photo.", 0.001, 60)
flags.DEFINE_integer("hole_pixels", 0, "Size of the hole in pixels, in place of --hole.", 0)
flags.DEFINE_enum("detail", "on", ["on", "off"], "With or without the detail pass.")
flags.DEFINE_string("model", "places", "What `inpainting.load` takes.")
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    import cv2
    import numpy as np

    import inpainting
    from inpainting.data.sources import open_photos

    height = round((FLAGS.megapixels * 1e6 * 2 / 3) ** 0.5)
    width = round(FLAGS.megapixels * 1e6 / height)
    photo = open_photos("sample", "", "val").read(0)
    image = cv2.resize(photo, (width, height), interpolation=cv2.INTER_CUBIC)
    area = FLAGS.hole_pixels or FLAGS.hole / 100 * width * height
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (width // 2, height // 2), round((area / np.pi) ** 0.5), 1, -1)

    predictor = inpainting.load(FLAGS.model)
    detail = FLAGS.detail == "on"
    predictor(image[:64, :64], np.eye(64, dtype=np.uint8), detail=detail)  # traces the graphs
    clock, processors = time.perf_counter(), time.process_time()
    completed = predictor(image, mask, detail=detail)
    clock, processors = time.perf_counter() - clock, time.process_time() - processors
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
    changed = int((completed != image).any(axis=2)[mask == 0].sum())
    print(
        f"{width} x {height}, hole of {mask.sum()} pixels, detail {FLAGS.detail}: {clock:.1f} s, "
        f"{processors:.1f} CPU s, peak {peak:.0f} MiB, {changed} pixels changed outside the hole"
    )


if __name__ == "__main__":
    cli.run(main)
