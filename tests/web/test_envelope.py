from __future__ import annotations

import pytest

from inpainting.errors import InputError
from inpainting.web.envelope import pack, unpack


def test_by_hand():
    assert pack({"a": 1}, [b"xy", b""]) == b'\0\0\0\x19{"a": 1, "parts": [2, 0]}xy'
    fields, parts = unpack(b'\0\0\0\x19{"a": 1, "parts": [2, 0]}xy')
    assert fields == {"a": 1}
    assert [bytes(part) for part in parts] == [b"xy", b""]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0\x01",
        b"\0\0\0\x02{}",
        b"\0\0\0\x02[]",
        b'\0\0\0\x0d{"parts": 12}',
        b'\0\0\0\x0e{"parts": [1]}',  # the part is missing
        b'\0\0\0\x0e{"parts": [1]}xy',  # and here is too much
        b'\0\0\0\x0f{"parts": [-1]}',
        b'\0\0\0\x11{"parts": [true]}x'[:-1],
        b"\xff\xff\xff\xff{}",
        b"\0\0\x13\x88" + b"[" * 5000,
    ],
)
def test_what_is_not_of_this_form_is_refused(body):
    with pytest.raises(InputError, match="the request is not"):
        unpack(body)
