"""This project's side: answers the requests of `inpainting.benchmark.program`.

echo '{"row": "forward", "size": 256, "batch": 1}' | python -m inpainting.benchmark.worker
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

# ru_maxrss is in kilobytes, on macOS in bytes.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def answer(requests: Iterable[str], rows: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer to each line.

    Args:
        requests: lines of JSON.
        rows: by a row's name, a function from the request's other fields to a `Work`.
    """
    prepared: dict[str, Any] = {}
    for line in requests:
        try:
            request = json.loads(line)
            name, count = request.pop("row"), request.pop("flops", False)
            if name not in rows:
                yield {"unsupported": f"no row {name!r}"}
                continue
            key = json.dumps([name, request], sort_keys=True)
            if key not in prepared:
                # One at a time: what the row before it held would count as this one's memory.
                prepared = {key: rows[name](**request)}
            yield _measured(prepared[key]) | (_counted(prepared[key]) if count else {})
        except Exception as error:
            yield {"error": f"{type(error).__name__}: {error}"}


def _measured(work: Any) -> dict[str, Any]:
    start, cpu = time.perf_counter(), time.process_time()
    result = work.run()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT
    measured = {"seconds": seconds, "cpu_seconds": cpu, "peak_bytes": peak}
    return measured | (result if isinstance(result, dict) else {})


def _counted(work: Any) -> dict[str, Any]:
    return {"flops": work.count()} if work.count else {}


def main() -> None:
    from inpainting import cli

    cli.quiet_tensorflow(0)
    # Answers go where standard output was; what libraries print goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import tensorflow as tf

    threads = int(os.environ.get("BENCHMARK_THREADS", "2"))
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    from inpainting.benchmark import machine, networks, serving, surroundings

    rows = {
        function.__name__: function
        for function in (
            networks.forward,
            networks.train,
            networks.predictor,
            machine.sgemm,
            machine.convolution,
            machine.copy,
            surroundings.pipeline,
            surroundings.startup,
            serving.server,
        )
    }
    for reply in answer(sys.stdin, rows):
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
