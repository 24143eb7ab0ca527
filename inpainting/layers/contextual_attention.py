"""Contextual attention: the hole is filled with patches from outside of it."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.patches import extract_patches, overlap_add


@tf.keras.utils.register_keras_serializable("inpainting")
class ContextualAttention(tf.keras.layers.Layer):
    """Rebuilds features from the patches of the hole-free part that look most like them.

    On the features thinned out by `rate` (nearest), every position's 3x3 patch is a query and a
    key. A key is divided by its norm; v is 1 where its 3x3 window of the mask is free of holes and
    0 elsewhere. The weights are `softmax(softmax_scale * score * v) * v` over the keys: a hole key
    takes part in the denominator with exp(0), as in the published code, and never in the result.
    Each position then receives the weighted sum of the `2 rate` sized patches of the full features,
    and these, which overlap, are added up and divided by the number that meet in a pixel.

    Deviations from the reference code of the paper: each sample has its own mask (there the first
    sample's serves all); and the score matrix is worked out in chunks of queries where it would
    exceed `max_scores`, so memory grows with the number of positions, not with its square (in the
    forward pass; a gradient keeps all chunks). Both ways give the same result.

    Source: Yu et al., "Generative Image Inpainting with Contextual Attention" (2018), section 4.1,
    as the paper uses it: one feature map is foreground and background, without fusion.

    Args:
        kernel_size: of the query and key patches, odd.
        rate: step by which the features are thinned out for matching.
        softmax_scale: factor on the scores.
        norm_floor: least norm by which a key is divided.
        max_scores: most scores, over the whole batch, that are held at once.

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
        **kwargs,
    ):
        super().__init__(**kwargs)
        if max_scores < 1:
            raise ValueError(f"max_scores must be at least 1, got {max_scores}")
        self.kernel_size = kernel_size
        self.rate = rate
        self.softmax_scale = softmax_scale
        self.norm_floor = norm_floor
        self.max_scores = max_scores

    def call(self, features, holes):
        size = 2 * self.rate
        thinned = features[:, :: self.rate, :: self.rate]
        height, width = tf.shape(thinned)[1], tf.shape(thinned)[2]
        queries = _rows(extract_patches(thinned, self.kernel_size, 1))
        usable = _rows(tf.nn.max_pool2d(holes, self.kernel_size, 1, "SAME")) < 0.5
        usable = tf.cast(usable, features.dtype)
        # The floor is put under the square, since a root has no gradient at zero.
        squares = tf.reduce_sum(tf.square(queries), axis=-1, keepdims=True)
        norms = tf.sqrt(tf.maximum(squares, self.norm_floor**2))
        # The norm, the scale and the first v go into the keys, and the second v into the values:
        # the N x N matrix is then touched by the softmax alone.
        keys = queries * (self.softmax_scale * usable / norms)
        values = _rows(extract_patches(features, size, self.rate)) * usable
        patches = self._attend(queries, keys, values)
        patches = tf.reshape(patches, (-1, height, width, values.shape[-1]))
        return overlap_add(patches, size, self.rate) / (size // self.rate) ** 2

    def _attend(self, queries, keys, values):
        """Attention of `(B, N, D)` queries to N keys and values, in chunks if it must be."""
        shape = tf.shape(queries)
        batch = shape[0] if queries.shape[0] is None else queries.shape[0]
        positions = shape[1] if queries.shape[1] is None else queries.shape[1]
        # Not B * N * N, which overflows 32 bits on a large photograph.
        chunk = self.max_scores // (batch * positions)
        if isinstance(chunk, int):
            if chunk >= positions:
                return _attention(queries, keys, values)
            return _attention_in_chunks(queries, keys, values, max(chunk, 1))
        return tf.cond(
            chunk >= positions,
            lambda: _attention(queries, keys, values),
            lambda: _attention_in_chunks(queries, keys, values, tf.maximum(chunk, 1)),
        )

    def get_config(self):
        config = super().get_config()
        config.update(
            kernel_size=self.kernel_size,
            rate=self.rate,
            softmax_scale=self.softmax_scale,
            norm_floor=self.norm_floor,
            max_scores=self.max_scores,
        )
        return config


def _rows(grid):
    """`(B, h, w, D)` as `(B, h * w, D)`."""
    shape = tf.shape(grid)
    positions = None if None in grid.shape[1:3] else grid.shape[1] * grid.shape[2]
    return tf.reshape(grid, (shape[0], positions or shape[1] * shape[2], grid.shape[-1]))


def _attention(queries, keys, values):
    return tf.matmul(tf.nn.softmax(tf.matmul(queries, keys, transpose_b=True)), values)


def _attention_in_chunks(queries, keys, values, chunk):
    """The same, `chunk` queries at a time; the last chunk is filled up with zeros."""
    shape = tf.shape(queries)
    batch, positions, depth = shape[0], shape[1], queries.shape[-1]
    chunks = (positions + chunk - 1) // chunk
    queries = tf.pad(queries, ((0, 0), (0, chunks * chunk - positions), (0, 0)))
    queries = tf.transpose(tf.reshape(queries, (batch, chunks, chunk, depth)), (1, 0, 2, 3))
    outputs = tf.map_fn(lambda part: _attention(part, keys, values), queries, parallel_iterations=1)
    outputs = tf.transpose(outputs, (1, 0, 2, 3))
    outputs = tf.reshape(outputs, (batch, chunks * chunk, values.shape[-1]))
    return outputs[:, :positions]
