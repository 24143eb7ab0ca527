"""Neighbouring patches come to take their texture from neighbouring places."""

from __future__ import annotations

import tensorflow as tf

from inpainting.detail.descriptors import Descriptors
from inpainting.detail.options import DetailOptions

FORBIDDEN = 1e6
_NEAR = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
_FAR = [(-2, 0), (0, -2), (0, 2), (2, 0)]
_PIXEL = [(-1, 0), (0, -1), (0, 1), (1, 0)]
# Patches are asked in four turns, no two of one turn being neighbours.
_TURNS = 4


def agree(
    shifts: tf.Tensor,
    active: tf.Tensor,
    usable: tf.Tensor,
    descriptors: Descriptors,
    options: DetailOptions,
) -> tf.Tensor:
    """Sweeps over a field of shifts, each patch trying what its neighbours do.

    A patch tries its own shift, those of its eight neighbours and of the four next but one, and
    the four a pixel beside its own. It takes the one that costs least: the squared distance of the
    descriptors, and `options.coherence` for each of its neighbours by how far their shifts differ.

    Args:
        shifts: int32 `(h, w, 2)`, from each patch of the grid to its source.
        active: bool `(h, w)`, the patches that count.
        usable: bool `(H, W)`, where a source may be centred.
        descriptors: of the picture.
        options: see `DetailOptions`.

    Returns:
        int32 `(h, w, 2)`; no active patch has a source that is not usable, if none had before.
    """
    size = tf.shape(usable)
    grid = tf.cast(tf.where(active), tf.int32)
    centres = grid * options.spacing
    wanted = descriptors.at(centres)
    turn_of = grid[:, 0] % 2 * 2 + grid[:, 1] % 2
    candidates = 1 + len(_NEAR) + len(_FAR) + len(_PIXEL)

    def unlike(sources: tf.Tensor) -> tf.Tensor:
        """Squared distances `(C, N)` to the patches at `(C, N, 2)`; FORBIDDEN where unusable."""
        inside = tf.reduce_all((sources >= 0) & (sources < size), axis=-1)
        clipped = tf.clip_by_value(sources, 0, size - 1)
        vectors = descriptors.at(tf.reshape(clipped, (-1, 2)))
        vectors = tf.reshape(vectors, (candidates, -1, tf.shape(wanted)[1]))
        distance = tf.reduce_sum(tf.square(vectors - wanted), axis=-1)
        return tf.where(inside & tf.gather_nd(usable, clipped), distance, FORBIDDEN)

    def sweep(turn: tf.Tensor, field: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        own = tf.gather_nd(field, grid)
        near, has_near = _neighbours(field, active, grid, _NEAR)
        far, has_far = _neighbours(field, active, grid, _FAR)
        copied = tf.where(has_near[..., tf.newaxis], near, own)
        copied_far = tf.where(has_far[..., tf.newaxis], far, own)
        beside = own + tf.constant(_PIXEL)[:, tf.newaxis]
        tried = tf.concat([own[tf.newaxis], copied, copied_far, beside], axis=0)
        apart = tf.cast(tf.square(tried[:, tf.newaxis] - near), tf.float32)
        apart = tf.minimum(tf.reduce_sum(apart, axis=-1) / options.reach**2, 1.0)
        disagreement = tf.reduce_sum(apart * tf.cast(has_near, tf.float32), axis=1)
        cost = unlike(centres + tried) + options.coherence * disagreement
        best = tf.argmin(cost, axis=0, output_type=tf.int32)
        chosen = tf.gather_nd(tried, tf.stack([best, tf.range(tf.shape(best)[0])], axis=1))
        chosen = tf.where((turn_of == turn % _TURNS)[:, tf.newaxis], chosen, own)
        return turn + 1, tf.tensor_scatter_nd_update(field, grid, chosen)

    return tf.while_loop(
        lambda turn, _: turn < options.sweeps * _TURNS,
        sweep,
        (0, shifts),
        parallel_iterations=1,
    )[1]


def _neighbours(
    field: tf.Tensor, active: tf.Tensor, grid: tf.Tensor, steps: list[tuple[int, int]]
) -> tuple[tf.Tensor, tf.Tensor]:
    """The field at `steps` from each place, `(S, N, 2)`, and where there is any, bool `(S, N)`."""
    size = tf.shape(active)
    places = grid + tf.constant(steps)[:, tf.newaxis]
    inside = tf.reduce_all((places >= 0) & (places < size), axis=-1)
    places = tf.clip_by_value(places, 0, size - 1)
    return tf.gather_nd(field, places), inside & tf.gather_nd(active, places)
