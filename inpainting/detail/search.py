"""Where each part of the hole takes its texture from: a field of shifts.

The hole is covered by patches, overlapping by half. Each first gets the known patch that looks most
like it in a low-pass view (exhaustively, so that the same picture always gives the same answer).
Then neighbours compare: a patch takes over a neighbour's shift, or one a pixel beside its own,
where that costs less in likeness than it gains in coherence. Large pieces of the photo are thereby
copied whole, whose texture runs through, instead of many that are averaged where they overlap.
Sources: the propagation of Barnes et al., "PatchMatch", SIGGRAPH 2009, without its random search;
coherent shifts as the prior of He and Sun, "Statistics of patch offsets for image completion",
ECCV 2012.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from inpainting.detail.descriptors import Descriptors
from inpainting.detail.options import DetailOptions

FORBIDDEN = 1e6
_NEAR = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
_FAR = [(-2, 0), (0, -2), (0, 2), (2, 0)]
_PIXEL = [(-1, 0), (0, -1), (0, 1), (1, 0)]
_COLOURS = 4


class Shifts(NamedTuple):
    """Where patches take their texture from.

    Attributes:
        shifts: int32 `(h, w, 2)`, rows and columns from a patch to its source; patch (i, j) is
            centred at pixel `(i * spacing, j * spacing)`. 0 where a patch holds no hole.
        found: bool scalar, False where the photo has no patch without hole: then nothing is known.
    """

    shifts: tf.Tensor
    found: tf.Tensor


def find_shifts(picture: tf.Tensor, hole: tf.Tensor, options: DetailOptions) -> Shifts:
    """Finds a source for each patch that touches the hole.

    Args:
        picture: `(H, W, 3)`, the photo with its hole filled, at the working scale.
        hole: bool `(H, W)`.
        options: see `DetailOptions`.
    """
    spacing = options.spacing
    usable = _whole_patches(hole, spacing)
    sources = _thin_out(usable, options.keys)
    active = _touching(hole, spacing)
    grid = tf.cast(tf.where(active), tf.int32)
    descriptors = Descriptors(picture, options)
    found = tf.shape(sources)[0] > 0

    def search() -> tf.Tensor:
        first = _nearest(descriptors, sources, grid * spacing, options.queries)
        shifts = tf.scatter_nd(grid, first - grid * spacing, tf.concat([tf.shape(active), [2]], 0))
        return _agree(shifts, active, usable, descriptors, options)

    nothing = tf.zeros(tf.concat([tf.shape(active), [2]], 0), tf.int32)
    shifts = tf.cond(found & (tf.shape(grid)[0] > 0), search, lambda: nothing)
    return Shifts(tf.ensure_shape(shifts, (None, None, 2)), found)


def _whole_patches(hole: tf.Tensor, spacing: int) -> tf.Tensor:
    """bool `(H, W)`: the patch centred there lies inside the photo and holds no hole."""
    pads = ((spacing, spacing), (spacing, spacing))
    bad = tf.pad(tf.cast(hole, tf.float32), pads, constant_values=1.0)
    return _largest(bad, 2 * spacing + 1, 1) == 0


def _touching(hole: tf.Tensor, spacing: int) -> tf.Tensor:
    """bool `(h, w)`: the patch of that place of the grid holds some hole."""
    size = tf.shape(hole)
    beyond = (size + spacing - 1) // spacing * spacing - size + spacing
    pads = tf.stack([tf.fill((2,), spacing - 1), beyond], axis=1)
    return _largest(tf.pad(tf.cast(hole, tf.float32), pads), 2 * spacing - 1, spacing) > 0


def _largest(plane: tf.Tensor, size: int, stride: int) -> tf.Tensor:
    return tf.nn.max_pool2d(plane[tf.newaxis, ..., tf.newaxis], size, stride, "VALID")[0, ..., 0]


def _thin_out(usable: tf.Tensor, most: int) -> tf.Tensor:
    """int32 `(N, 2)`: the usable places on the densest regular grid that holds about `most`."""
    count = tf.cast(tf.math.count_nonzero(usable), tf.float32)
    step = tf.maximum(1, tf.cast(tf.math.ceil(tf.sqrt(count / most)), tf.int32))
    places = tf.cast(tf.where(usable), tf.int32)
    kept = tf.boolean_mask(places, tf.reduce_all(places % step == 0, axis=1))
    return tf.cond(tf.shape(kept)[0] > 0, lambda: kept, lambda: places[:most])


def _nearest(
    descriptors: Descriptors, sources: tf.Tensor, centres: tf.Tensor, queries: int
) -> tf.Tensor:
    """int32 `(N, 2)`: for each centre the most similar of the sources; `queries` at a time."""
    keys = descriptors.at(sources)
    lengths = tf.reduce_sum(tf.square(keys), axis=1)
    count = tf.shape(centres)[0]

    def compare(start: tf.Tensor) -> tf.Tensor:
        vectors = descriptors.at(centres[start : start + queries])
        distances = lengths - 2 * tf.matmul(vectors, keys, transpose_b=True)
        best = tf.argmin(distances, axis=1, output_type=tf.int32)
        return tf.pad(best, [[0, queries - tf.shape(best)[0]]])

    starts = tf.range(0, count, queries)
    spec = tf.TensorSpec((queries,), tf.int32)
    best = tf.map_fn(compare, starts, fn_output_signature=spec, parallel_iterations=1)
    return tf.gather(sources, tf.reshape(best, (-1,))[:count])


def _agree(
    shifts: tf.Tensor,
    active: tf.Tensor,
    usable: tf.Tensor,
    descriptors: Descriptors,
    options: DetailOptions,
) -> tf.Tensor:
    """Sweeps over the field, a quarter of the patches at a time (no two of them neighbours)."""
    size = tf.shape(usable)
    grid = tf.cast(tf.where(active), tf.int32)
    centres = grid * options.spacing
    wanted = descriptors.at(centres)
    parity = grid[:, 0] % 2 * 2 + grid[:, 1] % 2
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
        far = tf.where(has_far[..., tf.newaxis], far, own)
        copied = tf.where(has_near[..., tf.newaxis], near, own)
        beside = own + tf.constant(_PIXEL)[:, tf.newaxis]
        tried = tf.concat([own[tf.newaxis], copied, far, beside], axis=0)
        apart = tf.cast(tf.square(tried[:, tf.newaxis] - near), tf.float32)
        apart = tf.minimum(tf.reduce_sum(apart, axis=-1) / options.reach**2, 1.0)
        rough = tf.reduce_sum(apart * tf.cast(has_near, tf.float32), axis=1)
        cost = unlike(centres + tried) + options.coherence * rough
        best = tf.argmin(cost, axis=0, output_type=tf.int32)
        chosen = tf.gather_nd(tried, tf.stack([best, tf.range(tf.shape(best)[0])], axis=1))
        chosen = tf.where((parity == turn % _COLOURS)[:, tf.newaxis], chosen, own)
        return turn + 1, tf.tensor_scatter_nd_update(field, grid, chosen)

    return tf.while_loop(
        lambda turn, _: turn < options.sweeps * _COLOURS,
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
