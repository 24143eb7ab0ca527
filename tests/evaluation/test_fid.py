"""The Frechet distance, and the files that its features are kept in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from inpainting.evaluation.fid import FeatureFiles, Moments, frechet, moments
from inpainting.evaluation.metrics import Metric


def expected_distance(a: np.ndarray, b: np.ndarray) -> float:
    covariances = [np.cov(rows, rowvar=False) for rows in (a, b)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    shift = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    return float(shift + np.trace(covariances[0] + covariances[1] - 2 * root))


@pytest.fixture
def features() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    mixing = generator.normal(size=(6, 6))
    return generator.normal(size=(300, 6)), generator.normal(1.0, 2.0, (300, 6)) @ mixing


def test_moments_are_numpys_whatever_the_blocks(features):
    mean, covariance = moments(features[1], range(300))
    np.testing.assert_allclose(mean, features[1].mean(axis=0))
    np.testing.assert_allclose(covariance, np.cov(features[1], rowvar=False))


def test_the_distance_equals_that_by_scipys_matrix_root(features):
    a, b = features
    found = frechet(moments(a, range(300)), moments(b, range(300)))
    assert found == pytest.approx(expected_distance(a, b), rel=1e-6)


def test_by_hand_for_commuting_covariances():
    # (3 - 1)^2 + (2 - 1)^2 for the first axis, (3 - 2)^2 of deviations for the second.
    a = Moments(np.array([1.0, 5.0]), np.diag([1.0, 4.0]))
    b = Moments(np.array([3.0, 5.0]), np.diag([4.0, 9.0]))
    assert frechet(a, b) == pytest.approx(4.0 + 1.0 + 1.0)


def test_a_set_has_no_distance_from_itself_even_with_few_photos(features):
    few = moments(features[0], [0, 1, 2])
    assert frechet(few, few) == pytest.approx(0.0, abs=1e-6)


def test_one_photo_has_no_covariance(features):
    with pytest.raises(ValueError, match="needs two"):
        moments(features[0], [3])


class MeanColours:
    """An extractor that can be followed: the three mean colours."""

    metric = Metric("fid", "FID", "lower", 2, "")
    width = 3

    @staticmethod
    def features(pictures: np.ndarray) -> np.ndarray:
        return pictures.mean(axis=(1, 2)).astype(np.float32)


def test_features_are_kept_by_photo_and_survive_a_new_start(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (2, 6, 4, 4, 3), dtype=np.uint8)
    truth, filled = pictures
    files = FeatureFiles(str(tmp_path / "f"), MeanColours())
    files.add_truth([0, 1], truth[:2])
    files.add("a/b", "10-20", [0, 1], filled[:2])
    again = FeatureFiles(str(tmp_path / "f"), MeanColours())
    again.add_truth([3, 5], truth[[3, 5]])  # 2 and 4 could not be read
    again.add("a/b", "10-20", [3, 5], filled[[3, 5]])
    chosen = [0, 1, 3, 5]
    found = again.distances(["a/b"], ["10-20"], chosen)
    a, b = (MeanColours.features(part[chosen]).astype(float) for part in (truth, filled))
    assert found == {("a/b", "10-20"): pytest.approx(expected_distance(a, b), rel=1e-5)}
