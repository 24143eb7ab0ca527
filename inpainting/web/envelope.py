"""Several binary parts and a JSON object in one body, as the page sends and receives them.

Four bytes, big-endian: the length of the JSON. Then the JSON, an object whose `"parts"` lists the
lengths of the parts. Then the parts, one after the other. (The usual form for this,
multipart/form-data, is spooled to temporary files by its parsers; here nothing touches the disk.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Union

from inpainting.errors import InputError

Part = Union[bytes, memoryview]
_LENGTH = 4


def pack(fields: dict[str, Any], parts: Sequence[Part] = ()) -> bytes:
    """One body of JSON-able fields and parts."""
    header = json.dumps({**fields, "parts": [len(part) for part in parts]}).encode()
    return b"".join([len(header).to_bytes(_LENGTH, "big"), header, *parts])


def unpack(body: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """The fields (without `"parts"`) and the parts of a body.

    Raises:
        InputError: it was not made by `pack` or its counterpart in the page.
    """
    view = memoryview(body)
    start = _LENGTH + int.from_bytes(view[:_LENGTH], "big")
    try:
        fields = json.loads(bytes(view[_LENGTH:start]))
        lengths = fields.pop("parts")
        whole = all(isinstance(length, int) and length >= 0 for length in lengths)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise InputError("the request is not in the page's own form") from None
    if not whole or start + sum(lengths) != len(view):
        raise InputError("the request is not complete")
    parts = []
    for length in lengths:
        parts.append(view[start : start + length])
        start += length
    return fields, parts
