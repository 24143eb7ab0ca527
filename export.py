"""Exports a trained model as a SavedModel that TensorFlow Serving and plain TensorFlow load.

    python export.py
    python export.py --checkpoint=runs/mine --output=exports/mine
    python export.py --checkpoint=runs/mine --output=exports/mine --warmup=256x256,512x512
    python export.py --checkpoint=runs/mine --output=exports/fixed --size=512x512
    python export.py --model=places --output=exports/other --format=onnx,openvino --size=256x256

Each export is a new version, `OUTPUT/1`, `OUTPUT/2` and so on; none is ever overwritten. Its
`assets.extra/model_card.json` says which weights it holds and how to call it. `--format` writes
the network for other runtimes besides, in the version's folder `converted`, and a table of how far
they are from the SavedModel.
"""

from __future__ import annotations

import os

from absl import flags

from inpainting import cli
from inpainting.errors import InputError
from inpainting.serving.conversion.formats import FORMATS, check_formats
from inpainting.serving.sizes import parse_size, parse_sizes

flags.DEFINE_string(
    "checkpoint", "places", "A run folder, a checkpoint prefix or the name of shipped weights."
)
flags.DEFINE_alias("model", "checkpoint")
flags.DEFINE_string(
    "output",
    "",
    "The model's folder, in which the version is made; by default exports/ and the model's name.",
)
flags.DEFINE_enum(
    "detail", "on", ["on", "off"], "Give fills the photo's own texture, or leave them smooth."
)
flags.DEFINE_string(
    "size", "", "WIDTHxHEIGHT of the only photos that the model takes; any size where not given."
)
flags.DEFINE_list(
    "warmup",
    "",
    "Sizes, WIDTHxHEIGHT with commas, at which TensorFlow Serving calls the model before it takes "
    "it on.",
)
flags.DEFINE_list(
    "format",
    "",
    f"Formats that are written besides the SavedModel, of {', '.join(FORMATS)}; they need "
    "requirements-export.txt, but for tflite; tflite and openvino_int8 need a --size.",
)
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: export.py takes flags only")
    if not FLAGS.checkpoint:
        raise InputError("--checkpoint is empty (see --help)")
    size, warmup = _sizes()
    formats = list(dict.fromkeys(FLAGS.format))
    check_formats(formats, size)
    from inpainting.loading import load_generator
    from inpainting.serving.export import check_writable, export

    loaded = load_generator(FLAGS.checkpoint)
    if loaded.network is None:
        raise InputError(f"{FLAGS.checkpoint} is a SavedModel already: copy it, or name its run")
    output = FLAGS.output or os.path.join("exports", loaded.name)
    check_writable(output)
    card = {"name": loaded.name, "weights_hash": loaded.weights_hash, **loaded.record}
    detail = FLAGS.detail == "on"
    if formats and detail:
        print("the detail pass stays with the SavedModel: other formats hold the network alone")
    folder = export(loaded.network, output, card, detail, size, warmup, formats)
    print(f"exported: {folder}")


def _sizes() -> tuple[tuple[int, int] | None, list[tuple[int, int]]]:
    """The fixed size, if there is one, and those to warm up at."""
    size = parse_size(FLAGS.size, "--size") if FLAGS.size else None
    warmup = parse_sizes(FLAGS.warmup, "--warmup")
    if size and set(warmup) - {size}:
        raise InputError(f"--warmup must be {FLAGS.size} alone: with --size no other is taken")
    return size, warmup


if __name__ == "__main__":
    cli.run(main)
