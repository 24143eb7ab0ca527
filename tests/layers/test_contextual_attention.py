import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers import contextual_attention
from inpainting.layers.contextual_attention import ContextualAttention

RANDOM = np.random.default_rng(0)


def _plain(features, holes):
    """The formula with loops over positions, for one sample; features (H, W, C), holes (h, w)."""
    features = features.astype(np.float64)
    height, width = features.shape[:2]
    rows, columns = height // 2, width // 2
    thin = np.pad(features[::2, ::2], ((1, 1), (1, 1), (0, 0)))
    full = np.pad(features, ((1, 1), (1, 1), (0, 0)))
    around = np.pad(holes, 1)
    positions = list(np.ndindex(rows, columns))
    asked = [thin[y : y + 3, x : x + 3].ravel() for y, x in positions]
    usable = np.array([not around[y : y + 3, x : x + 3].any() for y, x in positions], float)
    keys = [patch / max(np.linalg.norm(patch), 1e-4) for patch in asked]
    output = np.zeros_like(full)
    for (y, x), query in zip(positions, asked):
        weights = np.exp([10 * query @ key * v for key, v in zip(keys, usable)])
        weights = weights / weights.sum() * usable
        for (source_y, source_x), weight in zip(positions, weights):
            patch = full[2 * source_y : 2 * source_y + 4, 2 * source_x : 2 * source_x + 4]
            output[2 * y : 2 * y + 4, 2 * x : 2 * x + 4] += weight * patch
    return output[1:-1, 1:-1] / 4


def _holes(height, width, top, left, bottom, right):
    holes = np.zeros((1, height, width, 1), np.float32)
    holes[:, top:bottom, left:right] = 1
    return holes


def test_is_the_plain_formula():
    features = RANDOM.normal(0, 0.3, (1, 12, 10, 3)).astype(np.float32)
    holes = _holes(6, 5, 1, 1, 3, 2)
    outputs = ContextualAttention()(features, holes)
    np.testing.assert_allclose(outputs[0], _plain(features[0], holes[0, ..., 0]), atol=1e-5)


@pytest.mark.parametrize("max_scores", [1, 7 * 30, 29 * 30])
@pytest.mark.parametrize("dynamic", [False, True])
def test_chunks_change_nothing(max_scores, dynamic):
    features = RANDOM.normal(0, 0.3, (1, 12, 10, 3)).astype(np.float32)
    holes = _holes(6, 5, 1, 1, 3, 2)
    layer = ContextualAttention(max_scores=max_scores)
    if dynamic:
        specs = [tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None, None, None, 1))]
        layer = tf.function(layer.__call__, input_signature=specs)
    np.testing.assert_allclose(
        layer(features, holes), ContextualAttention()(features, holes), atol=1e-6
    )


def test_chunks_bound_the_scores_held(monkeypatch):
    held = []

    def attend(queries, keys, values):
        held.append((queries.shape[1], keys.shape[1]))
        return original(queries, keys, values)

    original = contextual_attention._attention
    monkeypatch.setattr(contextual_attention, "_attention", attend)
    features, holes = tf.ones((1, 16, 16, 3)), tf.zeros((1, 8, 8, 1))
    ContextualAttention(max_scores=64 * 64)(features, holes)
    assert held == [(64, 64)]
    held.clear()
    ContextualAttention(max_scores=64 * 64 - 1)(features, holes)
    assert held == [(63, 64)] * 2
    held.clear()
    ContextualAttention(max_scores=64 * 8)(tf.ones((2, 16, 16, 3)), tf.zeros((2, 8, 8, 1)))
    assert held == [(4, 64)] * 16


def test_copies_a_known_patch_into_the_hole():
    # Of what is around it, the hole sees the same as the twin far from it: it gets the twin's
    # inside. Scores are large, so that the softmax is all but a choice.
    features = RANDOM.normal(0, 0.02, (1, 24, 24, 8)).astype(np.float32)
    twin = RANDOM.normal(0, 4, (6, 6, 8))
    features[0, 4:10, 4:10] = twin
    features[0, 14:20, 14:20] = twin
    holes = _holes(12, 12, 8, 8, 9, 9)
    outputs = ContextualAttention()(features, holes)
    np.testing.assert_allclose(outputs[0, 15:19, 15:19], twin[1:5, 1:5], atol=0.1)


def test_never_looks_into_holes():
    features = RANDOM.normal(0, 0.5, (1, 20, 20, 4)).astype(np.float32)
    holes = _holes(10, 10, 6, 6, 9, 9)
    other = features.copy()
    other[:, 12:18, 12:18] = RANDOM.normal(0, 5, (6, 6, 4))
    layer = ContextualAttention()
    before, after = layer(features, holes), layer(other, holes)
    # What is asked from inside the hole may change; what is asked well away from it may not.
    np.testing.assert_allclose(after[:, :8, :8], before[:, :8, :8], atol=1e-6)
    assert np.abs(after - before)[:, 13:17, 13:17].max() > 0.01


def test_hole_values_never_come_out():
    features = np.zeros((1, 16, 16, 2), np.float32)
    features[:, 8:12, 8:12] = 1000
    outputs = ContextualAttention()(features, _holes(8, 8, 4, 4, 6, 6))
    np.testing.assert_array_equal(outputs, np.zeros_like(features))


def test_all_hole_is_zero():
    features = RANDOM.normal(size=(1, 8, 8, 3)).astype(np.float32)
    outputs = ContextualAttention()(features, np.ones((1, 4, 4, 1), np.float32))
    np.testing.assert_array_equal(outputs, np.zeros_like(features))


def test_each_sample_has_its_own_mask():
    features = RANDOM.normal(0, 0.5, (2, 12, 12, 3)).astype(np.float32)
    holes = np.concatenate([_holes(6, 6, 0, 0, 2, 2), _holes(6, 6, 3, 3, 6, 6)])
    layer = ContextualAttention()
    together = layer(features, holes)
    for index in range(2):
        alone = layer(features[index : index + 1], holes[index : index + 1])
        np.testing.assert_allclose(together[index], alone[0], atol=1e-6)


@pytest.mark.parametrize("max_scores", [2**25, 40])
def test_gradient_is_finite_even_at_zero(max_scores):
    features = RANDOM.normal(0, 0.5, (1, 8, 8, 3)).astype(np.float32)
    features[:, :5] = 0
    features = tf.constant(features)
    layer = ContextualAttention(max_scores=max_scores)
    with tf.GradientTape() as tape:
        tape.watch(features)
        total = tf.reduce_sum(layer(features, _holes(4, 4, 3, 3, 4, 4)) ** 2)
    gradient = tape.gradient(total, features).numpy()
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0


def test_config_round_trip():
    layer = ContextualAttention(5, 4, 8.0, 1e-3, 100)
    copy = ContextualAttention.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()


def test_bad_max_scores():
    with pytest.raises(ValueError, match="max_scores must be at least 1, got 0"):
        ContextualAttention(max_scores=0)
