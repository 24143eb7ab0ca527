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

_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}  # bytes
_NO_MESSAGE = "is not a serialised tf.train.Example"


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


def read_feature(data: bytes, key: str) -> bytes:
    """The first value of a bytes feature in a serialised message; it is read up to there only.

    Raises:
        ValueError: it is no such message, or has no such value.
    """
    for features in _contents(data, 1):
        for entry in _contents(features, 1):
            if next(_contents(entry, 1), None) == key.encode():
                for feature in _contents(entry, 2):
                    for values in _contents(feature, 1):
                        for value in _contents(values, 1):
                            return value
    raise ValueError(f"has no {key}")


def _contents(data: bytes, number: int) -> Iterator[bytes]:
    return (value for found, value in _fields(data) if found == number)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each field; those that are numbers are passed over."""
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        kind, size = key & 7, 0
        if kind == _VARINT:
            _, position = _read_varint(data, position)
            continue
        if kind == _BYTES:
            size, position = _read_varint(data, position)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(_NO_MESSAGE)
        if position + size > len(data):
            raise ValueError(_NO_MESSAGE)
        if kind == _BYTES:
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
    raise ValueError(_NO_MESSAGE)


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
