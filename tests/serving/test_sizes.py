from __future__ import annotations

import pytest

from inpainting.errors import InputError
from inpainting.serving.sizes import parse_size, parse_sizes


def test_width_comes_first_and_each_size_once():
    assert parse_size("512x384", "--size") == (512, 384)
    assert parse_sizes(["8x9", " 7x1", "8x9"], "--warmup") == [(8, 9), (7, 1)]
    assert parse_sizes([], "--warmup") == []


@pytest.mark.parametrize("text", ["", "512", "0x8", "8x0", "-8x8", "8X8", "8x8x3", "8,5x8", "axb"])
def test_what_is_no_size_is_told(text):
    with pytest.raises(InputError, match="--size must be WIDTHxHEIGHT"):
        parse_size(text, "--size")


def test_a_size_that_no_memory_holds_is_refused():
    with pytest.raises(InputError, match="more than 16 megapixels"):
        parse_size("60000x60000", "--size")
