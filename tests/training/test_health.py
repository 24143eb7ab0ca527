"""Alarms on synthetic logs: each is raised once and in time, and a healthy log raises none."""

from __future__ import annotations

import re

import numpy as np
import pytest

from inpainting.training.health import Health

HEALTHY = {
    "d_real": 0.3,
    "d_fake": -0.2,
    "generator_gradient_norm": 3.0,
    "discriminator_gradient_norm": 0.5,
    "hole_spread": 0.6,
    "coarse_change": 1e-3,
    "data_wait": 0.01,
}


def run(changes, reports=30, every=20, hinge=True, health=None, start=0):
    """Reports of a run that is healthy up to the tenth; (step, alarm) of all alarms."""
    health = health or Health(hinge)
    found = []
    for number in range(1, reports + 1):
        step = start + number * every
        figures = dict(HEALTHY)
        if number > 10:
            figures |= changes
        found += [(step, line) for line in health.observe(step, figures)]
    return found, health


@pytest.mark.parametrize(
    ("changes", "name", "step", "said"),
    [
        ({"d_real": 1.5, "d_fake": -1.2}, "discriminator_wins", 300, "lower --set=discriminator"),
        ({"d_real": 0.01, "d_fake": 0.0099}, "discriminator_loses", 260, "0.0001"),
        ({"d_real": -0.5, "d_fake": 0.5}, "discriminator_loses", 260, "does not tell"),
        ({"generator_gradient_norm": 91.0}, "generator_gradient_norm_exploded", 260, "before 3"),
        ({"generator_gradient_norm": 0.02}, "generator_gradient_norm_vanished", 260, "0.02"),
        (
            {"discriminator_gradient_norm": 0.004},
            "discriminator_gradient_norm_vanished",
            260,
            "saturated",
        ),
        ({"hole_spread": 0.01}, "one_colour", 400, "hole_spread.* is 0.01"),
        ({"coarse_change": 0.0}, "coarse_still", 300, "coarse_change is 0"),
        ({"data_wait": 0.25}, "data_wait", 260, "25% of the time"),
    ],
)
def test_each_alarm_is_one_line_and_is_raised_once(changes, name, step, said):
    found, health = run(changes)
    assert len(found) == 1
    at, line = found[0]
    # Wrong from step 200 on: three reports, and as many steps as each asks for.
    assert at == step
    assert line.startswith(f"alarm at step {step} ({name}, for {step - 200} steps): ")
    assert re.search(said, line)
    assert "\n" not in line
    # A norm that stays where it is becomes the median.
    assert health.active == (set() if "norm" in name else {name})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"d_real": 0.9, "d_fake": -2.0},
        {"d_real": 3.0, "d_fake": 2.0},
        {"generator_gradient_norm": 89.0},
        {"generator_gradient_norm": 0.04},
        {"hole_spread": 0.05},
        {"coarse_change": 1e-5},
        {"data_wait": 0.09},
    ],
)
def test_what_is_not_out_of_order_raises_none(changes):
    assert run(changes)[0] == []


def test_short_disorder_raises_none():
    health = Health(hinge=True)
    bad = HEALTHY | {"d_real": 0.0, "d_fake": 0.0, "generator_gradient_norm": 1e9, "data_wait": 1.0}
    for number in range(1, 60):
        figures = HEALTHY if number % 3 else bad
        assert health.observe(number * 20, figures) == []


def test_reports_of_each_step_need_the_steps_too():
    found, _ = run({"d_real": 0.0, "d_fake": 0.0}, reports=80, every=1)
    assert [step for step, _ in found] == [40]


def test_an_alarm_that_was_over_is_raised_again():
    first, health = run({"coarse_change": 0.0})
    again, _ = run({"coarse_change": 0.0}, health=health, start=600)
    assert [step for step, _ in first + again] == [300, 900]


def test_other_losses_than_hinge_have_no_such_limits():
    assert run({"d_real": 300.0, "d_fake": -500.0}, hinge=False)[0] == []
    assert run({"d_real": 0.0, "d_fake": 0.0}, hinge=False)[0] == []


def test_a_growing_norm_is_no_explosion():
    """A discriminator's norm grows from 0.07 to 2.3 in the 20 reports of a healthy short run."""
    health = Health(hinge=True)
    for number, norm in enumerate(np.geomspace(0.07, 2.3, 20), 1):
        figures = HEALTHY | {"discriminator_gradient_norm": float(norm)}
        assert health.observe(number * 20, figures) == []


def test_a_network_that_comes_back_to_life_is_no_explosion():
    """As the discriminator did at the paper's rate: dead from step 12 to 54, then back."""
    norms = [0.31, *[0.004] * 8, 0.03, 0.23, 0.23, 0.05, 0.03]
    health = Health(hinge=True)
    for number, norm in enumerate(norms, 1):
        figures = HEALTHY | {"discriminator_gradient_norm": norm}
        assert health.observe(number * 6, figures) == []


def test_the_papers_rate_is_noticed():
    """Measured: train.py at 64 px, batch 4, discriminator_rate 0.004, a report each 6 steps."""
    differences = [0.1337, 0.0005, 0.0013, 0.001, 0.0006, 0.0007, -0.0002, 0.0008, 0.0008, 0.0075]
    health, alarms = Health(hinge=True), []
    for number, difference in enumerate(differences, 1):
        figures = HEALTHY | {"d_real": 0.005 + difference, "d_fake": 0.005}
        alarms += health.observe(number * 6, figures)
    assert len(alarms) == 1
    assert alarms[0].startswith("alarm at step 36 (discriminator_loses, for 30 steps): ")


def test_figures_that_a_system_does_not_have_are_no_alarm():
    health = Health(hinge=True)
    assert all(health.observe(step, {"l1": 0.1}) == [] for step in range(20, 600, 20))
