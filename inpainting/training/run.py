"""A training run from configuration to weights: `train(config, run_dir)`.

The run folder holds `config.json`, `checkpoints/`, `best/` (the best checkpoint by validation),
`logs/` (TensorBoard and a line log) and `grids/` (validation fills). Everything that can be wrong
with the input is checked before the first file is written.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import tensorflow as tf
from absl import logging

from inpainting.data.pipeline import open_masks, training_dataset
from inpainting.data.sources import Photos, open_photos
from inpainting.errors import InputError, reason
from inpainting.files import exists, is_remote, join
from inpainting.image import write_bytes
from inpainting.systems import registry
from inpainting.systems.base import InpaintingSystem
from inpainting.training.averaging import WeightAverage
from inpainting.training.best import BestCheckpoint
from inpainting.training.callbacks import (
    HearSignals,
    Report,
    SaveCheckpoints,
    StepCallback,
    StopOnNonFinite,
    TakeAverage,
    Validate,
    ValidationGrids,
)
from inpainting.training.checkpoints import CheckpointStore, checkpoint_prefixes
from inpainting.training.config import CONFIG_FILE, RunConfig, read_config
from inpainting.training.data_wait import DataWait
from inpainting.training.estimate import Estimate, checkpoint_bytes, disk_need
from inpainting.training.grids import FillGrid, write_grid
from inpainting.training.health import Health
from inpainting.training.monitor import Monitor
from inpainting.training.precision import layer_precision
from inpainting.training.probe import Probe
from inpainting.training.remote_run import RemoteRun, Upload
from inpainting.training.run_log import RunLog
from inpainting.training.start import start_from
from inpainting.training.stop import StopSignals
from inpainting.training.strategy import Agreement, distribute, is_chief, make_strategy
from inpainting.training.validation import FixedPhotos, Validation
from inpainting.training.workers import (
    LeaveTogether,
    leave_with_the_others,
    restore_together,
    worker_folder,
)


def train(
    config: RunConfig, run_dir: str, resume: bool = False, stop: StopSignals | None = None
) -> str:
    """Trains to `config.steps` and returns the last checkpoint's prefix.

    `run_dir` is on disk or behind a URL; see `RemoteRun`.
    With `resume` the run goes on from its newest checkpoint, or from step 0 where a run folder has
    none yet. `stop` hears signals; without it they do what Python does of itself.

    Raises:
        InputError: data, weights or folder are not usable; on resume, the folder is another run's.
        TrainingStopped: a loss is no longer finite; the last good checkpoint is kept.
        TrainingInterrupted: `stop` heard a signal; the state of the last step is in a checkpoint.
    """
    check_run_dir(config, run_dir, resume)
    if not is_remote(run_dir):
        return _train_by_workers(config, run_dir, resume, stop)
    with RemoteRun(run_dir) as remote:
        if resume:
            remote.fetch()
        return remote.name_of(_train_by_workers(config, remote.folder, resume, stop, remote))


def _train_by_workers(
    config: RunConfig,
    run_dir: str,
    resume: bool,
    stop: StopSignals | None,
    remote: RemoteRun | None = None,
) -> str:
    """`train` in a local folder, as one of the strategy's workers."""
    name = remote.url if remote else run_dir
    strategy = make_strategy(config.batch_size, config.strategy, config.micro_batches)
    if remote:
        remote.uploads = is_chief(strategy)
    with leave_with_the_others(strategy, name), worker_folder(strategy, run_dir) as folder:
        prefix = _train(config, strategy, run_dir, folder, resume, stop, remote)
        return prefix.replace(folder, run_dir)


