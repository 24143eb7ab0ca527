"""The detail pass: gives a network's blurred fill the photo's own texture.

A small network's fill has the right colours and soft shapes and no texture. This pass looks, for
each part of the hole, for the part of the photo that looks like its fill from afar
(`search.find_shifts`) and copies from there what the fill lacks, the fine octaves and nothing else
(`transfer.transfer`): colours and shapes remain the network's. It has no weights, is deterministic
and runs in TensorFlow's graph at any size.

Source: the contextual residual aggregation of Yi et al., "Contextual residual aggregation for
ultra high-resolution image inpainting", CVPR 2020, with a search among patches of the photo in
place of the network's attention weights, so that it serves every system alike.
"""

from __future__ import annotations

import tensorflow as tf

from inpainting.detail.options import DetailOptions
from inpainting.detail.search import find_shifts
from inpainting.detail.transfer import transfer

DEFAULT = DetailOptions()
#: Raised whenever the same options give other pictures; part of an evaluation's manifest.
VERSION = 1


def add_detail(
    image: tf.Tensor,
    mask: tf.Tensor,
    fill: tf.Tensor,
    options: DetailOptions = DEFAULT,
) -> tf.Tensor:
    """Adds the photo's own texture to a fill.

    Args:
        image: float32 `(B, H, W, 3)` in [0, 1], H and W from 1 up. What it holds inside the hole
            has no influence.
        mask: float32 `(B, H, W, 1)`, 1 = hole.
        fill: float32 `(B, H, W, 3)`, what a network made. What it holds outside the hole has no
            influence.
        options: see `DetailOptions`.

    Returns:
        `(B, H, W, 3)` in [0, 1]: in the hole the fill with detail, outside `image` bit for bit.
        The fill itself where the photo has too little to copy from.
    """

    def one(sample: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        photo, hole, filled = sample
        filled = tf.ensure_shape(filled, (None, None, 3))
        return _detail(photo, hole[..., 0] > 0.5, filled, options)

    spec = tf.TensorSpec((None, None, 3), tf.float32)
    detailed = tf.map_fn(one, (image, mask, fill), fn_output_signature=spec, parallel_iterations=1)
    detailed = tf.reshape(tf.clip_by_value(detailed, 0.0, 1.0), tf.shape(image))
    return tf.where(mask > 0.5, detailed, image)


def _detail(
    photo: tf.Tensor, hole: tf.Tensor, fill: tf.Tensor, options: DetailOptions
) -> tf.Tensor:
    """One sample: search at the working scale, then octave by octave up to the photo's own."""
    picture = tf.where(hole[..., tf.newaxis], fill, photo)
    halvings = _count_halvings(tf.reduce_max(tf.shape(hole)), options.working_size)
    small = _reduce(picture, halvings)
    small_hole = _reduce(tf.cast(hole, tf.float32)[..., tf.newaxis], halvings)[..., 0] > 0
    shifts = find_shifts(small, small_hole, options)

    def finer(level: tf.Tensor, added: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What is added to the fill at this level, with what the coarser one had added."""
        known = _reduce(picture, level)
        open_part = _reduce(tf.cast(hole, tf.float32)[..., tf.newaxis], level)[..., 0] > 0
        size = tf.shape(known)[:2]
        larger = tf.image.resize(added, 2 * tf.shape(added)[:2])[: size[0], : size[1]]
        before = known + tf.cond(level < halvings, lambda: larger, lambda: tf.zeros_like(known))
        scale = tf.bitwise.left_shift(1, halvings - level)
        after = transfer(known, open_part, before, shifts, scale, options)
        return level - 1, tf.where(open_part[..., tf.newaxis], after - known, 0.0)

    def all_levels() -> tf.Tensor:
        _, added = tf.while_loop(
            lambda level, _: level >= 0,
            finer,
            (halvings, tf.zeros_like(small)),
            shape_invariants=(tf.TensorShape(()), tf.TensorShape((None, None, 3))),
            parallel_iterations=1,
        )
        return picture + added

    return tf.cond(shifts.found & tf.reduce_any(hole), all_levels, lambda: picture)


def _count_halvings(longest: tf.Tensor, working_size: int) -> tf.Tensor:
    """How often a side of `longest` pixels is halved to be at most `working_size`."""
    count = tf.constant(0)
    for octave in range(16):
        count += tf.cast(longest > working_size * 2**octave, tf.int32)
    return count


def _reduce(picture: tf.Tensor, halvings: tf.Tensor) -> tf.Tensor:
    """`(H, W, C)` -> means of squares of `2^halvings` pixels, the last row and column repeated."""
    factor = tf.bitwise.left_shift(1, halvings)
    for axis in (0, 1):
        size = tf.shape(picture)[axis]
        target = (size + factor - 1) // factor * factor
        picture = tf.gather(picture, tf.minimum(tf.range(target), size - 1), axis=axis)
    size = tf.shape(picture)[:2] // factor
    cells = tf.reshape(picture, (size[0], factor, size[1], factor, picture.shape[-1]))
    return tf.reduce_mean(cells, axis=(1, 3))
