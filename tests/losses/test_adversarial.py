"""The hinge losses at values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.losses.adversarial import hinge_discriminator, hinge_generator


def decisions(*values):
    return np.array(values, np.float32).reshape(1, 1, -1, 1)


@pytest.mark.parametrize(
    ("real", "fake", "expected"),
    [
        ((2.0, 0.5), (-3.0, 0.5), (0 + 0.5) / 2 + (0 + 1.5) / 2),
        ((0.0, 0.0), (0.0, 0.0), 2),
        ((1.0, 7.0), (-1.0, -7.0), 0),
        ((-1.0, -1.0), (1.0, 1.0), 4),
    ],
)
def test_hinge_discriminator(real, fake, expected):
    assert float(hinge_discriminator(decisions(*real), decisions(*fake))) == expected


def test_the_two_sides_may_have_different_sizes():
    # mean(1 - 0.5) + mean(1 + 1, 0)
    assert float(hinge_discriminator(decisions(0.5), decisions(1.0, -2.0))) == 1.5


def test_hinge_generator_is_minus_the_mean():
    assert float(hinge_generator(decisions(3.0, -1.0, 4.0))) == -2
