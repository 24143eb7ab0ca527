"""What a place of a picture looks like from afar, as a vector: the language of the search."""

from __future__ import annotations

import tensorflow as tf

from inpainting.detail.options import DetailOptions

# A patch is described by so many cells along each side.
CELLS = 4


class Descriptors:
    """Describes patches of one picture by the low-pass colours in and around them.

    The squared distance of two vectors is the mean squared difference of the two patches' cells,
    their mean colours apart from what varies, plus that of the surroundings and of the places,
    each with its weight in `DetailOptions`.

    Args:
        picture: `(H, W, 3)`, the photo with its hole filled.
        options: weights and sizes.
    """

    def __init__(self, picture: tf.Tensor, options: DetailOptions) -> None:
        self._options = options
        self._size = tf.shape(picture)[:2]
        self._layers = [
            (cell, _mean(picture, cell))
            for cell in (2 * options.spacing // CELLS, 4 * options.spacing // CELLS)
        ]

    def at(self, places: tf.Tensor) -> tf.Tensor:
        """int32 `(N, 2)` rows and columns of patch centres -> `(N, F)`."""
        options = self._options
        (cell, inner), (wide_cell, outer) = self._layers
        cells = self._sample(inner, places, cell)
        mean = tf.reduce_mean(cells, axis=1)
        varies = (cells - mean[:, tf.newaxis]) / CELLS
        around = self._sample(outer, places, wide_cell) - mean[:, tf.newaxis]
        around *= options.context_weight / CELLS
        longest = tf.cast(tf.reduce_max(self._size), tf.float32)
        where = tf.cast(places, tf.float32) / longest
        where *= tf.constant([options.row_weight, options.column_weight])
        count = CELLS * CELLS * 3
        flat = [tf.reshape(part, (-1, count)) for part in (varies, around)]
        return tf.concat([*flat, mean * options.mean_weight, where], axis=-1)

    def difference(self, places: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
        """`(N,)`: squared distances of the patches at `places` and `others` by their looks alone,
        wherever they lie."""
        apart = tf.square(self.at(places) - self.at(others))
        return tf.reduce_sum(apart[:, :-2], axis=-1)

    def _sample(self, layer: tf.Tensor, places: tf.Tensor, cell: int) -> tf.Tensor:
        """`(N, CELLS^2, 3)`: the cells of patches, the border repeated beyond the picture."""
        steps = tf.range(CELLS) * cell - (CELLS - 1) * cell // 2
        grid = tf.stack(tf.meshgrid(steps, steps, indexing="ij"), axis=-1)
        places = places[:, tf.newaxis] + tf.reshape(grid, (1, -1, 2))
        return tf.gather_nd(layer, tf.clip_by_value(places, 0, self._size - 1))


def _mean(picture: tf.Tensor, size: int) -> tf.Tensor:
    """Mean colours of the squares of `size` pixels around each pixel, those inside the picture."""
    return tf.nn.avg_pool2d(picture[tf.newaxis], size, 1, "SAME")[0]
