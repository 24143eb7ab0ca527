"""Contextual attention: the hole is filled with patches from outside of it."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.patches import extract_patches, overlap_add
from inpainting.layers.resizing import shrink_nearest


@tf.keras.utils.register_keras_serializable("inpainting")
class ContextualAttention(tf.keras.layers.Layer):
    """Rebuilds features from the patches of the hole-free part that look most like them.

    On the features thinned out by `rate` (nearest), every position's 3x3 patch is a query and a
    key. A key is divided by its norm; v is 1 where its 3x3 window of the mask is free of holes and
    0 elsewhere. The weights are `softmax(softmax_scale * score * v) * v` over the keys: a hole key
    takes part in the denominator with exp(0), as in the published code, and never in the result.
    Each position then receives the weighted sum of the `2 rate` sized patches of the full features,
    and these, which overlap, are added up and divided by the number that meet in a pixel.

    With `fusion_size` k above 1 the scores are fused before v is applied: a score is summed with
    those of the k - 1 neighbouring pairs, query and key shifted alike, first along reading order
    (row by row, over the row's end) and then along the order column by column. What is similar
    with its surroundings wins over what is similar alone.

    Deviations from the reference code of the paper: each sample has its own mask (there the first
    sample's serves all, as it does here with `first_holes_only`); and the score matrix is worked
    out in chunks of queries where it would exceed `max_scores`, so memory grows with the number of
    positions, not with its square (in the forward pass; a gradient keeps all chunks). Both ways
    give the same result.

    Source: Yu et al., "Generative Image Inpainting with Contextual Attention" (2018), section 4.1,
    as they and the paper use it: one feature map is foreground and background.

    Args:
        kernel_size: of the query and key patches, odd.
        rate: step by which the features are thinned out for matching.
        softmax_scale: factor on the scores.
        norm_floor: least norm by which a key is divided.
        max_scores: most scores, over the whole batch, that are held at once.
        fusion_size: how many neighbours are fused in each direction, odd; 1 for no fusion (the
            paper's), 3 in DeepFill.
        align_corners: how features are thinned out. False: every `rate`-th position. True:
            TensorFlow 1's nearest resizing with aligned corners, DeepFill's: the first and the last
            position are kept and the others are rounded between them.
        first_holes_only: the first sample's holes are taken for every sample's, for comparisons
            with the reference code.

    Call arguments:
        features: `(B, H, W, C)`, H and W multiples of `rate`.
        holes: `(B, H / rate, W / rate, 1)`, 1 where a position is a hole and 0 elsewhere.

    Returns:
        `(B, H, W, C)`, zero for a sample without any hole-free key.
    """

    def __init__(
        self,
        kernel_size: int = 3,
        rate: int = 2,
        softmax_scale: float = 10.0,
        norm_floor: float = 1e-4,
        max_scores: int = 2**25,
        fusion_size: int = 1,
        align_corners: bool = False,
        first_holes_only: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if max_scores < 1:
            raise ValueError(f"max_scores must be at least 1, got {max_scores}")
        if fusion_size % 2 == 0:
            raise ValueError(f"fusion_size must be odd, got {fusion_size}")
        self.kernel_size = kernel_size
        self.rate = rate
        self.softmax_scale = softmax_scale
        self.norm_floor = norm_floor
        self.fusion_size = fusion_size
        self.align_corners = align_corners
        self.first_holes_only = first_holes_only
        self.max_scores = max_scores

    def call(self, features, holes):
        if features.dtype.size < 4:
            # Norms and softmax: sums over all positions and channels, float32 whatever comes in.
            return tf.cast(self.call(tf.cast(features, tf.float32), holes), features.dtype)
        if self.first_holes_only:
            holes = tf.repeat(holes[:1], tf.shape(holes)[0], axis=0)
        size = 2 * self.rate
        thinned = shrink_nearest(features, self.rate, self.align_corners)
        queries = extract_patches(thinned, self.kernel_size, 1)
        usable = tf.nn.max_pool2d(holes, self.kernel_size, 1, "SAME") < 0.5
        usable = tf.cast(usable, features.dtype)
        # The floor is put under the square, since a root has no gradient at zero.
        squares = tf.reduce_sum(tf.square(queries), axis=-1, keepdims=True)
        norms = tf.sqrt(tf.maximum(squares, self.norm_floor**2))
        # The norm and the scale go into the keys, and the second v into the values: the N x N
        # matrix is then touched by the softmax alone, and by fusion where there is any.
        keys = queries * (self.softmax_scale / norms)
        values = extract_patches(features, size, self.rate) * usable
        if self.fusion_size > 1:
            patches = self._attend_fused(queries, keys, values, usable)
        else:
            patches = self._attend(_attention, queries, keys * usable, values)
        return overlap_add(patches, size, self.rate) / (size // self.rate) ** 2

    def _attend_fused(self, queries, keys, values, usable):
        """Attention with fusion between grids `(B, h, w, D)`.

        Fusion along reading order is a product of longer vectors: those of the neighbours,
        concatenated. Turned about the diagonal, the grids are then in the order column by column,
        in which `_fused_attention` fuses.
        """
        queries = _with_neighbours(queries, self.fusion_size)
        keys = _with_neighbours(keys, self.fusion_size)
        queries, keys, values, usable = (_turn(grid) for grid in (queries, keys, values, usable))
        usable = tf.transpose(_rows(usable), (0, 2, 1))

        def attention(queries, keys, values):
            return _fused_attention(queries, keys, values, usable, self.fusion_size)

        return _turn(self._attend(attention, queries, keys, values))

    def _attend(self, attention, queries, keys, values):
        """`attention` of each position of a grid to all others, in chunks if it must be."""
        grid = tf.shape(queries)
        queries, keys, values = _rows(queries), _rows(keys), _rows(values)
        shape = tf.shape(queries)
        batch = shape[0] if queries.shape[0] is None else queries.shape[0]
        positions = shape[1] if queries.shape[1] is None else queries.shape[1]
        beside = self.fusion_size - 1
        if beside:
            queries = tf.pad(queries, ((0, 0), (beside // 2, beside // 2), (0, 0)))
        # Not B * N * N, which overflows 32 bits on a large photograph.
        chunk = self.max_scores // (batch * positions)
        if isinstance(chunk, int):
            if chunk >= positions:
                outputs = attention(queries, keys, values)
            else:
                outputs = _in_chunks(attention, queries, keys, values, max(chunk, 1), beside)
        else:
            outputs = tf.cond(
                chunk >= positions,
                lambda: attention(queries, keys, values),
                lambda: _in_chunks(attention, queries, keys, values, tf.maximum(chunk, 1), beside),
            )
        return tf.reshape(outputs, (grid[0], grid[1], grid[2], values.shape[-1]))

    def get_config(self):
        config = super().get_config()
        config.update(
            kernel_size=self.kernel_size,
            rate=self.rate,
            softmax_scale=self.softmax_scale,
            norm_floor=self.norm_floor,
            fusion_size=self.fusion_size,
            align_corners=self.align_corners,
            first_holes_only=self.first_holes_only,
            max_scores=self.max_scores,
        )
        return config


def _rows(grid):
    """`(B, h, w, D)` as `(B, h * w, D)`."""
    shape = tf.shape(grid)
    positions = None if None in grid.shape[1:3] else grid.shape[1] * grid.shape[2]
    return tf.reshape(grid, (shape[0], positions or shape[1] * shape[2], grid.shape[-1]))


def _turn(grid):
    """`(B, h, w, D)` as `(B, w, h, D)`."""
    return tf.transpose(grid, (0, 2, 1, 3))


def _with_neighbours(grid, size):
    """Each vector of `(B, h, w, D)` joined with its neighbours in reading order, zeros at the ends.

    Returns `(B, h, w, size * D)`.
    """
    rows = _rows(grid)
    reach, positions = size // 2, tf.shape(rows)[1]
    padded = tf.pad(rows, ((0, 0), (reach, reach), (0, 0)))
    joined = tf.concat([padded[:, shift : shift + positions] for shift in range(size)], axis=-1)
    return tf.reshape(joined, (*tf.unstack(tf.shape(grid)[:3]), size * grid.shape[-1]))


def _attention(queries, keys, values):
    return tf.matmul(tf.nn.softmax(tf.matmul(queries, keys, transpose_b=True)), values)


def _fused_attention(queries, keys, values, usable, fusion_size):
    """The same, each score summed with those of the pairs beside it, and set to 0 at hole keys.

    Args:
        queries: `(B, n + fusion_size - 1, D)`: n queries, and those beside the first and the last.
        keys, values: `(B, N, D)` and `(B, N, D')`.
        usable: `(B, 1, N)`, 0 at hole keys and 1 elsewhere.
        fusion_size: how many pairs are summed.

    Returns:
        `(B, n, D')`.
    """
    scores = tf.matmul(queries, keys, transpose_b=True)
    beside, shape = fusion_size - 1, tf.shape(scores)
    count, positions = shape[1] - beside, shape[2]
    scores = tf.pad(scores, ((0, 0), (0, 0), (beside // 2, beside // 2)))
    scores = tf.add_n(
        [
            scores[:, shift : shift + count, shift : shift + positions]
            for shift in range(fusion_size)
        ]
    )
    return tf.matmul(tf.nn.softmax(scores * usable), values)


def _in_chunks(attention, queries, keys, values, chunk, beside):
    """`attention`, `chunk` queries at a time; the last chunk is filled up with zeros.

    Of `queries`, the first and the last `beside / 2` are there for their neighbours only.
    """
    batch = queries.shape[0] or tf.shape(queries)[0]
    depth, positions = queries.shape[-1], tf.shape(keys)[1]
    chunks = (positions + chunk - 1) // chunk
    queries = tf.pad(queries, ((0, 0), (0, chunks * chunk - positions), (0, 0)))

    def attend(start):
        window = tf.slice(queries, (0, start, 0), (batch, chunk + beside, depth))
        return attention(window, keys, values)

    outputs = tf.map_fn(
        attend,
        tf.range(chunks) * chunk,
        parallel_iterations=1,
        fn_output_signature=queries.dtype,
    )
    outputs = tf.transpose(outputs, (1, 0, 2, 3))
    outputs = tf.reshape(outputs, (batch, chunks * chunk, values.shape[-1]))
    return outputs[:, :positions]
