"""The feature-matching loss by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.losses.feature_matching import feature_matching


def test_the_means_of_all_features_add_up():
    real = [np.zeros((1, 2, 2, 1), np.float32), np.ones((1, 1, 1, 2), np.float32)]
    fake = [np.full((1, 2, 2, 1), 0.25, np.float32), np.array([[[[2.0, -2.0]]]], np.float32)]
    assert float(feature_matching(real, fake)) == 0.25 + (1 + 3) / 2


def test_unequal_numbers_are_refused():
    feature = np.zeros((1, 1, 1, 1), np.float32)
    with pytest.raises(ValueError, match="got 1 and 2"):
        feature_matching([feature], [feature, feature])
    with pytest.raises(ValueError, match="at least one"):
        feature_matching([], [])
