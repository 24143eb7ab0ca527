"""The settings of the detail pass."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class DetailOptions:
    """Lengths are pixels of the working scale, at which the photo is at most `working_size` long.

    Attributes:
        working_size: the longest side at which patches are searched for; a larger photo is halved
            until it fits, and what is found there is carried back octave by octave.
        spacing: distance of the patches' centres; a patch is twice as long.
        keys: patches of the known part that each patch of the hole is compared with, at most about.
        queries: patches of the hole that are compared at a time, which bounds memory.
        mean_weight: of a patch's mean colour, beside 1 for how its colours differ inside it.
        context_weight: of the surroundings of a patch, twice its size.
        row_weight, column_weight: of the distance between the two places, as a share of the longer
            side: photographs change faster from top to bottom than from left to right.
        sweeps: how often neighbours compare where they take their texture from.
        coherence: what it costs to take it from somewhere else than a neighbour does.
        reach: shifts that differ by this much are as good as unrelated.
        temperature: squared distance at which a source's say in what is expected falls to 1/e.
        evening: 1 brings a source that is livelier than expected down to that, 0 leaves it.
        tolerance: squared distance of a patch and its source at which its share falls to 1/e.
        strengths: share of the source's amplitude that is aimed at, the finest octave first.
        most_gain: the most that a band is amplified to reach that.
    """

    working_size: int = 512
    spacing: int = 8
    keys: int = 16384
    queries: int = 512
    mean_weight: float = 1.0
    context_weight: float = 0.5
    row_weight: float = 0.6
    column_weight: float = 0.3
    sweeps: int = 6
    coherence: float = 0.02
    reach: float = 8.0
    strengths: tuple[float, ...] = (1.15, 0.6)
    most_gain: float = 2.0
    temperature: float = 0.002
    evening: float = 0.5
    tolerance: float = 0.15
