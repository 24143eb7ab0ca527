"""The two figures of the probe, against NumPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.data.sources import open_photos
from inpainting.training.probe import Probe


class Network:
    """Gives back the photograph in `factor` of its contrast, and a flat coarse of `value`."""

    factor, value = 0.5, 0.25

    def __call__(self, image, mask):
        return {
            "refined": 0.5 + self.factor * (self.photos - 0.5),
            "coarse": tf.fill(image.shape, self.value),
        }


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def probe(network):
    probe = Probe(open_photos("sample", None, "train"), 32, 7, network)
    network.photos = tf.constant(probe.image)
    return probe


def test_photos_and_masks(probe):
    assert probe.image.shape == (2, 32, 32, 3)
    assert set(np.unique(probe.mask)) == {0, 1}
    rates = probe.mask.mean(axis=(1, 2, 3))
    assert ((rates >= 0.2) & (rates < 0.3)).all()


def test_spread_is_that_of_the_hole_alone(probe, network):
    assert probe.figures()["hole_spread"] == pytest.approx(0.5, rel=1e-4)
    network.factor = 0.0
    assert probe.figures()["hole_spread"] < 1e-4
    hole = tf.constant(probe.mask)
    network.photos = network.photos * hole + (1 - hole) * 0.77
    network.factor = 1.0
    assert probe.figures()["hole_spread"] == pytest.approx(1.0, rel=1e-4)


def test_coarse_change_is_since_the_last_call(probe, network):
    assert "coarse_change" not in probe.figures()
    assert probe.figures()["coarse_change"] == 0
    network.value = 0.375
    assert probe.figures()["coarse_change"] == pytest.approx(0.125)
    assert probe.figures()["coarse_change"] == 0
