"""A smooth fill of the hole, to start a network from."""

from __future__ import annotations

import tensorflow as tf

# Enough for 65,536 pixels a side; levels beyond the top of a smaller image are single pixels.
MOST_LEVELS = 16
# In the hole, 39 photographs, 256 px, holes of 30-40 %: two sweeps a level and the cycle give 17.71
# dB, more of them no more; the exact harmonic fill gives 17.70, six sweeps a level with momentum
# and without the cycle 17.63, at 0.92 of the time.
SWEEPS = 2
UNKNOWN = 0.5


def pyramid_fill(image: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Fills the hole by averages of what is known around it, the nearer the finer.

    Down: each level is half the size of the one below, a pixel being the mean of those of its four
    that are known, until a single pixel is left. Up again: what is unknown takes the bilinear
    enlargement of the level above, and is then evened out by sweeps of the mean of its 3x3
    neighbours. Source: the push-pull of Gortler et al., "The Lumigraph" (1996), with weights of 0
    and 1. What is still missing to the harmonic fill, in which every pixel is that mean, is worked
    out by one more cycle over the pyramid: Brandt, "Multi-level adaptive solutions to
    boundary-value problems" (1977).

    Args:
        image: `(B, H, W, 3)` in [0, 1], H and W at least 1. What it holds inside the hole has no
            influence.
        mask: `(B, H, W, 1)`, 1 = hole.

    Returns:
        `(B, H, W, 3)` in [0, 1]: known pixels as they are, the hole filled; 0.5 everywhere in a
        sample that is all hole.
    """
    known = 1 - mask
    levels = [(image * known, known)]
    for _ in range(_count_halvings(image)):
        colours, known = levels[-1]
        # Each sum is over the same pixels, so the quotient is the mean of the known ones; beyond
        # the border of an odd size nothing is known.
        means = _halve(tf.concat((colours, known), axis=-1))
        weight = means[..., -1:]
        colours = tf.math.divide_no_nan(means[..., :-1], weight)
        levels.append((colours, tf.cast(weight > 0, image.dtype)))
    holes = [1 - known for _, known in levels]
    fill = levels[-1][0] + holes[-1] * UNKNOWN
    for (colours, _), hole in zip(levels[-2::-1], holes[-2::-1]):
        fill = _sweep(colours + hole * _enlarge(fill, colours), hole)
    if len(holes) > 1:
        fill = _sweep(fill + _correction(_lack(fill, holes[0]), holes), holes[0])
    # The correction may overshoot by a little where neighbours differ much.
    return tf.clip_by_value(fill, 0, 1)


def _correction(lack: tf.Tensor, holes: list[tf.Tensor]) -> tf.Tensor:
    """What to add to a fill whose pixels lack `lack` to their neighbours' mean.

    `holes` are this level's and those of all levels above, at least one. The level above works it
    out, and sees four times the lack: neighbours are twice as far there, and a mean is short of
    its middle by the square of that. A pixel counts as known there if any of its four is.
    """
    hole, above = holes[:2]
    wanted = 4 * above * _halve(lack)
    found = _sweep(tf.zeros_like(wanted), above, wanted)
    if len(holes) > 2:
        found += _correction(_lack(found, above, wanted), holes[1:])
        found = _sweep(found, above, wanted)
    return hole * _enlarge(found, lack)


def _sweep(fill: tf.Tensor, hole: tf.Tensor, wanted: tf.Tensor | None = None) -> tf.Tensor:
    """Evens out `fill` in the hole, towards each pixel being its neighbours' mean plus `wanted`."""
    for _ in range(SWEEPS):
        fill += _lack(fill, hole, wanted)
    return fill


def _lack(fill: tf.Tensor, hole: tf.Tensor, wanted: tf.Tensor | None = None) -> tf.Tensor:
    """By how much each pixel of the hole is below its neighbours' mean plus `wanted`."""
    mean = tf.nn.avg_pool2d(fill, 3, 1, "SAME")
    return hole * ((mean if wanted is None else mean + wanted) - fill)


def _halve(values: tf.Tensor) -> tf.Tensor:
    return tf.nn.avg_pool2d(values, 2, 2, "SAME")


def _count_halvings(image: tf.Tensor) -> int:
    """How often the image is halved until one pixel is left; `MOST_LEVELS` if sizes are unknown."""
    height, width = image.shape[1:3]
    if height is None or width is None:
        return MOST_LEVELS
    return (max(height, width) - 1).bit_length()


def _enlarge(fill: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Twice the size, bilinear, cut to the size of `like`."""
    height, width = tf.shape(fill)[1], tf.shape(fill)[2]
    fill = tf.image.resize(fill, (2 * height, 2 * width), "bilinear")
    return fill[:, : tf.shape(like)[1], : tf.shape(like)[2]]
