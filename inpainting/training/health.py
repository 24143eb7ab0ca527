"""Alarms: figures of a run that usually mean that it learns nothing any more.

Each is raised once, in one line with the step, the figure, what it usually means and what to do,
when it has held for `REPORTS` reports and as many steps as its rule asks; and again only after it
was over for as long. All figures are means over the steps since the last report.
"""

from __future__ import annotations

import statistics
from collections import deque
from typing import Callable, NamedTuple

Figures = dict[str, float]
REPORTS = 3

# A hinge discriminator's decisions beyond these give it no loss and no gradient.
SURE = 1.0
# Below this difference of its decisions it tells nothing apart. At the rates that work it is some
# 0.02 after the first 20 steps and grows.
UNSURE = 0.005
# Times the running median of the reports before the last few; a healthy discriminator's norm grows
# thirtyfold in its first 400 steps, but slowly.
EXPLODED, VANISHED = 30.0, 0.01
MEDIAN_OF, MEDIAN_FROM = 50, 5  # reports
ONE_COLOUR = 0.02  # of the photographs' own spread of colours in the hole
STILL = 1e-6  # mean |change| of the coarse output, in [0, 1]
WAITING = 0.1  # of the steps' time


class Rule(NamedTuple):
    """One thing that can be wrong.

    `holds(figures)` is what there is to say of it, or None where it does not hold or the figures
    are not there; `steps`, how long it must hold.
    """

    name: str
    steps: int
    holds: Callable[[Figures], str | None]


class Health:
    """Takes the figures of each report; gives back the alarms that are new.

    Arguments:
        hinge: whether `d_real` and `d_fake` are decisions of a hinge loss.

    Attributes:
        active: the names of the alarms that were raised and are not over.
    """

    def __init__(self, hinge: bool) -> None:
        rules = [
            Rule("one_colour", 200, _one_colour),
            Rule("coarse_still", 100, _coarse_still),
            Rule("data_wait", 0, _data_wait),
        ]
        if hinge:
            rules.append(Rule("discriminator_wins", 100, _discriminator_wins))
            rules.append(Rule("discriminator_loses", 30, _discriminator_loses))
        self._rules = rules
        self._norms: dict[str, deque[float]] = {}
        self._since: dict[str, int] = {}
        self._reports: dict[str, int] = {}
        self._last_step = 0
        self.active: set[str] = set()

    def observe(self, step: int, figures: Figures) -> list[str]:
        """The new alarms of a report, one line each."""
        lines = [
            line
            for rule in (*self._rules, *self._gradient_rules(figures))
            if (line := self._judge(rule, step, figures))
        ]
        for name, norms in self._norms.items():
            norms.append(figures[name])
        self._last_step = step
        return lines

    def _judge(self, rule: Rule, step: int, figures: Figures) -> str | None:
        said = rule.holds(figures)
        if (said is not None) == (rule.name in self.active):  # as it was
            self._reports.pop(rule.name, None)
            return None
        if rule.name not in self._reports:
            self._reports[rule.name], self._since[rule.name] = 0, self._last_step
        self._reports[rule.name] += 1
        held = step - self._since[rule.name]
        if self._reports[rule.name] < REPORTS or held < rule.steps:
            return None
        del self._reports[rule.name]
        if said is None:
            self.active.remove(rule.name)
            return None
        self.active.add(rule.name)
        return f"alarm at step {step} ({rule.name}, for {held} steps): {said}"

    def _gradient_rules(self, figures: Figures) -> list[Rule]:
        """For each network's gradient norm, against its own median of the last reports."""
        rules = []
        for name in figures:
            if not name.endswith("gradient_norm"):
                continue
            norms = self._norms.setdefault(name, deque(maxlen=MEDIAN_OF + REPORTS))
            earlier = list(norms)[: 1 - REPORTS]
            if len(earlier) >= MEDIAN_FROM:
                median = statistics.median(earlier)
                # One that was as large before, as of a network that comes back to life, is none.
                limit = max(EXPLODED * median, *earlier)
                rules.append(Rule(f"{name}_exploded", 0, _exploded(name, median, limit)))
                rules.append(Rule(f"{name}_vanished", 0, _vanished(name, median)))
        return rules


def _discriminator_wins(figures: Figures) -> str | None:
    real, fake = figures.get("d_real"), figures.get("d_fake")
    if real is None or fake is None or real < SURE or fake > -SURE:
        return None
    return (
        f"the discriminator tells true from filled without fail (D(x) {real:.3g}, D(G) "
        f"{fake:.3g}): neither network learns from the other. Usually its rate is too high for the "
        "generator's: lower --set=discriminator_rate, or raise the generator's"
    )


def _discriminator_loses(figures: Figures) -> str | None:
    real, fake = figures.get("d_real"), figures.get("d_fake")
    if real is None or fake is None or real - fake >= UNSURE:
        return None
    return (
        f"the discriminator does not tell true from filled (D(x) - D(G) is {real - fake:.2g}): "
        "the adversarial loss is noise. Usually its rate was so high that its first steps "
        "destroyed it: start again with a lower --set=discriminator_rate, 0.0004 for example; "
        "otherwise it is too low"
    )


def _exploded(name: str, median: float, limit: float) -> Callable[[Figures], str | None]:
    def holds(figures: Figures) -> str | None:
        if figures[name] <= limit:
            return None
        return (
            f"{name} is {figures[name]:.3g}, its median before {median:.3g}: gradients explode. "
            "Usually a learning rate is too high: go back to an earlier checkpoint with a lower one"
        )

    return holds


def _vanished(name: str, median: float) -> Callable[[Figures], str | None]:
    def holds(figures: Figures) -> str | None:
        if figures[name] >= VANISHED * median:
            return None
        return (
            f"{name} is {figures[name]:.3g}, its median before {median:.3g}: gradients vanish. "
            "Usually a network is saturated, or a loss is 0: look at the grids, and start again "
            "from an earlier checkpoint with a lower learning rate"
        )

    return holds


def _one_colour(figures: Figures) -> str | None:
    spread = figures.get("hole_spread")
    if spread is None or spread >= ONE_COLOUR:
        return None
    return (
        f"fills are of one colour (hole_spread, their variation against the photographs', is "
        f"{spread:.2g}). Usually the generator has collapsed: start again from an earlier "
        "checkpoint with a lower --set=generator_rate"
    )


def _coarse_still(figures: Figures) -> str | None:
    change = figures.get("coarse_change")
    if change is None or change >= STILL:
        return None
    return (
        f"the coarse output no longer moves (coarse_change is {change:.2g}). Usually it is "
        "saturated, or no loss with a weight reaches it: look at its row in the grids and at the "
        "losses' weights in config.json"
    )


def _data_wait(figures: Figures) -> str | None:
    share = figures.get("data_wait")
    if share is None or share <= WAITING:
        return None
    return (
        f"{share:.0%} of the time is waiting for photographs. Raise --workers, or prepare shards "
        "at the size that is trained on (docs/training.md)"
    )
