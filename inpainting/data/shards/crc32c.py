"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of TFRecords, in NumPy.

A CRC register is linear over GF(2): that of a message is the exclusive-or of what each of its bytes
contributes alone. So all bytes of a chunk are looked up at once, in one table for each place in a
row of `_ROW` bytes, and then the rows' registers, in tables for each row's distance from the end.
Byte by byte in Python it would take longer than decoding the photograph.
"""

from __future__ import annotations

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # bits reversed
_ROW = 256  # bytes; 256 tables of 1 KiB stay in the processor's second cache
_ROWS = 256  # of a chunk
_SHORT = 64  # bytes; below it a loop is faster


def crc32c(data: bytes) -> int:
    """The checksum of `data`; 0xE3069283 for b"123456789"."""
    register = 0xFFFFFFFF
    values = np.frombuffer(data, np.uint8)
    for start in range(0, len(values), _ROW * _ROWS):
        register = _update(register, values[start : start + _ROW * _ROWS])
    return register ^ 0xFFFFFFFF


def _update(register: int, values: np.ndarray) -> int:
    """The register after a chunk more."""
    count = len(values)
    if count < _SHORT:
        for value in values.tolist():
            register = int(_BYTE[(register ^ value) & 255]) ^ (register >> 8)
        return register
    # Zeros before a message leave an empty register empty, and a register that is not empty acts
    # like an exclusive-or with the message's first four bytes.
    rows = -(-count // _ROW)
    padded = np.zeros(rows * _ROW, np.uint8)
    padded[-count:] = values
    padded[-count:][:4] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8)
    registers = _look_up(_place_tables(), padded.reshape(rows, _ROW))
    parts = registers.astype("<u4").view(np.uint8).reshape(1, rows * 4)
    return int(_look_up(_row_tables()[-4 * rows :], parts)[0])


def _look_up(tables: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For values (N, M) and tables (M, 256): (N,), each row's values looked up and joined."""
    starts = np.arange(len(tables), dtype=np.intp) * 256
    return np.bitwise_xor.reduce(tables.ravel().take(values + starts), axis=1)


def _byte_table() -> np.ndarray:
    """(256,): the register after one byte."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table.astype(np.uint32)


_BYTE = _byte_table()


def _zero_byte(registers: np.ndarray) -> np.ndarray:
    return _BYTE[registers & 255] ^ (registers >> 8)


@functools.cache
def _place_tables() -> np.ndarray:
    """(_ROW, 256): the register at the end of a row that is zero but for one byte at that place."""
    tables = [_BYTE]
    for _ in range(_ROW - 1):
        tables.append(_zero_byte(tables[-1]))
    return np.stack(tables[::-1])


@functools.cache
def _row_tables() -> np.ndarray:
    """(4 * _ROWS, 256): what the rows that follow, if zero, make of each byte of a register."""
    registers = np.arange(256, dtype=np.uint32) << np.array([[0], [8], [16], [24]], np.uint32)
    one_row = registers
    for _ in range(_ROW):
        one_row = _zero_byte(one_row)
    tables = [registers]
    for _ in range(_ROWS - 1):
        last = tables[-1]
        tables.append(
            one_row[0][last & 255]
            ^ one_row[1][last >> 8 & 255]
            ^ one_row[2][last >> 16 & 255]
            ^ one_row[3][last >> 24]
        )
    return np.concatenate(tables[::-1])
