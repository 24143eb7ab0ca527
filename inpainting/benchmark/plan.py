"""The rows of the table: what is measured, under which names, and in how much time."""

from __future__ import annotations

import dataclasses
from typing import Any

from inpainting.errors import InputError


@dataclasses.dataclass(frozen=True)
class Row:
    """One piece of work.

    Attributes:
        request: what a program is asked for, see `inpainting.benchmark.program`.
        memory: measured in a process of its own, whose peak memory counts.
        quick: also part of `--quick`.
        default: part of the table where no rows are named.
        once: a single run in a process of its own counts, the making of its graph included.
    """

    request: dict[str, Any]
    memory: bool = False
    quick: bool = False
    default: bool = True
    once: bool = False

    @property
    def name(self) -> str:
        """Such as "forward size=256 batch=1"."""
        options = (f"{key}={value}" for key, value in self.request.items() if key != "row")
        return " ".join([self.request["row"], *options, *(["memory"] if self.memory else [])])

    @property
    def kind(self) -> str:
        return self.request["row"]


def _row(row: str, memory: bool = False, quick: bool = False, default: bool = True, **options):
    return Row({"row": row, **options}, memory, quick, default)


ROWS = (
    _row("sgemm", quick=True),
    _row("convolution", quick=True),
    _row("copy", quick=True),
    _row("forward", size=256, batch=1, quick=True),
    _row("forward", size=256, batch=1, format="onnx", default=False),
    _row("forward", size=256, batch=1, format="openvino", default=False),
    _row("forward", size=256, batch=1, format="openvino_as_it_comes", default=False),
    _row("forward", size=256, batch=1, format="openvino_int8", default=False),
    _row("forward", size=256, batch=1, format="openvino_int8_fine", default=False),
    _row("forward", size=256, batch=8),
    _row("forward", size=512, batch=1),
    _row("forward", size=512, batch=8),
    _row("forward", size=1024, batch=1),
    _row("forward", size=1024, batch=8, default=False),
    _row("train", size=128, batch=8),
    _row("train", size=256, batch=2, quick=True),
    _row("train", size=256, batch=2, vgg="bfloat16", quick=True),
    _row("train", size=256, batch=2, vgg="bfloat16", precision="bfloat16"),
    _row("train", size=256, batch=2, memory=True),
    _row("train", size=256, batch=2, vgg="bfloat16", memory=True),
    _row("train", size=256, batch=2, micro_batches=2, memory=True),
    _row("forward", size=1024, batch=1, memory=True),
    _row("pipeline", size=256, batch=8),
    _row("predictor", size=512, hole=2),
    _row("predictor", size=1024, hole=2, quick=True),
    _row("predictor", size=1024, hole=10),
    _row("predictor", size=1024, hole=30),
    _row("predictor", size=2048, hole=2, default=False),
    _row("startup", size=512),
    _row("server", clients=1),
    _row("server", clients=4),
)
GROWTH_SIZES = (256, 512, 1024, 2048)
GROWTH = tuple(
    Row({"row": "forward", "size": size, "batch": 1}, memory=True, once=True)
    for size in GROWTH_SIZES
)


def choose(names: list[str], quick: bool) -> list[Row]:
    """The rows of a run.

    Args:
        names: rows whose names begin so, for example "forward" or "train size=256", but for those
            outside of the table, which want their whole name; empty for all of the table.
        quick: only the few of the short table.

    Raises:
        InputError: no row begins with one of the names.
    """
    for name in names:
        if not any(_is_meant(row, name) for row in ROWS):
            known = ", ".join(sorted({row.kind for row in ROWS}))
            raise InputError(f"no row begins with {name!r}: there are {known}")
    if names:
        return [row for row in ROWS if any(_is_meant(row, name) for name in names)]
    return [row for row in ROWS if row.default and (row.quick or not quick)]


def _is_meant(row: Row, name: str) -> bool:
    return row.name == name or (row.default and row.name.startswith(name))