def _train(
    config: RunConfig,
    strategy: tf.distribute.Strategy,
    read_dir: str,
    run_dir: str,
    resume: bool,
    stop: StopSignals | None,
    remote: RemoteRun | None,
) -> str:
    """`train` in one process; a resumed run is read from `read_dir`, all else is in `run_dir`."""
    tf.keras.utils.set_random_seed(config.seed)
    photos = open_split(config, "train")
    masks = open_masks(config.mask_dir) if config.mask_dir else None
    fills, fixed = _validation_photos(config)
    going_on = resume and bool(checkpoint_prefixes(read_dir))
    with strategy.scope():
        system = build_system(config)
        system.compile(config.steps)
        system.use_micro_batches(config.micro_batches)
        if config.start_from and not going_on:
            start_from(system, config)
        average = _make_average(config, system)
        store = CheckpointStore(
            run_dir, system, config.keep_checkpoints, average.network if average else None
        )
        start = restore_together(strategy, store, read_dir) if going_on else 0
        best = BestCheckpoint(store) if fixed else None
    if start >= config.steps:
        logging.info("already trained to step %d", start)
        return str(store.latest)
    if resume and not going_on:
        print(f"run folder {run_dir} has no checkpoint yet: it starts from step 0")
    _write_config(config, run_dir)
    _say_what_runs(config, remote.url if remote else run_dir, strategy, photos, system, start)
    wait = DataWait(start)
    make_batches = functools.partial(
        training_dataset,
        photos,
        image_size=config.image_size,
        batch_size=config.batch_size * system.batches_per_step,
        seed=config.seed,
        start_step=start,
        workers=config.workers,
        masks=masks,
        draw=config.system.masks,
    )
    dataset = distribute(strategy, lambda share: wait.timed(make_batches(share=share)))
    log = RunLog(run_dir, start)
    generate = functools.partial(average.network if average else system.generator, training=False)
    disk = disk_need(
        run_dir, checkpoint_bytes(store.items), config.keep_checkpoints, best is not None
    )
    callbacks: list[StepCallback] = [
        *([HearSignals(start, stop)] if stop else []),
        StopOnNonFinite(start, store),
        wait,
        *([TakeAverage(start, average)] if average else []),
        Report(
            start,
            config.steps,
            log,
            config.log_every,
            config.batch_size * system.batches_per_step,
            system.learning_rates,
            extras=[wait.share, _monitor(config, photos, system, log)],
        ),
        Estimate(start, config.steps, disk),
        SaveCheckpoints(start, config.steps, config.checkpoint_every, store),
    ]

    def heard() -> bool:
        return stop is not None and stop.heard

    if fixed and best:
        score = functools.partial(Validation(fixed, generate).score, heard)
        callbacks.append(Validate(start, config.steps, config.validate_every, score, best, log))
    if fills:
        write = functools.partial(write_grid, fills, generate, run_dir)
        callbacks.append(ValidationGrids(start, config.steps, config.grid_every, write, heard))
    if remote:
        callbacks.append(Upload(start, config.steps, config.checkpoint_every, remote))
    if stop:
        callbacks.append(LeaveTogether(start, config.steps, stop, store, Agreement(strategy)))
    _fit(system, photos, dataset, steps_per_epoch=config.steps - start, callbacks=callbacks)
    log.close()
    for line in photos.skipped_report():
        print(line)
    if stop and stop.heard and store.saved_step != config.steps:
        raise stop.interruption(f"checkpoint {store.latest}")
    return str(store.latest)


def _fit(system: InpaintingSystem, photos: Photos, dataset: Any, **options: Any) -> None:
    """`fit`, but a mistake of the user's that was met while reading stays one."""
    try:
        system.fit(dataset, verbose=0, **options)
    except tf.errors.OpError:
        if photos.failure:
            raise photos.failure from None
        raise


def _monitor(config: RunConfig, photos: Photos, system: InpaintingSystem, log: RunLog) -> Monitor:
    generate = functools.partial(system.generator, training=False)
    probe = Probe(photos, config.image_size, config.seed, generate)
    return Monitor(Health(system.hinge), probe, log)


def build_system(config: RunConfig) -> InpaintingSystem:
    """The system of a configuration, with the VGG-19 its losses need; call it inside the scope."""
    options: dict[str, Any] = {"image_size": config.image_size}
    with layer_precision(config.mixed_precision):
        if config.system.uses_vgg:
            from inpainting.losses.vgg import Vgg19

            compute = tf.keras.mixed_precision.global_policy().compute_dtype
            # Where all networks compute in 16 bits, VGG-19 does too; alone it may be told to.
            precision = config.vgg_precision if compute == "float32" else compute
            options["vgg"] = Vgg19(config.vgg_weights, dtype=precision)
        return registry.build(config.model, config.system, **options)


def _make_average(config: RunConfig, system: InpaintingSystem) -> WeightAverage | None:
    """The moving average of the system's generator as it is now; call it inside the scope."""
    if not config.ema:
        return None
    network = registry.build_generator(config.model, config.system)
    return WeightAverage(system.generator, network, config.ema)


def open_split(config: RunConfig, split: str) -> Photos:
    """The photographs of a configuration's `train` or `val` split."""
    return open_photos(
        config.dataset,
        config.data_dir,
        split,
        config.filelist or None,
        skip_bad_records=config.skip_bad_records,
        least_side=config.image_size,
    )


def _validation_photos(config: RunConfig) -> tuple[FillGrid | None, FixedPhotos | None]:
    """What pictures are drawn of, and what is scored, while training; None for what is not asked.

    The two share no photo list: reading one must not change which photos the other finds.
    """
    fills, fixed = None, None
    if config.grid_every:
        fills = FillGrid(open_split(config, "val"), config.image_size, config.seed)
    if config.validate_every:
        fixed = FixedPhotos(
            open_split(config, "val"), config.validate_photos, config.image_size, config.seed
        )
    return fills, fixed


def check_run_dir(config: RunConfig, run_dir: str, resume: bool) -> None:
    """Raises `InputError` where another run is in the way, or, on resume, is there instead."""
    if resume:
        differences = read_config(run_dir).differences(config)
        if differences:
            raise InputError(
                f"{run_dir} holds a run of another configuration ({'; '.join(differences)})"
            )
    elif exists(join(run_dir, CONFIG_FILE)):
        raise InputError(
            f"{run_dir} already holds a run: go on with it by --resume, or name another --run_dir"
        )


def _write_config(config: RunConfig, run_dir: str) -> None:
    """Whole or not at all: a folder without it is no run folder and stands in nobody's way."""
    path = os.path.join(run_dir, CONFIG_FILE)
    if os.path.exists(path):
        return  # resumed: it stays as it was written
    try:
        os.makedirs(run_dir, exist_ok=True)
        write_bytes(path, config.to_json().encode())
    except (OSError, InputError) as error:
        raise InputError(f"run folder {run_dir} cannot be written: {reason(error)}") from None


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
