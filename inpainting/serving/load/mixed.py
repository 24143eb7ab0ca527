"""Many photos of mixed sizes over every interface, each answer compared with its own request."""

from __future__ import annotations

import dataclasses
import threading
import time

import numpy as np

from inpainting.serving.client import GrpcClient, RestClient
from inpainting.serving.load.photos import decoded, encoded, random_photo
from inpainting.serving.load.server_process import ServerProcess


@dataclasses.dataclass
class Outcome:
    """What came of a run.

    Attributes:
        answered: requests with an answer of the right size.
        mixed_up: answers with a pixel outside the hole that is not the request's own.
        unfilled: answers whose hole is as it was sent.
        failures: what went wrong, by request.
        megabytes: the server's memory after the first 2 %, one third, two thirds, and all.
        seconds: the time it took.
    """

    answered: int = 0
    mixed_up: int = 0
    unfilled: int = 0
    failures: list[str] = dataclasses.field(default_factory=list)
    megabytes: list[float] = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.mixed_up or self.unfilled or self.failures)


class MixedRun:
    """Sends `requests` photos, no two alike, with `clients` threads.

    Of ten photos six go as PNG over REST, three as arrays over gRPC, one as JSON rows.

    Args:
        server: it is asked, and its memory watched.
        requests, clients: how many.
        seed: of the photos.
        most_seconds: no request is begun after that; what is missing is a failure.
    """

    def __init__(
        self,
        server: ServerProcess,
        requests: int,
        clients: int = 16,
        seed: int = 0,
        most_seconds: float = 3600.0,
    ):
        self._server = server
        self._requests, self._clients, self._seed = requests, clients, seed
        self._marks = sorted({max(1, requests // 50), requests // 3, 2 * requests // 3})
        self._end = time.monotonic() + most_seconds
        self._lock = threading.Lock()
        self._next = 0
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Sends all; returns when the last is answered."""
        started = time.monotonic()
        threads = [threading.Thread(target=self._client) for _ in range(self._clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcome = self.outcome
        outcome.seconds = time.monotonic() - started
        if self._server.alive:
            outcome.megabytes.append(self._server.megabytes)
        if self._next < self._requests:
            outcome.failures.append(f"time was over after {self._next} requests")
        return outcome

    def _client(self) -> None:
        rest = RestClient(f"http://{self._server.rest}")
        grpc = GrpcClient(self._server.grpc)
        while (number := self._take()) is not None:
            try:
                self._check(number, rest, grpc)
            except Exception as error:
                with self._lock:
                    self.outcome.failures.append(f"request {number}: {error}")
        rest.close()
        grpc.close()

    def _take(self) -> int | None:
        with self._lock:
            if self._next >= self._requests or time.monotonic() > self._end:
                return None
            if self._next in self._marks:
                self.outcome.megabytes.append(self._server.megabytes)
            self._next += 1
            return self._next - 1

    def _check(self, number: int, rest: RestClient, grpc: GrpcClient) -> None:
        image, mask = random_photo(np.random.default_rng((self._seed, number)))
        completed = self._ask(number % 10, image, mask, rest, grpc)
        if completed.shape != image.shape:
            raise ValueError(f"sent {image.shape}, received {completed.shape}")
        same = (completed == image).all(axis=-1)
        with self._lock:
            self.outcome.answered += 1
            self.outcome.mixed_up += not same[mask == 0].all()
            self.outcome.unfilled += bool(same[mask > 0].all())

    @staticmethod
    def _ask(
        kind: int, image: np.ndarray, mask: np.ndarray, rest: RestClient, grpc: GrpcClient
    ) -> np.ndarray:
        if kind < 6:
            return decoded(rest.fill_bytes(encoded(image), encoded(mask)))
        if kind < 9:
            return grpc.fill(image, mask)
        row = {"image": image.tolist(), "mask": mask[..., np.newaxis].tolist()}
        return np.array(rest.predict({"instances": [row]})["predictions"][0])
