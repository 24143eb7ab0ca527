"""Two runs of the benchmark side by side: what became faster and what slower."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from inpainting.errors import InputError

ROOT = Path(__file__).parents[2]
MACHINE_ROWS = ("sgemm", "convolution")


def read(path: str) -> dict[str, Any]:
    """An earlier run's figures.

    Raises:
        InputError: no such file, or not of this tool.
    """
    try:
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        if not isinstance(record["rows"], dict):
            raise ValueError("no rows")
    except OSError as error:
        raise InputError(f"--against {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"--against {path} is not a file that benchmark.py wrote") from None
    return record


def check_writable(path: str) -> None:
    """Raises `InputError` where no file can be written at `path`, before minutes are spent."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder) or os.path.isdir(path) or not os.access(folder, os.W_OK):
        raise InputError(f"--output {path} cannot be written")


def lines(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One line a row that both runs have.

    Seconds of two runs depend on what else the machine did. So where both were measured beside a
    peer, the ratios to the peer are compared, and otherwise the seconds, corrected by the machine's
    own rows where both runs have them.
    """
    speed = _machine(before["rows"]) / _machine(after["rows"])
    result = ["now / before, seconds (corrected by the machine's own rows); by the peer's ratio:"]
    for name, now in after["rows"].items():
        then = before["rows"].get(name, {})
        if name in MACHINE_ROWS or "seconds" not in now or "seconds" not in then:
            continue
        text = f"{name:36s} {now['seconds'] / then['seconds'] * speed:.2f}"
        if "ratio" in now and "ratio" in then:
            text += f"; {now['ratio'] / then['ratio']:.2f}"
        if "peak_bytes" in now and "peak_bytes" in then:
            text += f"; memory {now['peak_bytes'] / then['peak_bytes']:.2f}"
        result.append(text)
    return result


def _machine(rows: dict[str, Any]) -> float:
    """The geometric mean of the machine's own rows in seconds, or 1 where they are missing."""
    product = 1.0
    for name in MACHINE_ROWS:
        if name not in rows:
            return 1.0
        product *= rows[name]["seconds"]
    return product ** (1 / len(MACHINE_ROWS))
