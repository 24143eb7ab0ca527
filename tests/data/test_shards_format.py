"""The bytes of shards: checksums, framing and messages, against published values and TensorFlow."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from google_crc32c import value as crc32c

from inpainting.data.shards.example import encode_example, read_feature
from inpainting.data.shards.records import frame, unframe


def _crc32c_bit_by_bit(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        # RFC 3720, B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_checksums(data, checksum):
    assert crc32c(data) == checksum


@pytest.mark.parametrize("length", [1, 4, 63, 64, 65, 255, 256, 257, 511, 512, 513, 1300, 5000])
def test_checksums_of_every_kind_of_length(length):
    data = np.random.default_rng(length).bytes(length)
    assert crc32c(data) == _crc32c_bit_by_bit(data)


@pytest.mark.parametrize("length", [(1 << 16) - 1, 1 << 16, (1 << 16) + 3, (1 << 17) + 70])
def test_checksum_of_more_than_one_chunk(length):
    data = np.random.default_rng(length).bytes(length)
    assert crc32c(data) == _crc32c_bit_by_bit(data)


FEATURES = {
    "image/encoded": bytes(range(256)) * 3,
    "image/height": 300,
    "image/width": 1,
    "zero": 0,
    "large": 2**40 + 5,
    "empty": b"",
}


def test_tensorflow_reads_the_message():
    import tensorflow as tf

    example = tf.train.Example.FromString(encode_example(FEATURES))
    read = {
        key: (feature.bytes_list.value or feature.int64_list.value)[0]
        for key, feature in example.features.feature.items()
    }
    assert read == FEATURES


@pytest.mark.parametrize("deterministic", [True, False])
def test_a_message_of_tensorflow_is_read(deterministic):
    import tensorflow as tf

    example = tf.train.Example()
    for key, value in FEATURES.items():
        if isinstance(value, bytes):
            example.features.feature[key].bytes_list.value.append(value)
        else:
            example.features.feature[key].int64_list.value.append(value)
    example.features.feature["other"].float_list.value.append(0.5)
    data = example.SerializeToString(deterministic=deterministic)
    for message in (data, encode_example(FEATURES)):
        for key in ("image/encoded", "empty"):
            assert read_feature(message, key) == FEATURES[key]
        for key in ("image/height", "missing"):
            with pytest.raises(ValueError, match=f"has no {key}"):
                read_feature(message, key)


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x0b", b"\x80" * 11, b"\x0a", b"\x0d123"])
def test_what_is_no_message_is_refused(data):
    with pytest.raises(ValueError, match=r"not a serialised tf\.train\.Example"):
        read_feature(data, "image/encoded")


def test_fields_of_other_kinds_are_passed_over():
    """A number, eight bytes and four bytes, in fields that the message does not have."""
    other = b"\x10\x96\x01" + b"\x19" + bytes(8) + b"\x25" + bytes(4)
    assert read_feature(other + encode_example({"a": b"1"}), "a") == b"1"


def test_negative_values_are_refused():
    with pytest.raises(ValueError, match="received -1"):
        encode_example({"a": -1})


def test_frames_are_those_of_tensorflow(tmp_path):
    import tensorflow as tf

    data = [b"", b"x", bytes(1000)]
    path = str(tmp_path / "theirs.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for record in data:
            writer.write(record)
    ours = b"".join(frame(record, crc32c(record)) for record in data)
    assert (tmp_path / "theirs.tfrecord").read_bytes() == ours


def test_a_damaged_record_is_refused():
    data = b"some data"
    record = frame(data, crc32c(data))
    assert unframe(record, 9, crc32c(data)) == data
    with pytest.raises(ValueError, match="cut off"):
        unframe(record[:-1], 9, crc32c(data))
    with pytest.raises(ValueError, match="not where the index says"):
        unframe(struct.pack("<Q", 8) + record[8:], 9, crc32c(data))
    for place in (12, 20, len(record) - 1):
        damaged = bytearray(record)
        damaged[place] ^= 1
        with pytest.raises(ValueError, match="checksum"):
            unframe(bytes(damaged), 9, crc32c(data))
    other = b"other....."[:9]
    with pytest.raises(ValueError, match="checksum"):
        unframe(frame(other, crc32c(other)), 9, crc32c(data))
