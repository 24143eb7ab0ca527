"""Exports a trained model as a SavedModel that TensorFlow Serving and plain TensorFlow load.

    python export.py --checkpoint=runs/mine --output=exports/mine

Each export is a new version, `OUTPUT/1`, `OUTPUT/2` and so on; none is ever overwritten. Its
`assets.extra/model_card.json` says which weights it holds and how to call it.
"""

from __future__ import annotations

from absl import flags

from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string(
    "checkpoint", "", "A run folder, a checkpoint prefix or the name of shipped weights."
)
flags.DEFINE_string("output", "", "The model's folder, in which the version is made.")
flags.DEFINE_enum(
    "detail", "on", ["on", "off"], "Give fills the photo's own texture, or leave them smooth."
)
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: export.py takes flags only")
    for name in ("checkpoint", "output"):
        if not FLAGS[name].value:
            raise InputError(f"--{name} is missing (see --help)")
    from inpainting.loading import load_generator
    from inpainting.serving.export import check_writable, export

    loaded = load_generator(FLAGS.checkpoint)
    if loaded.network is None:
        raise InputError(f"{FLAGS.checkpoint} is a SavedModel already: copy it, or name its run")
    check_writable(FLAGS.output)
    card = {"name": loaded.name, "weights_hash": loaded.weights_hash, **loaded.record}
    folder = export(loaded.network, FLAGS.output, card, detail=FLAGS.detail == "on")
    print(f"exported: {folder}")


if __name__ == "__main__":
    cli.run(main)
