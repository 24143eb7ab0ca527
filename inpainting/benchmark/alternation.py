"""Alternated medians: programs take turns, so that what else the machine does hits them alike."""

from __future__ import annotations

import dataclasses
import statistics
import time
from typing import Any, Callable, Protocol

LEAST_ROUNDS, MOST_ROUNDS = 3, 25
# Between two turns, so that the threads of the one that is done have gone to sleep.
PAUSE_SECONDS = 0.02


class Answers(Protocol):
    """What is measured: `inpainting.benchmark.program.Program`, or a stand-in."""

    name: str

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Does the work once."""

    def stop(self) -> None:
        """Ends the process."""


@dataclasses.dataclass
class Timing:
    """What one program needed for one row.

    Attributes:
        seconds: of each round, in order.
        facts: what its answers held besides; of each field the last.
        unsupported: why there is no figure; empty where there is one.
    """

    seconds: list[float] = dataclasses.field(default_factory=list)
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    unsupported: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def alternate(
    programs: list[Answers],
    request: dict[str, Any],
    budget: float,
    warm_ups: int = 1,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Timing]:
    """Asks each program in turn, round after round, for the same work.

    Args:
        programs: one or more, the first being asked for its operations too; the order of turns is
            theirs in even rounds and the reverse in odd ones.
        request: the work.
        budget: seconds to spend; never fewer than 3 rounds nor more than 25.
        warm_ups: rounds that are not counted, in which graphs are made.
        clock, sleep: for tests.

    Returns:
        A timing for each program, in their order.
    """
    timings = [Timing() for _ in programs]
    pairs = list(zip(programs, timings))
    for _ in range(warm_ups):
        for program, timing in pairs:
            _turn(program, timing, request, keep=False)
    for program, timing in pairs[:1]:
        _turn(program, timing, {**request, "flops": True}, keep=False)
    able = [pair for pair in pairs if not pair[1].unsupported]
    start, rounds = clock(), 0
    while able and rounds < MOST_ROUNDS:
        if rounds >= LEAST_ROUNDS and clock() - start > budget:
            break
        for program, timing in able if rounds % 2 == 0 else reversed(able):
            sleep(PAUSE_SECONDS)
            _turn(program, timing, request, keep=True)
        rounds += 1
    return timings


def ratio(ours: Timing, peer: Timing) -> float:
    """The median over the rounds of ours / peer's: each round is a pair of its own."""
    return statistics.median(a / b for a, b in zip(ours.seconds, peer.seconds))


def _turn(program: Answers, timing: Timing, request: dict[str, Any], keep: bool) -> None:
    if timing.unsupported:
        return
    answer = program.ask(request)
    if "unsupported" in answer:
        timing.unsupported = str(answer["unsupported"])
        return
    timing.facts.update(answer)
    if keep:
        timing.seconds.append(float(answer["seconds"]))
