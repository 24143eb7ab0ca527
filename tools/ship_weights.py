"""Puts a trained generator among the shipped weights: inpainting/pretrained/NAME/.

    python tools/ship_weights.py --checkpoint=runs/mine --name=places --card=card.json

The generator's variables alone are written (no discriminator, no optimizer), the run's
configuration without its paths, and a model card: the facts of --card (training data, licences,
figures), the configuration and the SHA-256 of the weights.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string("checkpoint", "", "The run folder or checkpoint prefix to ship.")
flags.DEFINE_string("name", "", "The name to ship it under.")
flags.DEFINE_string("card", "", "A JSON object with what is to be known of the weights.")
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: ship_weights.py takes flags only")
    for name in ("checkpoint", "name", "card"):
        if not getattr(FLAGS, name):
            raise InputError(f"--{name} is missing (see --help)")
    if not FLAGS.name.isidentifier():
        raise InputError(f"--name={FLAGS.name} must be a plain word")
    card = read_facts(FLAGS.card)

    from inpainting.pretrained.shipped import CARD, FOLDER

    folder = os.path.join(FOLDER, FLAGS.name)
    temporary = folder + ".writing"
    shutil.rmtree(temporary, ignore_errors=True)
    card |= write_run(FLAGS.checkpoint, temporary)
    with open(os.path.join(temporary, CARD), "w", encoding="utf-8") as file:
        json.dump(card, file, indent=2, ensure_ascii=False)
        file.write("\n")
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(temporary, folder)
    print(f"shipped: {FLAGS.name}, SHA-256 {card['weights_hash']}")


def read_facts(path: str) -> dict:
    """The JSON object in a file."""
    try:
        with open(path, encoding="utf-8") as file:
            facts = json.load(file)
    except (OSError, ValueError) as error:
        raise InputError(f"--card={path} cannot be read: {error}") from None
    if not isinstance(facts, dict):
        raise InputError(f"--card={path} must hold a JSON object")
    return facts


def write_run(checkpoint: str, folder: str) -> dict:
    """Writes the generator and its configuration to `folder`; returns what is known of them."""
    import dataclasses

    import tensorflow as tf

    from inpainting.loading import find_checkpoint, load_generator
    from inpainting.training.checkpoints import FOLDER as CHECKPOINTS
    from inpainting.training.config import CONFIG_FILE, read_config

    loaded = load_generator(checkpoint)
    config = read_config(find_checkpoint(checkpoint)[0])
    # Where the photographs lay on the machine that trained is nobody's concern.
    config = dataclasses.replace(config, data_dir="", filelist="", mask_dir="", start_from="")
    step = tf.Variable(loaded.record["step"], dtype=tf.int64, trainable=False)
    kept = tf.train.Checkpoint(generator=loaded.network, step=step)
    manager = tf.train.CheckpointManager(
        kept, os.path.join(folder, CHECKPOINTS), 1, checkpoint_name="step"
    )
    manager.save(checkpoint_number=int(step))
    with open(os.path.join(folder, CONFIG_FILE), "w", encoding="utf-8") as file:
        file.write(config.to_json())
    return {
        "weights_hash": loaded.weights_hash,
        "weights": loaded.record["weights"],
        "step": int(step),
    }


if __name__ == "__main__":
    cli.run(main)
