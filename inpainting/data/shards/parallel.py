"""A function applied by several processes, its results in the order of what it was given."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Callable, TypeVar

from absl import logging

from inpainting.errors import InputError

_BATCH = 8  # items sent to a process at a time

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[Result, None, None]:
    """Like `map`, by `workers` processes; one works in this process.

    Items are drawn as results are taken, two batches a process ahead, so that neither a long list
    nor a stream fills the memory. `function` and items must be picklable: processes are spawned.

    Raises:
        InputError: a process was killed.
    """
    if workers == 1:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_start)
    pending: deque[Future[list[Result]]] = deque()
    stream = iter(items)
    try:
        while batch := list(itertools.islice(stream, _BATCH)):
            pending.append(executor.submit(_apply, function, batch))
            if len(pending) > 2 * workers:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    except BrokenProcessPool as error:
        raise InputError(
            "a worker process was killed, perhaps for want of memory: start again to go on, with "
            f"--workers below {workers}"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _apply(function: Callable[[Item], Result], batch: list[Item]) -> list[Result]:
    return [function(item) for item in batch]


def _start() -> None:
    """What a process does first: Ctrl-C is for its parent, and without one it has no purpose."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.set_verbosity(logging.ERROR)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
