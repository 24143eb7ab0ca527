"""A look at what a run would train on, without starting it."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from inpainting.data.pipeline import open_masks, training_dataset
from inpainting.data.sources import Photos
from inpainting.errors import InputError
from inpainting.files import is_remote
from inpainting.image import to_uint8, write_image
from inpainting.picture import grid, show_hole
from inpainting.training.checkpoints import CheckpointStore
from inpainting.training.config import RunConfig
from inpainting.training.estimate import checkpoint_bytes, disk_need
from inpainting.training.remote_run import RemoteRun
from inpainting.training.run import build_system, open_split
from inpainting.training.start import start_from
from inpainting.training.strategy import make_strategy

FILE = "dry_run.png"
SHOWN = 12
# Enough for the figures to mean something, few enough to be read in seconds.
MEASURED = 64
ROWS = ("image", "mask", "masked")


def dry_run(config: RunConfig, run_dir: str) -> str:
    """Checks all that a run needs, prints its facts and draws the first samples it would see.

    Returns:
        The picture's path, `dry_run.png` in the run folder; nothing else is written there, so that
        the folder is still free for the run.

    Raises:
        InputError: data, weights, settings or folder are not usable.
    """
    if is_remote(run_dir):
        with RemoteRun(run_dir) as remote:
            return remote.name_of(dry_run(config, remote.folder))
    strategy = make_strategy(config.batch_size, "mirrored", config.micro_batches)
    photos = open_split(config, "train")
    masks = open_masks(config.mask_dir) if config.mask_dir else None
    held = (
        f"{len(open_split(config, 'val')):,}"
        if config.grid_every or config.validate_every
        else "no"
    )
    print(f"{len(photos):,} photos of {config.dataset} to train on, {held} to validate with")
    with strategy.scope():
        system = build_system(config)
        system.compile(config.steps)
        if config.start_from:
            start_from(system, config)
        items = CheckpointStore(run_dir, system, config.keep_checkpoints).items
    size = checkpoint_bytes(items) + bool(config.ema) * checkpoint_bytes(
        {"average": system.generator}
    )
    print(
        f"{config.model} ({config.preset}): {system.generator.count_params():,} generator weights; "
        f"VGG-19 {config.vgg_weights if config.system.uses_vgg else 'not used'}; "
        f"batch {config.batch_size} over {strategy.num_replicas_in_sync} device(s); "
        + disk_need(run_dir, size, config.keep_checkpoints, bool(config.validate_every))
    )
    print(_sizes(photos, config.image_size))
    samples = training_dataset(
        photos,
        image_size=config.image_size,
        batch_size=1,
        seed=config.seed,
        workers=config.workers,
        masks=masks,
        draw=config.system.masks,
    )
    try:
        taken = list(samples.take(MEASURED).as_numpy_iterator())
    except tf.errors.OpError:
        if photos.failure:
            raise photos.failure from None
        raise
    images, holes = (np.concatenate(parts) for parts in zip(*taken))
    rates = 100 * holes.mean(axis=(1, 2, 3))
    print(
        f"masks of the first {len(rates)} samples: {rates.mean():.1f} % of the pixels are hole "
        f"({rates.min():.1f} to {rates.max():.1f})"
    )
    for line in photos.skipped_report():
        print(line)
    path = os.path.join(run_dir, FILE)
    try:
        os.makedirs(run_dir, exist_ok=True)
    except OSError as error:
        raise InputError(f"run folder {run_dir} cannot be written: {error.strerror}") from None
    write_image(path, _draw(to_uint8(images[:SHOWN]), holes[:SHOWN, ..., 0]))
    return path


def _sizes(photos: Photos, image_size: int) -> str:
    """What the photos measure, of some evenly spaced ones."""
    sides = []
    for index in sorted({number * len(photos) // MEASURED for number in range(MEASURED)}):
        try:
            sides.append(photos.read(index).shape[:2])
        except InputError:
            if photos.strict:
                raise
            continue  # recorded by `photos`, and said at the end
    if not sides:
        raise InputError(f"none of {MEASURED} photos can be read: {photos.skipped_report()[1]}")
    shorter = np.array([min(side) for side in sides])
    small = int((shorter < image_size).sum())
    return (
        f"shorter sides of {len(sides)} photos: {shorter.min()} to {shorter.max()} px, median "
        f"{np.median(shorter):g}; {small} of them below the {image_size} px of a crop, enlarged"
    )


def _draw(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Rows: image, mask (white = hole), masked image; a column a sample."""
    shown = [
        np.repeat(np.uint8(255) * mask.astype(np.uint8)[..., None], 3, axis=2) for mask in masks
    ]
    return grid(
        [list(images), shown, [show_hole(*pair) for pair in zip(images, masks)]], row_names=ROWS
    )
