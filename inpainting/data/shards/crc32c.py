"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of TFRecords, in NumPy.

A CRC register is linear over GF(2): that of a message is the exclusive-or of what each of its bytes
contributes alone. So all bytes are looked up at once, in one table for each place in a row of
`_ROW` bytes, and the rows' registers are then joined pairwise. Byte by byte in Python it would take
longer than decoding the photograph.
"""

from __future__ import annotations

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # bits reversed
_ROW = 256  # bytes; 256 tables of 1 KiB stay in the processor's second cache
_CHUNK = 1 << 18  # bytes looked up at a time, which bounds the memory
_SHORT = 64  # bytes; below it a loop is faster


def crc32c(data: bytes) -> int:
    """The checksum of `data`; 0xE3069283 for b"123456789"."""
    register = 0xFFFFFFFF
    values = np.frombuffer(data, np.uint8)
    for start in range(0, len(values), _CHUNK):
        register = _update(register, values[start : start + _CHUNK])
    return register ^ 0xFFFFFFFF


def _update(register: int, values: np.ndarray) -> int:
    count = len(values)
    if count < _SHORT:
        for value in values.tolist():
            register = int(_BYTE[(register ^ value) & 255]) ^ (register >> 8)
        return register
    # Zeros before a message leave an empty register empty, and a register that is not empty acts
    # like an exclusive-or with the message's first four bytes.
    padded = np.zeros(-(-count // _ROW) * _ROW, np.uint8)
    message = padded[len(padded) - count :]
    message[:] = values
    message[:4] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8)
    contributions = _places().take(padded.reshape(-1, _ROW) + _PLACE_STARTS)
    return _join(np.bitwise_xor.reduce(contributions, axis=1))


def _join(registers: np.ndarray) -> int:
    """The register after all rows, from those after each row alone."""
    level = 0
    while len(registers) > 1:
        if len(registers) % 2:
            registers = np.concatenate([np.zeros(1, np.uint32), registers])
        registers = _apply(_zeros(level), registers[0::2]) ^ registers[1::2]
        level += 1
    return int(registers[0])


def _byte_table() -> np.ndarray:
    """(256,): the register after one byte."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table.astype(np.uint32)


def _zero_byte(registers: np.ndarray) -> np.ndarray:
    return _BYTE[registers & 255] ^ (registers >> 8)


@functools.cache
def _places() -> np.ndarray:
    """(_ROW * 256,): the register after a byte at each place of a row of zeros."""
    tables = [_BYTE]
    for _ in range(_ROW - 1):
        tables.append(_zero_byte(tables[-1]))
    return np.concatenate(tables[::-1])


@functools.cache
def _zeros(level: int) -> np.ndarray:
    """(4, 256): what `_ROW * 2 ** level` zero bytes make of each byte of a register."""
    if level:
        half = _zeros(level - 1)
        return _apply(half, half)
    registers = np.arange(256, dtype=np.uint32) << np.array([[0], [8], [16], [24]], np.uint32)
    for _ in range(_ROW):
        registers = _zero_byte(registers)
    return registers


def _apply(table: np.ndarray, registers: np.ndarray) -> np.ndarray:
    return (
        table[0][registers & 255]
        ^ table[1][(registers >> 8) & 255]
        ^ table[2][(registers >> 16) & 255]
        ^ table[3][registers >> 24]
    )


_BYTE = _byte_table()
_PLACE_STARTS = np.arange(_ROW, dtype=np.intp) * 256
