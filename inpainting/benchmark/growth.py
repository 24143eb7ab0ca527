"""How time and memory grow with the number of pixels: the exponent of a power fitted to figures."""

from __future__ import annotations

import math
from collections.abc import Sequence


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """k in `value = c * size^k`, by least squares of the logarithms.

    Args:
        sizes: at least two that differ, above 0.
        values: as many, above 0.
    """
    if len(sizes) != len(values) or len(set(sizes)) < 2:
        raise ValueError(f"exponent needs two sizes or more, a value for each; got {sizes}")
    x, y = ([math.log(number) for number in numbers] for numbers in (sizes, values))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
    return above / sum((a - mean_x) ** 2 for a in x)


def report(sides: Sequence[int], seconds: Sequence[float], peaks: Sequence[float]) -> list[str]:
    """Lines on how a forward pass grew with the pixels of a square image.

    Args:
        sides: of the images, ascending.
        seconds, peaks: of each, peaks in bytes. What the smallest image needed is taken from all
            peaks, for it is mostly the libraries.
    """
    pixels = [side**2 for side in sides]
    lines = [f"time grows as pixels ^ {exponent(pixels, seconds):.2f} over all sizes"]
    for index in range(1, len(sides)):
        step = exponent(pixels[index - 1 : index + 1], seconds[index - 1 : index + 1])
        added = (peaks[index] - peaks[0]) / (pixels[index] - pixels[0])
        lines.append(
            f"{sides[index - 1]} to {sides[index]} px: time as pixels ^ {step:.2f}; "
            f"{added:.0f} bytes a pixel beyond the {sides[0]} px pass"
        )
    return lines
