"""Padding: the border that a convolution needs, and frames of any size made to fit a network."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

MODES = ("SYMMETRIC", "REFLECT", "ZERO")


def pad_border(inputs: tf.Tensor, width: int, mode: str, training: bool | None = None) -> tf.Tensor:
    """Pads height and width by `width` on every side.

    Args:
        inputs: `(B, H, W, C)`; H and W at least `width` for "SYMMETRIC", more for "REFLECT".
        width: pixels added on each side; 0 returns `inputs`.
        mode: "SYMMETRIC" (mirror, the border itself repeated), "REFLECT" (mirror, not repeated)
            or "ZERO".
        training: True for a mirror whose gradient is faster, otherwise one that is itself.

    Returns:
        `(B, H + 2 width, W + 2 width, C)`.
    """
    check_mode(mode)
    if width == 0:
        return inputs
    if mode == "ZERO" or training:
        paddings = ((0, 0), (width, width), (width, width), (0, 0))
        return tf.pad(inputs, paddings, "CONSTANT" if mode == "ZERO" else mode)
    # `tf.pad` looks up where each element comes from: lines copied as a whole take a quarter of its
    # time on a CPU. Columns first, so that the larger tensor is made of whole rows.
    return _mirror(_mirror(inputs, width, mode, axis=2), width, mode, axis=1)


def _mirror(inputs: tf.Tensor, width: int, mode: str, axis: int) -> tf.Tensor:
    """`width` mirrored lines joined to both ends of `axis`."""
    skipped = 1 if mode == "REFLECT" else 0

    def line(index: int) -> tf.Tensor:
        part = slice(index, index + 1 or None)
        # With all four dimensions: OpenVINO joins slices with the concatenation before them, and
        # writes beyond the end of their bounds where these have fewer.
        return inputs[:, part, :, :] if axis == 1 else inputs[:, :, part, :]

    before = [line(skipped + index) for index in reversed(range(width))]
    after = [line(-1 - skipped - index) for index in range(width)]
    return tf.concat((*before, inputs, *after), axis)


def check_mode(mode: str) -> None:
    """Raises `ValueError` where `mode` is none of `MODES`."""
    if mode not in MODES:
        raise ValueError(f"padding must be one of {MODES}, got {mode!r}")


def pad_to_multiple(inputs: tf.Tensor, multiple: int, minimum: int) -> tf.Tensor:
    """Pads bottom and right by mirroring until height and width are multiples of `multiple`.

    Crop the network's output back with `[:, :H, :W]`. The mirror goes back and forth as often as it
    must, so that a single pixel can be padded to any size, which `tf.pad` refuses.

    Args:
        inputs: `(B, H, W, C)`, H and W at least 1, known or not when the graph is made.
        multiple: what the new sizes are multiples of.
        minimum: the least new size; a multiple of `multiple`.

    Returns:
        `(B, H', W', C)`; `inputs` itself where the known sizes fit already.
    """
    if minimum % multiple:
        raise ValueError(f"minimum must be a multiple of {multiple}, got {minimum}")
    for axis in (1, 2):
        size = inputs.shape[axis]
        if size is None:
            size = tf.shape(inputs)[axis]
            # Not `-size % multiple`: exporters disagree on the remainder of a negative number.
            target = tf.maximum((size + multiple - 1) // multiple * multiple, minimum)
            inputs = tf.gather(inputs, _mirrored(tf.range(target), size, tf), axis=axis)
        elif size % multiple or size < minimum:
            target = max((size + multiple - 1) // multiple * multiple, minimum)
            inputs = tf.gather(inputs, _mirrored(np.arange(target), size, np), axis=axis)
    return inputs


def _mirrored(index, size, library):
    """Where a position beyond `size` falls back into it: 0 1 2 2 1 0 0 1 ... for size 3."""
    folded = index % (2 * size)
    return library.minimum(folded, 2 * size - 1 - folded)
