"""`tf.train.Example` to and from bytes, without TensorFlow, for features of one value each.

The message is `Example{features=1: Features{feature=1: map<string, Feature>}}` with
`Feature{bytes_list=1 | float_list=2 | int64_list=3}`, each list holding its values in field 1
(tensorflow/core/example/feature.proto). TensorFlow takes over a second to import and threads of its
own; the processes that convert photographs need neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Union

Value = Union[bytes, int]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def encode_example(features: dict[str, Value]) -> bytes:
    """The serialised message; bytes and integers from 0 up, sorted by key."""
    entries = b""
    for key in sorted(features):
        value = features[key]
        if isinstance(value, bytes):
            feature = _field(1, _field(1, value))
        else:
            feature = _field(3, _field(1, _varint(value)))  # packed
        entries += _field(1, _field(1, key.encode()) + _field(2, feature))
    return _field(1, entries)


def decode_example(data: bytes) -> dict[str, Value]:
    """The features of a serialised message that have one value, bytes or an integer.

    Raises:
        ValueError: it is no such message.
    """
    features: dict[str, Value] = {}
    for message in _contents(data, 1):
        for entry in _contents(message, 1):
            (key,) = _contents(entry, 1)
            for feature in _contents(entry, 2):
                for values in _contents(feature, 1):
                    features[key.decode()], *_ = _contents(values, 1)
                for values in _contents(feature, 3):
                    features[key.decode()] = _first_integer(values)
    return features


def _first_integer(values: bytes) -> int:
    for number, value in _fields(values):
        if number == 1:
            return value if isinstance(value, int) else _read_varint(value, 0)[0]
    raise ValueError("an int64_list without a value")


def _contents(data: bytes, number: int) -> list[bytes]:
    return [v for n, v in _fields(data) if n == number and isinstance(v, bytes)]


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        kind, size = key & 7, {_FIXED64: 8, _FIXED32: 4}.get(key & 7, 0)
        if kind == _VARINT:
            value, position = _read_varint(data, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, position = _read_varint(data, position)
        if (not size and kind != _BYTES) or position + size > len(data):
            raise ValueError("not a serialised tf.train.Example")
        yield key >> 3, data[position : position + size]
        position += size


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    """(value, position after it)."""
    value = 0
    for shift in range(0, 64, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise ValueError("not a serialised tf.train.Example")


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    if value < 0:
        raise ValueError(f"value must not be negative, received {value}")
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])
