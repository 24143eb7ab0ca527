"""Where each part of the hole takes its texture from: a field of shifts.

The hole is covered by patches, overlapping by half. Each first gets the known patch that looks most
like it in a low-pass view (exhaustively, so that the same picture always gives the same answer).
Then neighbours compare: a patch takes over a neighbour's shift, or one a pixel beside its own,
where that costs less in likeness than it gains in coherence. Large pieces of the photo are thereby
copied whole, whose texture runs through, instead of many that are averaged where they overlap.

A source may be wrong: nothing in the photo looks like the fill, or the best match happens to hold
an object's edge. So each patch also gets a share of its source's amplitude. It falls as the two
differ, and where the source is livelier than what all patches like the fill are on average.

Sources: the propagation of Barnes et al., "PatchMatch", SIGGRAPH 2009, without its random search;
coherent shifts as the prior of He and Sun, "Statistics of patch offsets for image completion",
ECCV 2012. The shares are this project's own.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from inpainting.detail.agreement import agree
from inpainting.detail.bands import local_mean, split_bands
from inpainting.detail.descriptors import Descriptors
from inpainting.detail.nearest import nearest
from inpainting.detail.options import DetailOptions

# Energy of a third of a grey level: below it a patch is flat, and its logarithm says nothing.
FLAT = 1e-6


class Shifts(NamedTuple):
    """Where patches take their texture from.

    Attributes:
        shifts: int32 `(h, w, 2)`, rows and columns from a patch to its source; patch (i, j) is
            centred at pixel `(i * spacing, j * spacing)`. 0 where a patch holds no hole.
        shares: `(h, w, 1)` in 0 to 1, how much of its source's amplitude a patch gets.
        found: bool scalar, False where the photo has no patch without hole: then nothing is known.
    """

    shifts: tf.Tensor
    shares: tf.Tensor
    found: tf.Tensor


def find_shifts(picture: tf.Tensor, hole: tf.Tensor, options: DetailOptions) -> Shifts:
    """Finds a source for each patch that touches the hole.

    Args:
        picture: `(H, W, 3)`, the photo with its hole filled, at the working scale.
        hole: bool `(H, W)`.
        options: see `DetailOptions`.
    """
    spacing = options.spacing
    usable = whole_patches(hole, spacing)
    sources = _thin_out(usable, options.keys)
    active = touching(hole, spacing)
    grid = tf.cast(tf.where(active), tf.int32)
    centres = grid * spacing
    found = tf.shape(sources)[0] > 0
    shape = tf.shape(active)

    def search() -> tuple[tf.Tensor, tf.Tensor]:
        descriptors = Descriptors(picture, options)
        liveliness = _log_energy(picture, hole, options)
        values = tf.gather_nd(liveliness, sources)
        first, expected = nearest(descriptors, sources, values, centres, options)
        shifts = tf.scatter_nd(grid, first - centres, tf.concat([shape, [2]], 0))
        shifts = agree(shifts, active, usable, descriptors, options)
        chosen = centres + tf.gather_nd(shifts, grid)
        unlike = descriptors.difference(chosen, centres) / options.tolerance
        excess = tf.nn.relu(tf.gather_nd(liveliness, chosen) - expected) * options.evening
        # Half, since a share is of the amplitude and `excess` is of the energy's logarithm.
        shares = tf.exp(-unlike - excess / 2)
        return shifts, tf.scatter_nd(grid, shares[:, tf.newaxis], tf.concat([shape, [1]], 0))

    def nothing() -> tuple[tf.Tensor, tf.Tensor]:
        return tf.zeros(tf.concat([shape, [2]], 0), tf.int32), tf.zeros(tf.concat([shape, [1]], 0))

    shifts, shares = tf.cond(found & (tf.shape(grid)[0] > 0), search, nothing)
    shifts = tf.ensure_shape(shifts, (None, None, 2))
    return Shifts(shifts, tf.ensure_shape(shares, (None, None, 1)), found)


def whole_patches(hole: tf.Tensor, spacing: int) -> tf.Tensor:
    """bool `(H, W)`: the patch centred there lies inside the photo and holds no hole."""
    pads = ((spacing, spacing), (spacing, spacing))
    bad = tf.pad(tf.cast(hole, tf.float32), pads, constant_values=1.0)
    return _largest(bad, 2 * spacing + 1, 1) == 0


def touching(hole: tf.Tensor, spacing: int) -> tf.Tensor:
    """bool `(h, w)`: the patch of that place of the grid holds some hole.

    The grid begins at pixel 0 and its last place lies at or beyond the last pixel.
    """
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


def _log_energy(picture: tf.Tensor, hole: tf.Tensor, options: DetailOptions) -> tf.Tensor:
    """`(H, W)`: the logarithm of the fine bands' mean square in the patch around each pixel."""
    known = 1 - tf.cast(hole, tf.float32)[..., tf.newaxis]
    fine = tf.add_n(split_bands(picture, known, len(options.strengths)))
    energy = tf.reduce_mean(tf.square(fine), axis=-1, keepdims=True)
    return tf.math.log(local_mean(energy, known, options.spacing) + FLAT)[..., 0]
