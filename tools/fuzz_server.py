"""Abuses the server on this machine and tells how it bears it.

    python tools/fuzz_server.py --model=exports/mine --requests=3000

Starts `python -m inpainting.serving.server` on free ports of 127.0.0.1 and sends it damaged files,
bombs, wrong values, broken JSON, paths for names, garbage for HTTP, lying gRPC messages; every 20th
time an honest photo, whose answer is checked. `--seed` repeats a run exactly.

Exit codes: 0 no crash, no 5xx other than 503, every honest answer right; 1 otherwise; 2 bad usage.
"""

from __future__ import annotations

import os
import sys

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.serving.load.program import check_usage, define_flags

define_flags()
flags.DEFINE_integer("requests", 1000, "How many attacks.", 1, 1_000_000)
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> int:
    check_usage(arguments)
    from inpainting.serving.load.abuse_run import abuse
    from inpainting.serving.load.server_process import ServerProcess

    with ServerProcess(FLAGS.model, "--timeout_seconds=30") as server:
        verdict = abuse(server, FLAGS.requests, FLAGS.seed, FLAGS.max_seconds)
        if server.stop() != 0:
            verdict.wrong.append("the server did not end with exit code 0")
        errors = server.errors()
    if "Traceback" in errors:
        verdict.wrong.append("the server's log has a stack trace")
        print(errors, file=sys.stderr)
    for what, count in sorted(verdict.statuses.items()):
        print(f"{count:6d}  {what}")
    memory = ", ".join(f"{megabytes:.0f}" for megabytes in verdict.megabytes)
    print(f"the server's memory after 1/3, 2/3 and all, in MB: {memory}")
    for line in verdict.wrong[:20]:
        print(f"wrong: {line}")
    print(f"{len(verdict.wrong)} wrong")
    return 1 if verdict.wrong else 0


if __name__ == "__main__":
    cli.run(main)
