"""Carries the bands of the photo along a field of shifts into the hole."""

from __future__ import annotations

import tensorflow as tf

from inpainting.detail.bands import local_mean, split_bands
from inpainting.detail.options import DetailOptions
from inpainting.detail.search import Shifts

ENERGY_FLOOR = 1e-8


def transfer(
    photo: tf.Tensor,
    hole: tf.Tensor,
    fill: tf.Tensor,
    shifts: Shifts,
    scale: tf.Tensor,
    options: DetailOptions,
) -> tf.Tensor:
    """Gives a fill the fine bands that it lacks.

    A hole pixel lies in up to four overlapping patches; it gets the mean of what the four sources
    hold, by weights that fall linearly to the patches' borders. Where the four disagree the mean is
    too weak, and a fill may have some detail of its own already: so each band is scaled, locally,
    to the energy that is missing beside the sources'. A source that is flat gives nothing.

    Args:
        photo: `(H, W, 3)`; only pixels outside the hole count.
        hole: bool `(H, W)`.
        fill: `(H, W, 3)`.
        shifts: of `find_shifts`, in pixels of the working scale.
        scale: int32, how many pixels of this picture one of the working scale is long.
        options: see `DetailOptions`.

    Returns:
        `(H, W, 3)`, the fill in the hole and the photo outside.
    """
    inside = tf.cast(hole, tf.float32)[..., tf.newaxis]
    picture = tf.where(hole[..., tf.newaxis], fill, photo)
    places = tf.cast(tf.where(hole), tf.int32)
    sources = _sources(places, shifts, scale, tf.shape(hole), options.spacing)
    count = len(options.strengths)
    theirs = split_bands(photo, 1 - inside, count)
    own = split_bands(picture, tf.ones_like(inside), count)
    shape = tf.shape(photo)
    for octave, strength in enumerate(options.strengths):
        value, energy = _vote(theirs[octave], sources)
        mine = tf.reduce_mean(tf.square(tf.gather_nd(own[octave], places)), -1, keepdims=True)
        lacking = tf.reduce_mean(energy, -1, keepdims=True) * strength**2 - mine
        present = tf.reduce_mean(tf.square(value), -1, keepdims=True)
        radius = 2 + 2 * octave
        lacking, present = (
            local_mean(tf.scatter_nd(places, part, (shape[0], shape[1], 1)), inside, radius)
            for part in (lacking, present)
        )
        gain = tf.sqrt(tf.maximum(lacking, 0) / (present + ENERGY_FLOOR))
        gain = tf.minimum(gain, options.most_gain)
        picture += tf.scatter_nd(places, value, shape) * gain
    return picture


def _sources(
    places: tf.Tensor, shifts: Shifts, scale: tf.Tensor, size: tf.Tensor, spacing: int
) -> list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
    """For each of the four patches over a pixel: weight, share `(N, 1)`, the source's place."""
    position = (tf.cast(places, tf.float32) + 0.5) / tf.cast(scale, tf.float32) - 0.5
    position = tf.maximum(position / spacing, 0)
    corner = tf.cast(tf.floor(position), tf.int32)
    beyond = position - tf.floor(position)
    last = tf.shape(shifts.shifts)[:2] - 1
    sources = []
    for row in (0, 1):
        for column in (0, 1):
            down = beyond[:, 0] if row else 1 - beyond[:, 0]
            right = beyond[:, 1] if column else 1 - beyond[:, 1]
            patch = tf.minimum(corner + tf.constant([row, column]), last)
            source = places + tf.gather_nd(shifts.shifts, patch) * scale
            source = tf.clip_by_value(source, 0, size - 1)
            sources.append(
                ((down * right)[:, tf.newaxis], tf.gather_nd(shifts.shares, patch), source)
            )
    return sources


def _vote(
    band: tf.Tensor, sources: list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]]
) -> tuple[tf.Tensor, tf.Tensor]:
    """The weighted mean of the sources' values, and of their squares: `(N, 3)` each."""
    votes = [(weight, share * tf.gather_nd(band, place)) for weight, share, place in sources]
    value = tf.add_n([weight * vote for weight, vote in votes])
    return value, tf.add_n([weight * tf.square(vote) for weight, vote in votes])
