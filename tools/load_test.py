"""Measures the server on this machine: speed, and thousands of answers each checked.

    python tools/load_test.py --model=exports/mine
    python tools/load_test.py --model=exports/places --side=256 --requests=64 --mixed=0
    python tools/load_test.py --model=exports/mine --mixed=10000 --requests=0

Starts `python -m inpainting.serving.server` on free ports of 127.0.0.1, asks, and stops it. First
`--requests` photos of `--side` pixels by each number of `--clients`, then `--mixed` photos, noise
of 16 to 64 pixels a side, over REST and gRPC by 16 clients: each answer is compared with its own
request.

Exit codes: 0 every answer was right, 1 one was not, 2 bad usage.
"""

from __future__ import annotations

import os
import sys

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.errors import InputError
from inpainting.serving.load.program import check_usage, define_flags

define_flags()
flags.DEFINE_list("clients", ["1", "4", "16"], "Numbers of clients whose speed is measured.")
flags.DEFINE_integer("requests", 200, "Photos for each number of clients.", 0, 100_000)
flags.DEFINE_integer("side", 64, "Their side in pixels.", 16, 1024)
flags.DEFINE_enum(
    "content",
    "photographs",
    ["photographs", "noise"],
    "What they show: embedded photographs with 10 to 20 % of hole, or noise full of specks.",
)
flags.DEFINE_integer("mixed", 1000, "Photos of mixed sizes, each answer checked.", 0, 1_000_000)
flags.DEFINE_integer("mixed_clients", 16, "How many send them at a time.", 1, 64)
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> int:
    check_usage(arguments)
    if not all(number.isdecimal() and 0 < int(number) <= 64 for number in FLAGS.clients):
        raise InputError(f"--clients={','.join(FLAGS.clients)} must be numbers from 1 to 64")
    from inpainting.serving.load.server_process import ServerProcess

    with ServerProcess(FLAGS.model) as server:
        if FLAGS.requests:
            measure_speed(server)
        good = not FLAGS.mixed or run_mixed(server)
        if server.stop() != 0:
            good = False
            print("the server did not end with exit code 0")
        print(server.errors(), file=sys.stderr, end="")
    return 0 if good else 1


def measure_speed(server) -> None:
    """Prints one row for each number of clients."""
    from inpainting.serving.load.speed import measure

    print(f"{FLAGS.requests} {FLAGS.content} of {FLAGS.side} x {FLAGS.side}, PNG over REST:")
    print("| clients | photos/s | p50 ms | p99 ms |\n|---|---|---|---|", flush=True)
    for clients in map(int, FLAGS.clients):
        noise = FLAGS.content == "noise"
        speed = measure(server.rest, clients, FLAGS.requests, FLAGS.side, noise=noise)
        row = f"| {clients} | {speed.per_second:.1f} | {speed.p50:.0f} | {speed.p99:.0f} |"
        print(row, flush=True)


def run_mixed(server) -> bool:
    """Prints what came of the mixed photos; whether every answer was right."""
    from inpainting.serving.load.mixed import MixedRun

    run = MixedRun(server, FLAGS.mixed, FLAGS.mixed_clients, FLAGS.seed, FLAGS.max_seconds)
    outcome = run.run()
    print(
        f"{outcome.answered} of {FLAGS.mixed} photos of mixed sizes answered in "
        f"{outcome.seconds:.0f} s, {outcome.mixed_up} mixed up, {outcome.unfilled} unfilled, "
        f"{len(outcome.failures)} failed"
    )
    memory = ", ".join(f"{megabytes:.0f}" for megabytes in outcome.megabytes)
    print(f"the server's memory after 2 %, 1/3, 2/3 and all, in MB: {memory}")
    for failure in outcome.failures[:10]:
        print(failure)
    return outcome.good


if __name__ == "__main__":
    cli.run(main)
