"""Joins waiting requests of one size into one call of the network."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
from concurrent.futures import Executor
from typing import Any

import numpy as np

from inpainting.serving.server.inputs import array_pixels
from inpainting.serving.server.limits import Limits
from inpainting.serving.server.metrics import Metrics
from inpainting.serving.server.served_model import Signature

Arrays = dict[str, np.ndarray]


@dataclasses.dataclass
class _Waiting:
    """One request's arrays, where it waits."""

    inputs: Arrays
    samples: int
    pixels: int
    arrived: float
    answer: asyncio.Future[Arrays]


class Batcher:
    """Computes requests, the oldest first, each with those of its signature and size that wait.

    While a batch is computed others gather, so that load itself makes batches; a request that finds
    the network free waits `batch_delay_ms` for company and no longer. The answer of a joined batch
    is cut along its first axis by the counts with which it was put together; nothing else connects
    two requests. If a joined batch fails, each of its requests is computed alone, so that one
    cannot fail another.

    Args:
        limits: `batch_size`, `batch_megapixels` and `batch_delay_ms`.
        executor: where batches are computed.
        metrics: told of every batch.
    """

    def __init__(self, limits: Limits, executor: Executor, metrics: Metrics):
        self._limits = limits
        self._executor = executor
        self._metrics = metrics
        self._queues: dict[tuple[Any, ...], collections.deque[_Waiting]] = {}
        self._arrived = asyncio.Event()

    async def compute(self, signature: Signature, inputs: Arrays) -> Arrays:
        """The signature's outputs for these inputs, (B, H, W, C) each, alone or in a batch.

        Cancelled while it waits, it is never computed.
        """
        loop = asyncio.get_running_loop()
        shapes = tuple((name, array.shape[1:]) for name, array in sorted(inputs.items()))
        image = next(iter(inputs.values()))
        waiting = _Waiting(
            inputs, len(image), array_pixels(image.shape), loop.time(), loop.create_future()
        )
        key = (signature, shapes) if signature.joins else (signature, shapes, waiting.arrived)
        self._queues.setdefault(key, collections.deque()).append(waiting)
        self._arrived.set()
        return await waiting.answer

    async def work(self) -> None:
        """Computes what waits, for ever."""
        while True:
            while not self._queues:
                self._arrived.clear()
                await self._arrived.wait()
            key = min(self._queues, key=lambda key: self._queues[key][0].arrived)
            await self._wait_for_company(self._queues[key])
            batch = self._take(key)
            if batch:
                await self._compute(key[0], batch)

    async def _wait_for_company(self, queue: collections.deque[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        until = queue[0].arrived + self._limits.batch_delay_ms / 1000
        while (left := until - loop.time()) > 0:
            if sum(waiting.samples for waiting in queue) >= self._limits.batch_size:
                return
            self._arrived.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), left)

    def _take(self, key: tuple[Any, ...]) -> list[_Waiting]:
        """The next batch of a queue, without those whose askers have gone."""
        queue = self._queues[key]
        batch: list[_Waiting] = []
        samples = pixels = 0
        while queue:
            waiting = queue[0]
            if waiting.answer.done():
                queue.popleft()
                continue
            samples += waiting.samples
            pixels += waiting.pixels
            full = samples > self._limits.batch_size or pixels > self._limits.batch_megapixels * 1e6
            if batch and full:
                break
            batch.append(queue.popleft())
        if not queue:
            del self._queues[key]
        return batch

    async def _compute(self, signature: Signature, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        self._metrics.samples.observe(sum(waiting.samples for waiting in batch))
        self._metrics.pixels.inc(sum(waiting.pixels for waiting in batch))
        try:
            answers = await loop.run_in_executor(
                self._executor, _computed, signature, [waiting.inputs for waiting in batch]
            )
        except Exception as error:
            if len(batch) > 1:
                for waiting in batch:
                    await self._compute(signature, [waiting])
            elif not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return
        for waiting, answer in zip(batch, answers):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)


def _computed(signature: Signature, batch: list[Arrays]) -> list[Arrays]:
    if len(batch) == 1:
        return [signature(batch[0])]
    joined = {name: np.concatenate([inputs[name] for inputs in batch]) for name in batch[0]}
    outputs = signature(joined)
    ends = np.cumsum([len(next(iter(inputs.values()))) for inputs in batch])
    parts = {name: np.split(output, ends[:-1]) for name, output in outputs.items()}
    return [{name: parts[name][index] for name in parts} for index in range(len(batch))]
