"""PL on random VGG-19 weights."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.evaluation.metric_set import MetricSet
from inpainting.evaluation.perceptual import PerceptualDistance, make_perceptual
from inpainting.image import to_float
from inpainting.losses.perceptual import perceptual
from inpainting.losses.vgg import Vgg19


@pytest.fixture(scope="module")
def distance() -> PerceptualDistance:
    return PerceptualDistance("random")


@pytest.fixture
def pictures() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    truth, completed = generator.integers(0, 256, (2, 5, 16, 16, 3), dtype=np.uint8)
    return truth, completed


def test_each_photo_has_the_value_of_the_loss(distance, pictures):
    truth, completed = pictures
    found = distance.distance(distance.features(truth), completed)
    vgg = Vgg19("random")
    for place, value in enumerate(found):
        one = [vgg(tf.constant(to_float(p[place : place + 1]))) for p in (truth, completed)]
        assert value == pytest.approx(float(perceptual(*one)), rel=1e-4)
    assert len(found) == 5


def test_equal_pictures_have_no_distance(distance, pictures):
    truth, _ = pictures
    assert distance.distance(distance.features(truth), truth) == [0.0] * 5


def test_random_weights_are_in_the_name_and_the_record(distance):
    assert distance.metric.name == "pl[random]"
    assert "random" in distance.metric.label
    assert distance.record["vgg_weights"] == "random"
    assert len(distance.record["vgg_weights_sha256"]) == 64


def test_without_cached_weights_pl_is_left_out_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    metrics = MetricSet("auto", "", "", image_size=32)
    assert metrics.features == []
    (note,) = metrics.notes
    assert "PL (no VGG-19 weights here; --vgg_weights=imagenet" in note
    assert "LPIPS" in note
    assert "FID" in note
    assert not metrics.uses_networks


def test_pl_can_be_left_out_on_purpose():
    assert make_perceptual("none", 32) == (None, "PL (--vgg_weights=none)")


def test_photos_too_small_for_the_deepest_layer_are_refused():
    with pytest.raises(InputError, match="--image_size=15 is below 16"):
        make_perceptual("random", 15)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no VGG-19 weights file"):
        make_perceptual(str(tmp_path / "none.h5"), 32)
