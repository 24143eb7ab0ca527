"""A whole run: every row, our side and the peer's in turn, as figures ready to print and keep."""

from __future__ import annotations

import platform
import time
from typing import Any, Callable

from inpainting.benchmark import growth
from inpainting.benchmark.alternation import Timing, alternate, ratio
from inpainting.benchmark.plan import GROWTH_SIZES, Row
from inpainting.benchmark.program import Program

# Rows of the machine itself come first; the best of them is the ceiling of the others.
CEILINGS = ("sgemm", "convolution")


def measure(
    ours: Program,
    peer: Program | None,
    rows: list[Row],
    budget: float,
    say: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """Measures the rows in their order.

    Args:
        ours, peer: the two sides; no peer, no ratios.
        rows: see `inpainting.benchmark.plan`.
        budget: seconds for a row's rounds.
        say: told each row's figures as soon as they are there.

    Returns:
        By a row's name: "seconds", "peer_seconds", "ratio" and more, as far as there are any.
    """
    results: dict[str, dict[str, Any]] = {}
    for row in rows:
        programs = [ours, *([peer] if peer else [])]
        timings = (
            _in_new_processes(programs, row) if row.memory else _in_turn(programs, row, budget)
        )
        results[row.name] = _figures(row, timings, _ceiling(results))
        say(describe(row.name, results[row.name]))
    return results


def _in_turn(programs: list[Program], row: Row, budget: float) -> list[Timing]:
    return alternate(list(programs), row.request, budget)


def _in_new_processes(programs: list[Program], row: Row) -> list[Timing]:
    """Each in a process that does nothing else, so that its peak memory is the row's."""
    timings = []
    for program in programs:
        for one in programs:
            one.stop()
        warm_ups = 0 if row.once else 1
        timing = Timing()
        for number in range(warm_ups + 1):
            answer = program.ask(row.request)
            if "unsupported" in answer:
                timing.unsupported = str(answer["unsupported"])
                break
            timing.facts.update(answer)
            if number == warm_ups:
                timing.seconds.append(float(answer["seconds"]))
        program.stop()
        timings.append(timing)
    return timings


def _figures(row: Row, timings: list[Timing], ceiling: float) -> dict[str, Any]:
    ours, peers = timings[0], timings[1:]
    if ours.unsupported:
        return {"unsupported": ours.unsupported}
    figures: dict[str, Any] = {"seconds": ours.median, "rounds": len(ours.seconds)}
    if ours.facts.get("flops"):
        rate = ours.facts["flops"] / ours.median
        figures |= {"flops": ours.facts["flops"], "gflops_per_second": rate / 1e9}
        if ceiling and row.kind not in (*CEILINGS, "copy"):
            figures["share_of_ceiling"] = rate / 1e9 / ceiling
    if "requests" in ours.facts:
        figures["requests_per_second"] = ours.facts["requests"] / ours.median
    if "parts" in ours.facts:
        figures["parts"] = ours.facts["parts"]
    if row.memory:
        figures["peak_bytes"] = ours.facts["peak_bytes"]
    if peers and not peers[0].unsupported:
        figures |= {"peer_seconds": peers[0].median, "ratio": ratio(ours, peers[0])}
        if row.memory and "peak_bytes" in peers[0].facts:
            figures["peer_peak_bytes"] = peers[0].facts["peak_bytes"]
            figures["memory_ratio"] = figures["peak_bytes"] / figures["peer_peak_bytes"]
    return figures


def _ceiling(results: dict[str, dict[str, Any]]) -> float:
    """The best rate seen in the machine's own rows, GFLOP/s; 0 where none was measured."""
    rates = (results.get(name, {}).get("gflops_per_second", 0) for name in CEILINGS)
    return max(rates, default=0)


def describe(name: str, figures: dict[str, Any]) -> str:
    """One line of the table."""
    if "unsupported" in figures:
        return f"{name:36s} not measured: {figures['unsupported']}"
    text = f"{name:36s} {figures['seconds']:9.4f} s"
    if "peer_seconds" in figures:
        text += f"  peer {figures['peer_seconds']:9.4f} s  ratio {figures['ratio']:.2f}"
    if "peak_bytes" in figures:
        text += f"  {figures['peak_bytes'] / 2**20:7.0f} MB"
    if "peer_peak_bytes" in figures:
        text += (
            f"  peer {figures['peer_peak_bytes'] / 2**20:7.0f} MB  "
            f"ratio {figures['memory_ratio']:.2f}"
        )
    if "gflops_per_second" in figures:
        unit = "GB/s" if name == "copy" else "GFLOP/s"
        text += f"  {figures['gflops_per_second']:6.0f} {unit}"
    if "share_of_ceiling" in figures:
        text += f"  {100 * figures['share_of_ceiling']:3.0f} % of the ceiling"
    if "requests_per_second" in figures:
        text += f"  {figures['requests_per_second']:6.1f} requests/s"
    for part, seconds in figures.get("parts", {}).items():
        text += f"  {part} {seconds:.2f} s"
    return text


def growth_lines(results: dict[str, dict[str, Any]]) -> list[str]:
    """What `inpainting.benchmark.growth` says of the rows of growth."""
    figures = list(results.values())
    return growth.report(
        GROWTH_SIZES,
        [figure["seconds"] for figure in figures],
        [figure["peak_bytes"] for figure in figures],
    )


def facts(threads: int) -> dict[str, Any]:
    """Where and when a run was made."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": platform.machine(),
        "processor": _processor(),
        "python": platform.python_version(),
        "threads": threads,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = (
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            )
            return next(names, "")
    except OSError:
        return platform.processor()
