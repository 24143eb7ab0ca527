"""The embedded photographs that the page offers, with whom to thank for them."""

from __future__ import annotations

import dataclasses
import os
import re

from inpainting.data.sources import open_photos

# The first four columns of a row of ATTRIBUTION.md: file, title, author, licence.
_ROW = re.compile(r"^\| `(val/[^`]+)` \| [^|]* \| ([^|]*) \| (?:LicenseRef-)?([^|]*) \|", re.M)


@dataclasses.dataclass(frozen=True)
class Sample:
    """One photograph: where it is, what the page calls it, its author and licence."""

    path: str
    title: str
    credit: str


def list_samples() -> list[Sample]:
    """The embedded photographs of the split `val`: no shipped weights were trained on them."""
    paths = open_photos("sample", None, "val").paths
    folder = os.path.dirname(os.path.dirname(paths[0]))
    with open(os.path.join(folder, "ATTRIBUTION.md"), encoding="utf-8") as file:
        credits = {row[0]: f"{row[1]}, {row[2]}" for row in _ROW.findall(file.read())}
    return [Sample(path, _title(path), credits["val/" + os.path.basename(path)]) for path in paths]


def _title(path: str) -> str:
    """`001_pont-du-gard.jpg` -> `Pont du gard`."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return stem.split("_", 1)[1].replace("-", " ").capitalize()
