"""Who may ask: API keys, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable

from inpainting.decoding import open_file
from inpainting.errors import InputError
from inpainting.serving.server.refusal import Refusal

ENVIRONMENT = "INPAINTING_API_KEY"
_BEARER = "bearer "


class Access:
    """The keys of a server; without any, everyone may ask.

    A key comes as `Authorization: Bearer KEY` or `X-API-Key: KEY`, in gRPC as metadata of the same
    names in lower case. Of the keys only hashes are kept.
    """

    def __init__(self, keys: Iterable[str] = ()):
        self._hashes = [_hash(key) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def check(self, headers: Iterable[tuple[str, str]]) -> None:
        """Raises `Refusal` 401 unless one of the headers carries a key."""
        if not self._hashes:
            return
        given = [key for name, value in headers for key in _keys_in(name.lower(), value)]
        # Every key with every hash, however early one fits: the time says nothing.
        fits = [
            hmac.compare_digest(_hash(key), known) for key in given[:4] for known in self._hashes
        ]
        if not any(fits):
            raise Refusal(
                401,
                "this server asks for an API key: Authorization: Bearer KEY, or X-API-Key: KEY",
            )


def read_keys(path: str) -> list[str]:
    """The keys in a file, one a line, or in the environment where no file is named.

    Raises:
        InputError: the file cannot be read, or holds no key.
    """
    if not path:
        key = os.environ.get(ENVIRONMENT, "").strip()
        return [key] if key else []
    with open_file(path) as stream:
        lines = stream.read().decode("utf-8", "replace").splitlines()
    keys = [line.strip() for line in lines if line.strip()]
    if not keys:
        raise InputError(f"--api_key_file {path} holds no key: expected one a line")
    return keys


def _keys_in(name: str, value: str) -> list[str]:
    if name == "x-api-key":
        return [value]
    if name == "authorization" and value.lower().startswith(_BEARER):
        return [value[len(_BEARER) :].strip()]
    return []


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
