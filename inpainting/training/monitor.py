"""What the log says of a run's health beside its losses: waiting, the probe's figures, alarms."""

from __future__ import annotations

from inpainting.training.health import Figures, Health
from inpainting.training.probe import Probe
from inpainting.training.run_log import RunLog


class Monitor:
    """Adds the figures of the probe to a report's, and raises the alarms that all of them give.

    An alarm is a line of the log; how many are active is a figure of every report.

    Arguments:
        health: what judges.
        probe: what fills.
        log: where alarms are said.
    """

    def __init__(self, health: Health, probe: Probe, log: RunLog) -> None:
        self.health, self.probe, self.log = health, probe, log

    def __call__(self, step: int, figures: Figures) -> Figures:
        """The figures to add to those of the report of `step`."""
        added = self.probe.figures()
        for line in self.health.observe(step, figures | added):
            self.log.say(step, line)
        return added | {"alarms": float(len(self.health.active))}
