import pytest

from inpainting.benchmark.alternation import LEAST_ROUNDS, MOST_ROUNDS, alternate, ratio


class _Clock:
    """Moves only when a program works."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class _Program:
    """Answers `seconds` of each turn in order, the last one for ever, and lets the clock run."""

    def __init__(self, name, clock, seconds, log, unsupported=""):
        self.name, self.clock, self.seconds, self.log = name, clock, list(seconds), log
        self.unsupported = unsupported

    def ask(self, request):
        self.log.append((self.name, request))
        if self.unsupported:
            return {"unsupported": self.unsupported}
        seconds = self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        self.clock.now += seconds
        return {"seconds": seconds, **({"flops": 7} if request.get("flops") else {})}


def _measured(seconds, budget=0.0, **options):
    clock, log = _Clock(), []
    programs = [
        _Program(name, clock, values, log, **options.get(name, {}))
        for name, values in seconds.items()
    ]
    timings = alternate(programs, {"row": "r"}, budget, clock=clock, sleep=clock.sleep)
    return timings, log


def test_first_turns_are_not_counted():
    # One warm-up each, one more for the first, whose operations are asked for with it.
    (ours, peer), _ = _measured({"ours": [9, 8, 1, 2, 3], "peer": [50, 4, 4, 10]})
    assert ours.seconds == [1, 2, 3]
    assert peer.seconds == [4, 4, 10]
    assert (ours.median, peer.median) == (2, 4)
    assert ours.facts["flops"] == 7


def test_sides_take_turns_and_swap_places():
    _, log = _measured({"ours": [1], "peer": [1]})
    turns = [name for name, request in log if "flops" not in request][2:]
    assert turns == ["ours", "peer", "peer", "ours", "ours", "peer"]


def test_ratio_is_of_pairs():
    # The machine is ten times slower in the second round: pairs say one half, and so would they
    # with any other rounds slow.
    timings, _ = _measured({"ours": [1, 1, 1, 10, 1], "peer": [1, 2, 20, 2]})
    assert ratio(*timings) == 0.5


@pytest.mark.parametrize(("budget", "rounds"), [(0, LEAST_ROUNDS), (10, 6), (1e9, MOST_ROUNDS)])
def test_rounds_follow_the_budget(budget, rounds):
    # A round is one second a side and a pause; the fifth ends after ten seconds and the pauses.
    timings, _ = _measured({"ours": [1], "peer": [1]}, budget)
    assert len(timings[0].seconds) in (rounds, rounds - 1)


def test_a_peer_that_cannot_is_left_out():
    timings, log = _measured({"ours": [1], "peer": [1]}, peer={"unsupported": "no such layer"})
    assert timings[1].unsupported == "no such layer"
    assert timings[1].seconds == []
    assert len(timings[0].seconds) == LEAST_ROUNDS
    assert [name for name, _ in log].count("peer") == 1
