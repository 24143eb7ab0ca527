"""The share of the steps' time that is waiting, with a pipeline of known slowness."""

from __future__ import annotations

import time

import numpy as np
import pytest
import tensorflow as tf

from inpainting.training import data_wait
from inpainting.training.data_wait import DataWait


@pytest.mark.parametrize(
    ("delivered", "share"),
    # The step lasts 10 s from 100 s on; its batch leaves the pipeline before, at 104 s, at 110 s.
    [(95.0, 0.0), (104.0, 0.4), (110.0, 1.0)],
)
def test_share_by_hand(monkeypatch, delivered, share):
    clock = [100.0]
    monkeypatch.setattr(data_wait.time, "perf_counter", lambda: clock[0])
    wait = DataWait(0)
    wait._delivered.extend([0.0, delivered])
    wait.on_train_batch_end(0, {})  # the first step does not count
    wait.on_train_batch_begin(1)
    clock[0] = 110.0
    wait.on_train_batch_end(1, {})
    assert wait.share(2, {}) == {"data_wait": pytest.approx(share)}
    assert wait.share(2, {}) == {}


def test_batches_are_unchanged_and_a_slow_pipeline_is_noticed():
    shares = {}
    for seconds in (0.0, 0.12):
        wait = DataWait(0)

        def slow(number, seconds=seconds):
            time.sleep(seconds)
            return number

        numbers = tf.data.Dataset.range(8)
        slowed = numbers.map(lambda n, f=slow: tf.numpy_function(f, [n], tf.int64))
        timed = iter(wait.timed(slowed.map(lambda n: (n, -n))))
        for batch in range(8):
            wait.on_train_batch_begin(batch)
            first, second = next(timed)
            np.testing.assert_array_equal([first, second], [batch, -batch])
            time.sleep(0.03)
            wait.on_train_batch_end(batch, {})
        shares[seconds] = wait.share(8, {})["data_wait"]
    # TensorFlow makes the next element during the step: 0.09 s of each 0.12 s are left to wait.
    assert shares[0.0] < 0.5 * shares[0.12]
    assert shares[0.12] > 0.2
