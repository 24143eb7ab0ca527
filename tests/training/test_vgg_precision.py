import time

import pytest
import tensorflow as tf

from inpainting.training import vgg_precision
from inpainting.training.vgg_precision import (
    bfloat16_share,
    chosen_precision,
    multiplies_bfloat16,
    paired_share,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flags\t\t: fpu sse avx512f avx512_bf16\n", True),
        ("model name\t: x\nflags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("flags\t\t: fpu sse avx512f avx512_vnni\n", False),
        ("Features\t: fp asimd bf16\n", False),  # ARM: not measured
        ("", False),
    ],
)
def test_processor(tmp_path, text, expected):
    (tmp_path / "cpuinfo").write_text(text)
    assert multiplies_bfloat16(tmp_path / "cpuinfo") is expected


def test_no_such_file(tmp_path):
    assert not multiplies_bfloat16(tmp_path / "cpuinfo")


@pytest.mark.parametrize(
    ("able", "cards", "share", "expected"),
    [
        (True, [], 0.6, "bfloat16"),
        (True, [], 1.76, "float32"),  # instructions that are slower than none
        (True, [], 0.95, "float32"),  # no gain worth the rounding
        (False, [], 0.6, "float32"),
        (True, ["a card"], 0.6, "float32"),
    ],
)
def test_auto(monkeypatch, able, cards, share, expected):
    monkeypatch.setattr(vgg_precision, "multiplies_bfloat16", lambda: able)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: cards)
    monkeypatch.setattr(vgg_precision, "bfloat16_share", lambda: share)
    assert chosen_precision("auto") == expected


@pytest.mark.parametrize("asked", ["float32", "bfloat16", "nonsense"])
def test_what_is_asked_for_stays(monkeypatch, asked):
    def never():
        raise AssertionError("nothing is timed where the user chose")

    monkeypatch.setattr(vgg_precision, "bfloat16_share", never)
    assert chosen_precision(asked) == asked


def test_several_workers_time_nothing(monkeypatch):
    def never():
        raise AssertionError("TensorFlow may do nothing before the workers have met")

    workers = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'
    monkeypatch.setenv("TF_CONFIG", workers)
    monkeypatch.setattr(vgg_precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(vgg_precision, "bfloat16_share", never)
    assert chosen_precision("auto") == "float32"


def test_share_is_of_the_first_in_the_second():
    # Sleeps last as long as asked or longer, so only the order of the two is certain.
    assert paired_share(lambda: time.sleep(0.02), lambda: None) > 1
    assert paired_share(lambda: None, lambda: time.sleep(0.02)) < 1


def test_share_takes_the_median(monkeypatch):
    seconds = iter([2.0, 1.0] * 4 + [900.0, 1.0] + [3.0, 1.0] * 4)
    monkeypatch.setattr(vgg_precision, "_seconds", lambda work: next(seconds))
    # Nine pairs: four of 2, one of 900, four of 3. Sorted, the fifth is 3.
    assert paired_share(lambda: None, lambda: None) == 3.0


def test_convolutions_are_timed_for_real():
    assert bfloat16_share() > 0
