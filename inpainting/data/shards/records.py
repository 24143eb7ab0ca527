"""The framing of TFRecords (tensorflow/core/lib/io/record_writer.h).

A record is its data's length (uint64), the length's checksum (uint32), the data and the data's
checksum (uint32), all little-endian. Checksums are CRC-32C, masked so that data which holds
checksums itself keeps its own apart.
"""

from __future__ import annotations

import struct

import google_crc32c

HEADER, FOOTER = 12, 4  # bytes before and after the data


def frame(data: bytes, checksum: int) -> bytes:
    """The record of `data`, whose CRC-32C is `checksum`."""
    length = struct.pack("<Q", len(data))
    return length + _masked(google_crc32c.value(length)) + data + _masked(checksum)


def unframe(record: bytes, length: int, checksum: int) -> bytes:
    """The data of a record that should have this length and this CRC-32C.

    Raises:
        ValueError: the record ends too early, is another one, or was damaged; the message says.
    """
    if len(record) < HEADER + length + FOOTER:
        raise ValueError("is cut off")
    if struct.unpack_from("<Q", record)[0] != length:
        raise ValueError("is not where the index says")
    data = record[HEADER : HEADER + length]
    if google_crc32c.value(data) != checksum or record[HEADER + length :] != _masked(checksum):
        raise ValueError("does not have the checksum that it was written with")
    return data


def _masked(checksum: int) -> bytes:
    rotated = (checksum >> 15 | checksum << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)
