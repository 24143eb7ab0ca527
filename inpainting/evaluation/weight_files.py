"""Weights of metric networks in `.npz` files."""

from __future__ import annotations

import hashlib
import zipfile

import numpy as np

from inpainting.errors import InputError


def read_arrays(path: str, flag: str) -> tuple[dict[str, np.ndarray], str]:
    """All arrays of an `.npz` file as they are, and the SHA-256 of the file.

    Raises:
        InputError: no such file, or not one of NumPy's (pickled objects are not read).
    """
    sha256 = sha256_of_file(path, flag)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}, sha256
    except (OSError, ValueError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"{flag}={path} is not a NumPy .npz file: {error}") from None


def sha256_of_file(path: str, flag: str) -> str:
    """SHA-256 of a file's bytes; raises `InputError` that names the flag if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    except OSError as error:
        raise InputError(f"{flag}={path} cannot be read: {error.strerror}") from None
    return digest.hexdigest()
