"""A training run from configuration to weights: `train(config, run_dir)`.

The run folder holds `config.json`, `checkpoints/`, `logs/` (TensorBoard and a line log) and
`grids/` (validation fills). Everything that can be wrong with the input is checked before the
first file is written.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import tensorflow as tf
from absl import logging

from inpainting.data.pipeline import open_masks, training_dataset
from inpainting.data.sources import Photos, open_photos
from inpainting.errors import InputError
from inpainting.systems import registry
from inpainting.systems.base import InpaintingSystem
from inpainting.training.callbacks import (
    Report,
    SaveCheckpoints,
    StopOnNonFinite,
    ValidationGrids,
)
from inpainting.training.checkpoints import CheckpointStore
from inpainting.training.config import CONFIG_FILE, RunConfig, read_config
from inpainting.training.grids import FillGrid, write_grid
from inpainting.training.start import start_from
from inpainting.training.strategy import make_strategy


def train(config: RunConfig, run_dir: str, resume: bool = False) -> str:
    """Trains to `config.steps` and returns the last checkpoint's prefix.

    Raises:
        InputError: data, weights or folder are not usable; on resume, the folder is another run's.
        TrainingStopped: a loss is no longer finite; the last good checkpoint is kept.
    """
    _check_run_dir(config, run_dir, resume)
    tf.keras.utils.set_random_seed(config.seed)
    strategy = make_strategy(config.batch_size)
    photos = _open(config, "train")
    masks = open_masks(config.mask_dir) if config.mask_dir else None
    fills = _validation_fills(config)
    with strategy.scope():
        system = build_system(config)
        system.compile(config.steps)
        if config.start_from and not resume:
            start_from(system, config)
        store = CheckpointStore(run_dir, system, config.keep_checkpoints)
        start = store.restore_latest() if resume else 0
    if start >= config.steps:
        logging.info("already trained to step %d", start)
        return str(store.manager.latest_checkpoint)
    if not resume:
        _write_config(config, run_dir)
    _say_what_runs(config, run_dir, strategy, photos, system, start)
    dataset = training_dataset(
        photos,
        image_size=config.image_size,
        batch_size=config.batch_size * system.batches_per_step,
        seed=config.seed,
        start_step=start,
        workers=config.workers,
        masks=masks,
        draw=config.system.masks,
    )
    grids = []
    if fills:
        generate = functools.partial(system.generator, training=False)
        write = functools.partial(write_grid, fills, generate, run_dir)
        grids.append(ValidationGrids(start, config.steps, config.grid_every, write))
    _fit(
        system,
        photos,
        dataset,
        steps_per_epoch=config.steps - start,
        callbacks=[
            StopOnNonFinite(start, store),
            Report(
                start,
                config.steps,
                run_dir,
                config.log_every,
                config.batch_size * system.batches_per_step,
                system.learning_rates,
            ),
            SaveCheckpoints(start, config.steps, config.checkpoint_every, store),
            *grids,
        ],
    )
    for line in photos.skipped_report():
        print(line)
    return str(store.manager.latest_checkpoint)


def _fit(system: InpaintingSystem, photos: Photos, dataset: Any, **options: Any) -> None:
    """`fit`, but a mistake of the user's that was met while reading stays one."""
    try:
        system.fit(dataset, verbose=0, **options)
    except tf.errors.OpError:
        if photos.failure:
            raise photos.failure from None
        raise


def build_system(config: RunConfig) -> InpaintingSystem:
    """The system of a configuration, with the VGG-19 its losses need; call it inside the scope."""
    options: dict[str, Any] = {"image_size": config.image_size}
    if config.system.uses_vgg:
        from inpainting.losses.vgg import Vgg19

        options["vgg"] = Vgg19(config.vgg_weights)
    return registry.build(config.model, config.system, **options)


def _open(config: RunConfig, split: str) -> Photos:
    return open_photos(
        config.dataset,
        config.data_dir,
        split,
        config.filelist or None,
        skip_bad_records=config.skip_bad_records,
        least_side=config.image_size,
    )


def _validation_fills(config: RunConfig) -> FillGrid | None:
    if not config.grid_every:
        return None
    return FillGrid(_open(config, "val"), config.image_size, config.seed)


def _check_run_dir(config: RunConfig, run_dir: str, resume: bool) -> None:
    if resume:
        differences = read_config(run_dir).differences(config)
        if differences:
            raise InputError(
                f"{run_dir} holds a run of another configuration ({'; '.join(differences)})"
            )
    elif os.path.exists(os.path.join(run_dir, CONFIG_FILE)):
        raise InputError(
            f"{run_dir} already holds a run: go on with it by --resume, or name another --run_dir"
        )


def _write_config(config: RunConfig, run_dir: str) -> None:
    try:
        os.makedirs(run_dir, exist_ok=True)
        with open(os.path.join(run_dir, CONFIG_FILE), "w", encoding="utf-8") as file:
            file.write(config.to_json())
    except OSError as error:
        raise InputError(f"run folder {run_dir} cannot be written: {error.strerror}") from None


def _say_what_runs(
    config: RunConfig,
    run_dir: str,
    strategy: tf.distribute.Strategy,
    photos: Photos,
    system: InpaintingSystem,
    start: int,
) -> None:
    print(
        f"{config.model} ({config.preset}), {system.generator.count_params():,} generator weights, "
        f"on {len(photos)} photos of {config.dataset} at {config.image_size} px, batch "
        f"{config.batch_size} over {strategy.num_replicas_in_sync} device(s), steps {start} to "
        f"{config.steps}, VGG-19 {config.vgg_weights if config.system.uses_vgg else 'not used'}; "
        f"run folder {run_dir}",
        flush=True,
    )
