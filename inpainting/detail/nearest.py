"""The exhaustive comparison of the hole's patches with those of the known part."""

from __future__ import annotations

import tensorflow as tf

from inpainting.detail.descriptors import Descriptors
from inpainting.detail.options import DetailOptions


def nearest(
    descriptors: Descriptors,
    sources: tf.Tensor,
    values: tf.Tensor,
    centres: tf.Tensor,
    options: DetailOptions,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The most similar source of each patch, and what all similar sources say it should be like.

    Args:
        descriptors: of the picture.
        sources: int32 `(K, 2)`, centres of known patches, at least one.
        values: `(K,)`, a property of each source.
        centres: int32 `(N, 2)`, centres of the patches to compare, `options.queries` at a time.
        options: see `DetailOptions`.

    Returns:
        int32 `(N, 2)`, one of `sources` for each centre; the first of equals.
        `(N,)`, the mean of `values` by the softmax of the negative squared distances over
        `options.temperature`, which is attention as in a network.
    """
    keys = descriptors.at(sources)
    lengths = tf.reduce_sum(tf.square(keys), axis=1)
    count = tf.shape(centres)[0]
    queries = options.queries

    def compare(start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        vectors = descriptors.at(centres[start : start + queries])
        # Without the vectors' own lengths, which change neither the order nor the softmax.
        distances = lengths - 2 * tf.matmul(vectors, keys, transpose_b=True)
        best = tf.argmin(distances, axis=1, output_type=tf.int32)
        weights = tf.nn.softmax(-distances / options.temperature, axis=1)
        expected = tf.linalg.matvec(weights, values)
        pads = [[0, queries - tf.shape(best)[0]]]
        return tf.pad(best, pads), tf.pad(expected, pads)

    starts = tf.range(0, count, queries)
    specs = (tf.TensorSpec((queries,), tf.int32), tf.TensorSpec((queries,), tf.float32))
    best, expected = tf.map_fn(compare, starts, fn_output_signature=specs, parallel_iterations=1)
    best = tf.gather(sources, tf.reshape(best, (-1,))[:count])
    return best, tf.reshape(expected, (-1,))[:count]
