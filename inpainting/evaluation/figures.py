"""Pictures of an evaluation: side by side as in the paper, best and worst cases, error maps.

Nothing is kept from the run: the few photos shown are filled once more.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from inpainting.evaluation.files import make_folder
from inpainting.evaluation.inputs import Batch
from inpainting.evaluation.metrics import Metric, as_float, low_pass
from inpainting.evaluation.protocol import Bucket
from inpainting.evaluation.runner import Runner
from inpainting.evaluation.scores import ScoreFile
from inpainting.image import write_image
from inpainting.picture import enlargement, grid, show_hole

#: Errors of this size (of 1) and above have the brightest colour of an error map.
BRIGHTEST = 0.25

#: Pixels that a letter of a column's name takes on average, generously.
LETTER_WIDTH = 8


class Figure(NamedTuple):
    """A picture with its file name (no suffix) and what it shows."""

    name: str
    caption: str
    picture: np.ndarray


class SavedFigure(NamedTuple):
    """A figure as JPEG of quality 85, for the report."""

    name: str
    caption: str
    jpeg: bytes


def draw_figures(runner: Runner, scores: ScoreFile, metric: Metric, count: int) -> Iterator[Figure]:
    """All figures, `count` photos in each, one at a time.

    Args:
        runner: of the evaluation, which fills the photos once more.
        scores: finished; says which cases are best and worst.
        metric: best and worst by this one.
    """
    for bucket in runner.inputs.buckets:
        batch, filled = _fill(runner, _by_hash(scores)[:count], bucket)
        photos = f"Holes of {bucket.name} %. Photos of the lowest hashes: {', '.join(batch.names)}."
        yield Figure(f"fills_{bucket.name}", photos, side_by_side(batch, filled))
        bands = (
            "The error's low band (its 5x5 mean) and high band (the rest), mean over colours; "
            f"black = 0, brightest = {BRIGHTEST} of the full scale and more. {photos}"
        )
        yield Figure(f"bands_{bucket.name}", bands, error_maps(batch, filled))
    for bucket in runner.inputs.buckets:
        for column in runner.columns:
            yield from _cases(runner, scores, metric, count, bucket, column.names[0])


def _by_hash(scores: ScoreFile) -> list[int]:
    """Photos in the order of their hashes: a choice that nobody made."""
    records = scores.photo_records
    return sorted(records, key=lambda index: records[index]["pixels"])


def _fill(
    runner: Runner, indices: Sequence[int], bucket: Bucket
) -> tuple[Batch, dict[str, np.ndarray]]:
    """The photos and every column's completed pictures, `batch_size` at a time."""
    parts, filled = [], []
    place = runner.inputs.buckets.index(bucket)
    for start in range(0, len(indices), runner.batch_size):
        _, batches = runner.inputs.batches(indices[start : start + runner.batch_size])
        batch = batches[place]
        parts.append(batch)
        filled.append({k: v for column in runner.columns for k, v in column.fill(batch).items()})
    names = [name for part in parts for name in part.names]
    images = np.concatenate([part.images for part in parts])
    masks = np.concatenate([part.masks for part in parts])
    merged = {name: np.concatenate([part[name] for part in filled]) for name in filled[0]}
    return Batch(names, images, masks, bucket), merged


def side_by_side(
    batch: Batch, filled: dict[str, np.ndarray], row_names: Sequence[str] = ()
) -> np.ndarray:
    """A row a photo: input, every system, truth (the paper's Figures 6 and 7)."""
    rows = [
        [show_hole(image, mask), *(pictures[place] for pictures in filled.values()), image]
        for place, (image, mask) in enumerate(zip(batch.images, batch.masks))
    ]
    return _grid(rows, row_names, ["input", *filled, "truth"])


def error_maps(batch: Batch, filled: dict[str, np.ndarray]) -> np.ndarray:
    """Two rows a photo: |F(d)| and |d - F(d)| of every system, F the 5x5 mean, and the input."""
    rows, names = [], []
    for place, image in enumerate(batch.images):
        bands = [_bands(image, pictures[place]) for pictures in filled.values()]
        for number, first in enumerate((show_hole(image, batch.masks[place]), image)):
            rows.append([first, *(heat(pair[number], BRIGHTEST) for pair in bands)])
        names += ["low band", "high band"]
    return _grid(rows, names, ["input, truth", *filled])


def _grid(
    rows: list[list[np.ndarray]], row_names: Sequence[str], column_names: list[str]
) -> np.ndarray:
    """A grid of pictures enlarged to be looked at, whose names don't run into each other."""
    width = rows[0][0].shape[1]
    letters = width * enlargement(width) // LETTER_WIDTH
    return grid(rows, row_names, [_shortened(name, letters) for name in column_names])


def _shortened(name: str, letters: int) -> str:
    """Both ends of a long name: the end has the step or "(coarse)"."""
    tail = (letters - 1) // 2
    return name if len(name) <= letters else name[: letters - 1 - tail] + "\u2026" + name[-tail:]


def _bands(truth: np.ndarray, completed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    difference = as_float(completed) - as_float(truth)
    low = low_pass(difference)
    return np.abs(low).mean(axis=2), np.abs(difference - low).mean(axis=2)


def heat(values: np.ndarray, brightest: float) -> np.ndarray:
    """Values `(H, W)` from 0 (black) to `brightest` as colours uint8 `(H, W, 3)`."""
    levels = np.floor(np.clip(values / brightest, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)


def _cases(
    runner: Runner, scores: ScoreFile, metric: Metric, count: int, bucket: Bucket, system: str
) -> Iterator[Figure]:
    """The system's worst and best photos by the metric, beside the other systems'."""
    values = scores.values(system, bucket.name)[:, scores.metrics.index(metric.name)]
    scored = [index for index in _by_hash(scores) if np.isfinite(values[index])]
    merit = {"higher": values, "lower": -values, "one": -np.abs(values - 1.0)}[metric.better]
    ranked = sorted(scored, key=lambda index: merit[index])
    for kind, chosen in (("worst", ranked[:count]), ("best", ranked[::-1][:count])):
        if not chosen:
            continue
        batch, filled = _fill(runner, chosen, bucket)
        shown = [f"{values[index]:.{metric.decimals}f}" for index in chosen]
        caption = (
            f"The {kind} of {system} by its {metric.label} (at the left) for holes of "
            f"{bucket.name} %: {', '.join(batch.names)}."
        )
        name = f"{kind}_{_safe(system)}_{bucket.name}"
        yield Figure(name, caption, side_by_side(batch, filled, shown))


def _safe(name: str) -> str:
    """A system's name as a part of a file name."""
    return "".join(c if c.isalnum() or c in "-_.+" else "_" for c in name)


def save_figures(figures: Iterator[Figure], folder: str) -> list[SavedFigure]:
    """Writes each as PNG into `folder`; returns them small enough to keep.

    Raises:
        InputError: the folder cannot be made or written to.
    """
    saved = []
    for figure in figures:
        write_image(os.path.join(make_folder(folder), figure.name + ".png"), figure.picture)
        stream = io.BytesIO()
        Image.fromarray(figure.picture).save(stream, "JPEG", quality=85)
        saved.append(SavedFigure(figure.name, figure.caption, stream.getvalue()))
    return saved
