"""Measures speed and memory, beside another program if one is named, and compares two commits.

    python tools/benchmark.py --output=now.json
    python tools/benchmark.py --peer="python peer.py" --output=now.json
    python tools/benchmark.py --quick --against=before.json
    python tools/benchmark.py --rows=train,forward

Both sides are processes that answer JSON lines (inpainting/benchmark/program.py) and take turns, so
that a ratio holds on a busy machine too; seconds don't. docs/benchmarks.md says how a peer is
written and what the rows are.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string("peer", "", "The command of another program that answers the same lines.")
flags.DEFINE_list(
    "rows", [], "Only rows whose names begin so, such as forward or 'train size=256'."
)
flags.DEFINE_bool("quick", False, "Only the most telling rows.")
flags.DEFINE_bool("growth", True, "Also how a forward pass grows from 256 to 2048 px.")
flags.DEFINE_integer("threads", 2, "Threads of each side.", lower_bound=1)
flags.DEFINE_float("row_seconds", 15.0, "Seconds for the rounds of a row.", lower_bound=0)
flags.DEFINE_string("output", "", "A JSON file to write the figures to.")
flags.DEFINE_string("against", "", "An earlier run's JSON file to compare with.")
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: benchmark.py takes flags only")
    from inpainting.benchmark import comparison, measure, plan
    from inpainting.benchmark.program import Program

    rows = plan.choose(FLAGS.rows, FLAGS.quick)
    before = comparison.read(FLAGS.against) if FLAGS.against else None
    if FLAGS.output:
        comparison.check_writable(FLAGS.output)
    worker = [sys.executable, "-m", "inpainting.benchmark.worker"]
    ours = Program("this project", worker, FLAGS.threads, folder=comparison.ROOT)
    peer = Program("the peer", FLAGS.peer, FLAGS.threads) if FLAGS.peer else None
    _use_cores(FLAGS.threads)
    record: dict[str, Any] = {"facts": measure.facts(FLAGS.threads), "peer": FLAGS.peer}
    try:
        record["rows"] = measure.measure(ours, peer, rows, FLAGS.row_seconds, _say)
        part = FLAGS.quick or FLAGS.rows
        if FLAGS.growth and (FLAGS["growth"].present or not part):
            record["growth"] = measure.measure(ours, None, list(plan.GROWTH), 0, _say)
            for line in measure.growth_lines(record["growth"]):
                _say(line)
    finally:
        for program in filter(None, (ours, peer)):
            program.stop()
    if FLAGS.output:
        with open(FLAGS.output, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=2)
            file.write("\n")
        _say(f"wrote {FLAGS.output}")
    if before:
        for line in comparison.lines(before, record):
            _say(line)


def _say(line: str) -> None:
    print(line, flush=True)


def _use_cores(threads: int) -> None:
    """Children inherit it: neither side gets more cores than threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


if __name__ == "__main__":
    cli.run(main)
