"""Learning rates at hand-worked steps, the boundaries included."""

from __future__ import annotations

import pytest

from inpainting.training.schedules import (
    SCHEDULES,
    decay_schedule,
    paper_schedule,
    reference_schedule,
    schedule,
)


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0.001), (99_999, 0.001), (100_000, 0.00075), (199_999, 0.00075), (300_000, 0.00075)],
)
def test_paper_schedule(step, expected):
    assert float(paper_schedule(0.001, 200_000)(step)) == pytest.approx(expected)


@pytest.mark.parametrize(("steps", "full"), [(1, 1), (2, 1), (3, 1), (4, 2), (10, 5)])
def test_paper_schedule_of_short_runs(steps, full):
    rates = [float(paper_schedule(1.0, steps)(step)) for step in range(steps)]
    assert rates == [1.0] * full + [0.75] * (steps - full)


@pytest.mark.parametrize(
    ("step", "stairs"),
    [(0, 0), (1, 0), (9_999, 0), (10_000, 1), (19_999, 1), (20_000, 2), (999_999, 99)],
)
def test_reference_schedule(step, stairs):
    # The reference code's run: 1,000,000 iterations, a stair each 10,000.
    rate = float(reference_schedule(0.0001, 1_000_000)(step))
    assert rate == pytest.approx(0.0001 * 0.97**stairs, rel=1e-5)


def test_reference_schedule_is_never_more_than_one_step_from_the_reference_code():
    # PyTorch's StepLR in its closed form, told the iteration after each update.
    run, steps, stair = reference_schedule(1.0, 1_050), 1_050, 10
    theirs = [1.0] + [0.97 ** (iteration // stair) for iteration in range(steps - 1)]
    ours = [float(run(step)) for step in range(steps)]
    assert theirs[1:] == pytest.approx(ours[:-1], rel=1e-5)


def test_reference_schedule_of_a_run_below_a_hundred_steps_falls_every_step():
    run = reference_schedule(1.0, 30)
    assert [float(run(step)) for step in range(3)] == pytest.approx([1, 0.97, 0.97**2])


@pytest.mark.parametrize(
    ("step", "expected"),
    # Half-way a cosine stands at the middle of 1 and 0.1; a third on it has fallen by a quarter.
    [(0, 1), (300, 0.1 + 0.9 * 0.75), (450, 0.55), (900, 0.1), (5_000, 0.1)],
)
def test_decay_schedule(step, expected):
    assert float(decay_schedule(1.0, 900)(step)) == pytest.approx(expected, rel=1e-5)


def test_schedules_by_name():
    made = [schedule(name, 1.0, 1000)(700) for name in SCHEDULES]
    expected = [0.75, 0.97**70, 0.1 + 0.9 * (1 - 0.58778525) / 2, 1]  # cos(126 degrees)
    assert [float(rate) for rate in made] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("linear", 1.0, 10), "got 'linear'"),
        (("paper", 0.0, 10), "rate must be positive; got 0.0"),
        (("decay", float("nan"), 10), "rate must be positive"),
        (("reference_code", 1.0, 0), "steps must be at least 1; got 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        schedule(*arguments)
