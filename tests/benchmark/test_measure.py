import json

import pytest

from inpainting.benchmark import comparison, measure, plan
from inpainting.benchmark.growth import exponent, report
from inpainting.benchmark.worker import answer
from inpainting.errors import InputError


class _Side:
    def __init__(self, seconds, peak=0, **more):
        self.name, self.stops = "side", 0
        self.reply = {"seconds": seconds, "peak_bytes": peak, **more}

    def ask(self, request):
        return self.reply

    def stop(self):
        self.stops += 1


def test_figures_of_a_row():
    rows = [plan.Row({"row": "sgemm"}), plan.Row({"row": "forward", "size": 256})]
    lines = []
    ours, peer = _Side(0.5, flops=10**9), _Side(2.0)
    results = measure.measure(ours, peer, rows, 0, lines.append)
    assert results["sgemm"]["gflops_per_second"] == 2
    forward = results["forward size=256"]
    assert (forward["seconds"], forward["peer_seconds"], forward["ratio"]) == (0.5, 2, 0.25)
    assert forward["share_of_ceiling"] == 1
    assert "ratio 0.25" in lines[1]
    assert "100 % of the ceiling" in lines[1]


def test_memory_is_that_of_a_process_of_its_own():
    row = plan.Row({"row": "train"}, memory=True)
    ours, peer = _Side(1, peak=3 * 2**20), _Side(1, peak=4 * 2**20)
    figures = measure.measure(ours, peer, [row], 0, lambda line: None)["train memory"]
    assert figures["memory_ratio"] == 0.75
    assert ours.stops >= 2  # before its turn and after it
    assert peer.stops >= 2


def test_exponent_of_a_power():
    assert exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2)
    with pytest.raises(ValueError, match="two sizes"):
        exponent([2, 2], [1, 1])


def test_growth_says_each_step():
    lines = report([10, 20], [1.0, 4.0], [1000, 1300])
    assert "pixels ^ 1.00 over all sizes" in lines[0]
    assert "1 bytes a pixel" in lines[1]  # 300 bytes for 300 pixels more


def test_rows_by_name():
    assert {row.kind for row in plan.choose(["train"], False)} == {"train"}
    assert [row.name for row in plan.choose(["forward size=1024 batch=8"], False)] == [
        "forward size=1024 batch=8"
    ]
    assert not any("format" in row.name for row in plan.choose(["forward"], False))
    quick, table = (plan.choose([], quick) for quick in (True, False))
    assert len(quick) < len(table)
    assert all(row in table for row in quick)
    with pytest.raises(InputError, match="no row begins with 'speed'"):
        plan.choose(["speed"], False)


def test_commits_are_compared():
    machine = {"sgemm": {"seconds": 1.0}, "convolution": {"seconds": 1.0}}
    before = {"rows": machine | {"forward": {"seconds": 1.0, "ratio": 0.8}}}
    # The machine is half as fast now; what took twice as long is as fast as before.
    slow = {"sgemm": {"seconds": 2.0}, "convolution": {"seconds": 2.0}}
    after = {"rows": slow | {"forward": {"seconds": 2.0, "ratio": 0.4}, "new": {"seconds": 1}}}
    _, line = comparison.lines(before, after)
    assert line.split() == ["forward", "1.00;", "0.50"]


def test_files_that_are_none_of_ours(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        comparison.read(str(tmp_path / "none.json"))
    other = tmp_path / "other.json"
    other.write_text(json.dumps([1]))
    with pytest.raises(InputError, match=r"not a file that benchmark\.py wrote"):
        comparison.read(str(other))
    with pytest.raises(InputError, match="cannot be written"):
        comparison.check_writable(str(tmp_path / "no" / "such.json"))


class _Work:
    def __init__(self, size):
        self.count = lambda: size

    def run(self):
        return {"parts": {"a": 1.0}}


def test_worker_answers_each_line():
    lines = [
        '{"row": "known", "size": 5}',
        '{"row": "known", "size": 5, "flops": true}',
        '{"row": "unknown"}',
        '{"row": "known", "colour": 1}',
        "no JSON",
    ]
    first, counted, unknown, wrong, broken = answer(lines, {"known": _Work})
    assert first["seconds"] > 0
    assert first["parts"] == {"a": 1.0}
    assert "flops" not in first
    assert counted["flops"] == 5
    assert "unknown" in unknown["unsupported"]
    assert "colour" in wrong["error"]
    assert "error" in broken
