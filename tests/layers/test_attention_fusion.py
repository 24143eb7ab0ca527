"""The options of contextual attention: fusion and aligned corners (DeepFill), shared holes."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.contextual_attention import ContextualAttention

RANDOM = np.random.default_rng(0)
HOLES = np.zeros((1, 6, 5, 1), np.float32)
HOLES[:, 1:3, 1:2] = 1
FEATURES = RANDOM.normal(0, 0.3, (1, 12, 10, 3)).astype(np.float32)


def _shifted_sum(scores):
    """`sum over d of scores[i + d, j + d]`, zero beyond the ends: a filter with the identity."""
    count = len(scores)
    padded = np.pad(scores, 1)
    return sum(padded[d : d + count, d : d + count] for d in range(3))


def _plain(features, holes):
    """DeepFill's formula on whole score matrices, for one sample."""
    features = features.astype(np.float64)
    rows, columns = features.shape[0] // 2, features.shape[1] // 2
    thin = np.pad(features[::2, ::2], ((1, 1), (1, 1), (0, 0)))
    full = np.pad(features, ((1, 1), (1, 1), (0, 0)))
    around = np.pad(holes, 1)
    positions = list(np.ndindex(rows, columns))
    queries = np.array([thin[y : y + 3, x : x + 3].ravel() for y, x in positions])
    usable = np.array([not around[y : y + 3, x : x + 3].any() for y, x in positions], float)
    norms = np.maximum(np.linalg.norm(queries, axis=1), 1e-4)
    scores = _shifted_sum(queries @ (queries / norms[:, np.newaxis]).T)
    # Position (y, x) is number y * columns + x in reading order, x * rows + y by columns.
    by_columns = np.arange(rows * columns).reshape(rows, columns).T.ravel()
    turned = _shifted_sum(scores[np.ix_(by_columns, by_columns)])
    scores[np.ix_(by_columns, by_columns)] = turned
    weights = np.exp(10 * scores * usable)
    weights = weights / weights.sum(axis=1, keepdims=True) * usable
    output = np.zeros_like(full)
    for (y, x), row in zip(positions, weights):
        for (source_y, source_x), weight in zip(positions, row):
            patch = full[2 * source_y : 2 * source_y + 4, 2 * source_x : 2 * source_x + 4]
            output[2 * y : 2 * y + 4, 2 * x : 2 * x + 4] += weight * patch
    return output[1:-1, 1:-1] / 4


def test_fusion_is_the_plain_formula():
    outputs = ContextualAttention(fusion_size=3)(FEATURES, HOLES)
    np.testing.assert_allclose(outputs[0], _plain(FEATURES[0], HOLES[0, ..., 0]), atol=1e-5)


@pytest.mark.parametrize("max_scores", [1, 7 * 30, 29 * 30])
@pytest.mark.parametrize("dynamic", [False, True])
def test_chunks_change_nothing(max_scores, dynamic):
    layer = ContextualAttention(max_scores=max_scores, fusion_size=3)
    if dynamic:
        specs = [tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None, None, None, 1))]
        layer = tf.function(layer.__call__, input_signature=specs)
    whole = ContextualAttention(fusion_size=3)(FEATURES, HOLES)
    np.testing.assert_allclose(layer(FEATURES, HOLES), whole, atol=1e-6)


def test_samples_are_fused_apart():
    features = RANDOM.normal(0, 0.3, (2, 8, 8, 3)).astype(np.float32)
    holes = np.zeros((2, 4, 4, 1), np.float32)
    holes[1, 2:, 2:] = 1
    layer = ContextualAttention(fusion_size=3)
    together = layer(features, holes)
    for index in range(2):
        alone = layer(features[index : index + 1], holes[index : index + 1])
        np.testing.assert_allclose(together[index], alone[0], atol=1e-6)


def test_all_hole_is_zero_and_gradient_finite():
    features = tf.constant(FEATURES)
    layer = ContextualAttention(fusion_size=3)
    with tf.GradientTape() as tape:
        tape.watch(features)
        outputs = layer(features, tf.ones_like(HOLES))
        total = tf.reduce_sum(outputs) + tf.reduce_sum(layer(features, HOLES))
    np.testing.assert_array_equal(outputs, np.zeros_like(FEATURES))
    assert np.isfinite(tape.gradient(total, features)).all()


def test_aligned_corners_match_by_other_positions():
    # Of eight positions the plain way keeps 0, 2, 4, 6 and the aligned one 0, 2, 5, 7; all that
    # lies at the plain way's is thus of no influence on who is matched with whom, but for 0 and 2.
    features = RANDOM.normal(0, 0.3, (1, 8, 8, 3)).astype(np.float32)
    kept = [0, 2, 5, 7]
    rearranged = np.zeros_like(features)
    rearranged[:, ::2, ::2] = features[:, kept][:, :, kept]
    aligned = ContextualAttention(align_corners=True)
    plain = ContextualAttention()
    holes = np.zeros((1, 4, 4, 1), np.float32)
    # The same scores; only what is pasted differs, so paste the same by asking for the weights
    # through a channel that matching does not see: zero at all kept positions of both.
    stamp = np.zeros((1, 8, 8, 1), np.float32)
    stamp[0, 3, 3] = stamp[0, 1, 6] = 1
    ours = aligned(np.concatenate([features, stamp], -1), holes)[..., 3]
    theirs = plain(np.concatenate([rearranged, stamp], -1), holes)[..., 3]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert np.ptp(ours) > 0.01


def test_first_holes_only():
    features = RANDOM.normal(0, 0.3, (2, 8, 8, 3)).astype(np.float32)
    holes = np.zeros((2, 4, 4, 1), np.float32)
    holes[1, 2:, 2:] = 1
    expected = ContextualAttention()(features, np.zeros_like(holes))
    assert np.abs(ContextualAttention()(features, holes) - expected).max() > 0.01
    outputs = ContextualAttention(first_holes_only=True)(features, holes)
    np.testing.assert_array_equal(outputs, expected)


def test_config_round_trip():
    layer = ContextualAttention(fusion_size=5, align_corners=True, first_holes_only=True)
    copy = ContextualAttention.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.fusion_size, copy.align_corners, copy.first_holes_only) == (5, True, True)


def test_bad_fusion_size():
    with pytest.raises(ValueError, match="fusion_size must be odd, got 2"):
        ContextualAttention(fusion_size=2)
