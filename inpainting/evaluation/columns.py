"""The columns of a table: whatever fills a batch of photos.

A column has `names` (the systems it scores: a model gives its coarse picture as a second one),
`record` (what the manifest keeps of it; the same record means the same fills) and
`fill(batch) -> {name: completed uint8 (B, H, W, 3)}`.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from inpainting.errors import InputError
from inpainting.evaluation.classical import FILLS
from inpainting.evaluation.detail_column import DetailColumn
from inpainting.evaluation.inputs import Batch, Inputs
from inpainting.evaluation.model_column import ModelColumn
from inpainting.evaluation.outputs_column import OutputsColumn


class Column(Protocol):
    """What the runner asks of a column; see the top of this file."""

    names: list[str]
    record: dict[str, Any]

    def fill(self, batch: Batch) -> dict[str, np.ndarray]:
        """Completed pictures by system name."""


class ClassicalColumn:
    """A fill of `classical.FILLS`, photo by photo on a few threads (OpenCV frees Python's lock)."""

    def __init__(self, name: str, fill: Callable[[np.ndarray, np.ndarray], np.ndarray],
                 definition: str, threads: int = 1) -> None:  # fmt: skip
        self.names = [name]
        self.record = {"kind": "classical", "fill": definition}
        self._fill = fill
        self._pool = ThreadPoolExecutor(threads)

    def fill(self, batch: Batch) -> dict[str, np.ndarray]:
        """See `Column`."""
        filled = self._pool.map(self._fill, batch.with_white_holes(), batch.masks)
        return {self.names[0]: np.stack(list(filled))}


def make_columns(
    models: Sequence[str],
    outputs: Sequence[str],
    inputs: Inputs,
    batch_size: int,
    threads: int,
    detail: bool = False,
) -> list[Column]:
    """The columns of a table, in the order asked.

    Args:
        models: names in `classical.FILLS`, or what `inpainting.loading.load_generator` takes, or
            NAME=PATH of these to name the column.
        outputs: folders of filled pictures, or NAME=DIR.
        inputs: photos and buckets, to check folders of pictures against.
        batch_size: split over the replicas of the distribution strategy.
        threads: for classical fills.
        detail: beside each model, a column NAME+detail of its pictures after the detail pass.

    Raises:
        InputError: something that cannot be loaded, or two columns of one name.
    """
    columns: list[Column] = []
    strategy: Any = None
    for text in models:
        name, path = _named(text)
        if path in FILLS:
            fill, definition = FILLS[path]
            columns.append(ClassicalColumn(name or path, fill, definition, threads))
            continue
        from inpainting.loading import load_generator
        from inpainting.training.strategy import make_strategy

        strategy = strategy or make_strategy(batch_size)
        with strategy.scope():
            generator = load_generator(path)
        model = ModelColumn(name or generator.name, generator, strategy)
        columns.append(model)
        if detail:
            columns.append(DetailColumn(model))
    for text in outputs:
        name, path = _named(text)
        name = name or os.path.basename(os.path.normpath(path))
        columns.append(OutputsColumn(name, path, inputs))
    names = [name for column in columns for name in column.names]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two columns are called {name}: name one with NAME=PATH")
    return columns


def _named(text: str) -> tuple[str, str]:
    """`NAME=PATH` -> (name, path); a `=` behind a folder's separator belongs to the path."""
    name, equals, path = text.partition("=")
    return (name, path) if equals and os.sep not in name else ("", text)


def newest_run(folder: str = "runs") -> str:
    """The run folder in `folder` whose checkpoint is the newest.

    Raises:
        InputError: there is none.
    """
    states = glob.glob(os.path.join(glob.escape(folder), "*", "checkpoints", "checkpoint"))
    if not states:
        raise InputError(
            f"nothing to evaluate: no run in {folder}/ has a checkpoint; name one, or a classical "
            "fill (--model=telea,ns,mean), or a folder of pictures (--from_outputs=DIR)"
        )
    return os.path.dirname(os.path.dirname(max(states, key=os.path.getmtime)))
