import pytest
import tensorflow as tf

from inpainting.training import vgg_precision
from inpainting.training.vgg_precision import chosen_precision, multiplies_bfloat16


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
    ("able", "cards", "expected"),
    [(True, [], "bfloat16"), (False, [], "float32"), (True, ["a card"], "float32")],
)
def test_auto(monkeypatch, able, cards, expected):
    monkeypatch.setattr(vgg_precision, "multiplies_bfloat16", lambda: able)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: cards)
    assert chosen_precision("auto") == expected


@pytest.mark.parametrize("asked", ["float32", "bfloat16", "nonsense"])
def test_what_is_asked_for_stays(asked):
    assert chosen_precision(asked) == asked
