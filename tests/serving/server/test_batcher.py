"""Joining requests, without a network: a signature that marks what it was given."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inpainting.serving.server.batcher import Batcher
from inpainting.serving.server.limits import Limits
from inpainting.serving.server.metrics import Metrics


class Fake:
    """Adds 1 to the image; remembers the sizes of its batches."""

    joins = True

    def __init__(self):
        self.batches = []

    def __call__(self, inputs):
        image, mask = inputs["image"], inputs["mask"]
        assert len(image) == len(mask)
        self.batches.append(len(image))
        if (image == 13).any():
            raise RuntimeError("unlucky")
        return {"completed": image + 1, "mask": mask}


def request_of(value, batch=1, height=2, width=3):
    return {
        "image": np.full((batch, height, width, 3), value, np.int32),
        "mask": np.full((batch, height, width, 1), -value, np.int32),
    }


def answers(signature, requests, **limits):
    """Sends all requests at once; what came back, exceptions included."""

    async def main():
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(Limits(**limits), executor, Metrics())
            waiting = [asyncio.ensure_future(batcher.compute(signature, r)) for r in requests]
            await asyncio.sleep(0)
            work = asyncio.ensure_future(batcher.work())
            results = await asyncio.wait_for(
                asyncio.gather(*waiting, return_exceptions=True), timeout=30
            )
            assert not batcher._queues
            work.cancel()
            return results

    return asyncio.run(main())


def check(requests, results):
    for request, result in zip(requests, results):
        np.testing.assert_array_equal(result["completed"], request["image"] + 1)
        np.testing.assert_array_equal(result["mask"], request["mask"])


def test_requests_of_one_size_are_joined_and_cut_apart_again():
    signature = Fake()
    requests = [request_of(value, batch) for value, batch in ((1, 1), (2, 3), (3, 1), (4, 2))]
    check(requests, answers(signature, requests))
    assert signature.batches == [7]


def test_other_sizes_and_signatures_are_not():
    signature, other = Fake(), Fake()
    sizes = [(2, 3), (3, 2), (2, 3), (3, 2), (6, 1)]
    requests = [request_of(i, height=h, width=w) for i, (h, w) in enumerate(sizes)]
    check(requests, answers(signature, requests))
    assert sorted(signature.batches) == [1, 2, 2]

    async def both():
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(Limits(), executor, Metrics())
            work = asyncio.ensure_future(batcher.work())
            await asyncio.gather(*(batcher.compute(s, request_of(1)) for s in (signature, other)))
            work.cancel()

    asyncio.run(both())
    assert (signature.batches[-1], other.batches) == (1, [1])


@pytest.mark.parametrize(
    ("limits", "batches"),
    [
        ({"batch_size": 2}, [2, 2, 1]),
        ({"batch_size": 1}, [1, 1, 1, 1, 1]),
        # 2 x 3 pixels count as 32 x 32.
        ({"batch_megapixels": 0.0031}, [3, 2]),
        ({"batch_megapixels": 0.0001}, [1, 1, 1, 1, 1]),
        ({"batch_delay_ms": 0}, [5]),
    ],
)
def test_batches_are_bounded(limits, batches):
    signature = Fake()
    requests = [request_of(value) for value in range(5)]
    check(requests, answers(signature, requests, **limits))
    assert signature.batches == batches


def test_a_request_larger_than_a_batch_goes_alone():
    signature = Fake()
    requests = [request_of(1), request_of(2, batch=5), request_of(3)]
    check(requests, answers(signature, requests, batch_size=2))
    assert signature.batches == [1, 5, 1]


def test_a_fixed_batch_is_never_joined():
    signature = Fake()
    signature.joins = False
    requests = [request_of(value) for value in range(4)]
    check(requests, answers(signature, requests))
    assert signature.batches == [1, 1, 1, 1]


def test_one_request_cannot_fail_another():
    signature = Fake()
    requests = [request_of(value) for value in (1, 13, 2)]
    results = answers(signature, requests)
    assert signature.batches == [3, 1, 1, 1]
    assert str(results[1]) == "unlucky"
    check([requests[0], requests[2]], [results[0], results[2]])


def test_a_cancelled_request_is_not_computed():
    signature = Fake()

    async def main():
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(Limits(), executor, Metrics())
            first, second = (
                asyncio.ensure_future(batcher.compute(signature, request_of(v))) for v in (1, 2)
            )
            await asyncio.sleep(0)
            first.cancel()
            work = asyncio.ensure_future(batcher.work())
            check([request_of(2)], [await second])
            third = asyncio.ensure_future(batcher.compute(signature, request_of(3)))
            await asyncio.sleep(0)
            third.cancel()
            await asyncio.sleep(0.05)
            assert not batcher._queues
            work.cancel()

    asyncio.run(main())
    assert signature.batches == [1]
