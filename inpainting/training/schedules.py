"""How the learning rates fall over a run. `schedule` makes one by name; all are Keras's own.

Steps are counted from 0 as Keras's optimizers count them: the rate at step n is the one that the
(n + 1)-th update uses.
"""

from __future__ import annotations

import tensorflow as tf

SCHEDULES = ("paper", "reference_code", "decay", "constant")


def schedule(
    name: str, rate: float, steps: int
) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """The learning-rate schedule called `name` over a run of `steps` steps.

    Args:
        name: one of `SCHEDULES`.
        rate: the learning rate of the first step.
        steps: the length of the run.

    Raises:
        ValueError: an unknown name, a rate that is not positive, or steps below 1.
    """
    makers = dict(
        zip(SCHEDULES, (paper_schedule, reference_schedule, decay_schedule, constant_schedule))
    )
    if name not in makers:
        raise ValueError(f"name must be one of {', '.join(SCHEDULES)}; got {name!r}")
    return makers[name](rate, steps)


def paper_schedule(rate: float, steps: int) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """x 0.75 after half of the steps: the paper's 100,000 of 200,000.

    In a run of 200,000 steps, the updates of steps 0 to 99,999 use `rate` and that of step
    100,000 is the first to use 0.75 * `rate`. A run of one step has no second half.
    """
    _check(rate, steps)
    # Keras keeps the old value *at* a boundary, hence the step before the half.
    last = max(steps // 2, 1) - 1
    return tf.keras.optimizers.schedules.PiecewiseConstantDecay([last], [rate, 0.75 * rate])


def reference_schedule(
    rate: float, steps: int
) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """x 0.97 each 1 % of the steps, as the reference code does.

    A stair is `steps // 100` steps, at least one, and the first step of each stair uses its new
    rate. The reference code tells its scheduler the iteration after the update and so uses each
    new rate one update later; that shift of one step is not reproduced.
    """
    _check(rate, steps)
    return tf.keras.optimizers.schedules.ExponentialDecay(
        rate, decay_steps=max(steps // 100, 1), decay_rate=0.97, staircase=True
    )


def decay_schedule(rate: float, steps: int) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """A half cosine from `rate` at step 0 to a tenth of it at step `steps`; constant after.

    Neither the paper's nor the reference code's: for runs that are short enough to end in a low
    rate.
    """
    _check(rate, steps)
    return tf.keras.optimizers.schedules.CosineDecay(rate, decay_steps=steps, alpha=0.1)


def constant_schedule(
    rate: float, steps: int
) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """`rate` at every step, as DeepFill was trained."""
    _check(rate, steps)
    return tf.keras.optimizers.schedules.ExponentialDecay(rate, decay_steps=steps, decay_rate=1.0)


def _check(rate: float, steps: int) -> None:
    if not rate > 0:
        raise ValueError(f"rate must be positive; got {rate}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1; got {steps}")
