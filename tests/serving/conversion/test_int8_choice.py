"""Which layers are chosen, on a stand-in whose layers' errors are known and add up."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.serving.conversion.int8_choice import by_loudness, most_layers, training_samples

ERRORS = {"first": 0.5, "quiet": 0.1, "loud": 2.0, "silent": 0.0, "last": 0.8}


class Sum:
    """As `Trial`; remembers on how many samples errors were asked for."""

    layers = tuple(ERRORS)

    def __init__(self):
        self.asked = []

    def error(self, layers, count):
        self.asked.append(count)
        return sum(ERRORS[name] for name in layers)

    def fits(self, layers, limit):
        return sum(ERRORS[name] for name in layers) <= limit


def test_the_loudest_come_first():
    trial = Sum()
    assert by_loudness(trial, 2) == ["loud", "last", "first", "quiet", "silent"]
    assert trial.asked == [2] * 5


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (3.5, ["loud", "last", "first", "quiet", "silent"]),
        (3.3, ["last", "first", "quiet", "silent"]),
        (1.45, ["last", "first", "quiet", "silent"]),
        (1.35, ["first", "quiet", "silent"]),
        (0.05, ["silent"]),
        (-1, []),
    ],
)
def test_as_many_as_the_limit_allows(limit, expected):
    trial = Sum()
    assert most_layers(trial, by_loudness(trial, 1), limit) == expected


def test_samples_are_photographs_with_holes_and_always_the_same():
    samples = training_samples(48, 32, 30)
    assert len(samples) == 30
    for sample in samples:
        assert (sample["image"].shape, sample["image"].dtype) == ((1, 32, 48, 3), np.float32)
        assert (sample["mask"].shape, sample["mask"].dtype) == ((1, 32, 48, 1), np.float32)
        assert set(np.unique(sample["mask"])) == {0, 1}
        assert 0.1 <= sample["mask"].mean() < 0.4
        assert 0 <= sample["image"].min() < sample["image"].max() <= 1
    again, other = training_samples(48, 32, 30), training_samples(48, 32, 30, seed=1)
    for one, same, another in zip(samples, again, other):
        np.testing.assert_array_equal(one["image"], same["image"])
        np.testing.assert_array_equal(one["mask"], same["mask"])
        assert not np.array_equal(one["mask"], another["mask"])
    pictures = {sample["image"].tobytes() for sample in samples}
    assert len(pictures) == 26  # all that are embedded
