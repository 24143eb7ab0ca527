"""Throughput and latency of a server with several clients at once."""

from __future__ import annotations

import dataclasses
import threading
import time

import numpy as np

from inpainting.serving.client import RestClient
from inpainting.serving.load.photos import encoded, photograph, random_photo


@dataclasses.dataclass(frozen=True)
class Speed:
    """What `clients` saw who each sent the next request when the last was answered.

    Attributes:
        per_second: answers a second, all clients together.
        p50, p99: milliseconds from a request to its answer.
    """

    clients: int
    per_second: float
    p50: float
    p99: float


def measure(
    rest: str, clients: int, requests: int, side: int, api_key: str = "", noise: bool = True
) -> Speed:
    """Sends `requests` photos of `side` x `side` as PNG over REST, after one for each client.

    Each client has four of them: noise, or with `noise=False` photographs.

    Raises:
        inpainting.serving.client.ServerError: one of them failed.
    """
    milliseconds: list[float] = []
    failures: list[Exception] = []
    numbers = iter(range(requests))
    barrier = threading.Barrier(clients + 1)
    lock = threading.Lock()

    def ask(number: int) -> None:
        rng = np.random.default_rng(number)
        client = RestClient(f"http://{rest}", api_key=api_key)
        draw = (lambda: random_photo(rng, (side,))) if noise else (lambda: photograph(rng, side))
        pairs = [tuple(map(encoded, draw())) for _ in range(4)]
        try:
            client.fill_bytes(*pairs[0])
            barrier.wait()
            while True:
                with lock:
                    turn = next(numbers, None)
                if turn is None:
                    return
                started = time.perf_counter()
                client.fill_bytes(*pairs[turn % len(pairs)])
                milliseconds.append(1000 * (time.perf_counter() - started))
        except Exception as error:
            failures.append(error)
            barrier.abort()
        finally:
            client.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        barrier.wait()
        started = time.perf_counter()
    except threading.BrokenBarrierError:
        started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise failures[0]
    p50, p99 = np.percentile(milliseconds, (50, 99))
    return Speed(clients, requests / seconds, float(p50), float(p99))
