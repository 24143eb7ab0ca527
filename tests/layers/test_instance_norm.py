import numpy as np
import pytest

from inpainting.layers.instance_norm import instance_norm


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_is_each_samples_own_statistics(scale, normalize):
    # At a deviation of 1e-3 the variance is a tenth of epsilon, so another epsilon would show.
    inputs = scale * np.random.default_rng(0).normal(3, 1, (2, 5, 7, 3)).astype(np.float32)
    expected = np.stack([normalize(sample.astype(np.float64)) for sample in inputs])
    np.testing.assert_allclose(instance_norm("norm")(inputs), expected, atol=2e-4)


def test_has_no_weights():
    layer = instance_norm("norm")
    layer.build((None, 4, 4, 3))
    assert layer.weights == []
