"""Fine-tuning: the networks of one run as the start of another."""

from __future__ import annotations

import tensorflow as tf

from inpainting.errors import InputError
from inpainting.loading import find_checkpoint
from inpainting.systems.base import InpaintingSystem
from inpainting.training.checkpoints import generator_item, restore, stored_items
from inpainting.training.config import RunConfig, read_config


def start_from(system: InpaintingSystem, config: RunConfig) -> None:
    """Gives `system` the networks of the checkpoint `config.start_from`.

    Optimizers and the count of steps start anew, and so does a network that the checkpoint does not
    have (shipped weights are a generator alone). The generator is the one that fills: the moving
    average, where the checkpoint has one.

    Raises:
        InputError: there is no such checkpoint, or it is another model's or of other sizes.
    """
    run_dir, prefix = find_checkpoint(config.start_from)
    model = read_config(run_dir).model
    if model != config.model:
        raise InputError(f"--start_from={config.start_from} is a {model}, not a {config.model}")
    stored = stored_items(prefix)
    networks = {
        name: item
        for name, item in system.checkpoint_items().items()
        if isinstance(item, tf.keras.Model) and name in stored
    }
    others = {name: item for name, item in networks.items() if name != "generator"}
    items = {generator_item(prefix): networks["generator"], **others}
    restore(tf.train.Checkpoint(**items), prefix)
    print(f"networks that start from {config.start_from}: {', '.join(sorted(networks))}")
