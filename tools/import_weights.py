"""Turns published checkpoints into a run folder that every command here takes.

    python tools/import_weights.py --system=recurrent --source=CelebaHQ_Gen_param.pth \
        --discriminator=CelebaHQ_Dis_param.pth --output=runs/celeba
    python tools/import_weights.py --system=gated --source=release_places2_256 --output=runs/places2

Every array of the files is accounted for: one that is missing, left over or of another shape is an
error that lists names and shapes. docs/pretrained.md says which files are published, and where.
"""

from __future__ import annotations

import os
import sys

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string("system", "recurrent", "recurrent, contextual_attention or gated.")
flags.DEFINE_string(
    "source", "", "The generator's .pth (recurrent), or a TensorFlow 1 checkpoint: its folder, "
    "prefix or one of its files.",
)  # fmt: skip
flags.DEFINE_string("discriminator", "", "The discriminator's .pth (recurrent); may be left out.")
flags.DEFINE_integer("base", 0, "The width that the weights should have; 0 = whatever they have.")
flags.DEFINE_bool("generator_only", False, "Leave out the discriminator, whatever is there of it.")
flags.DEFINE_string("output", "", "The run folder to write.")
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: this tool takes flags only")
    for name in ("source", "output"):
        if not FLAGS[name].value:
            raise InputError(f"--{name} is missing (--help says what it is)")
    if FLAGS.base < 0:
        raise InputError(f"--base must be 0 or more, got {FLAGS.base}")
    from inpainting.pretrained.importers.run_folder import import_weights

    imported = import_weights(
        FLAGS.system,
        FLAGS.source,
        FLAGS.output,
        discriminator=FLAGS.discriminator,
        base=FLAGS.base,
        generator_only=FLAGS.generator_only,
    )
    if not imported.with_discriminator:
        print("the discriminator was not imported: in further training it starts untrained")
    print(f"imported {imported.parameters:,} generator weights: checkpoint {imported.checkpoint}")


if __name__ == "__main__":
    cli.run(main)
