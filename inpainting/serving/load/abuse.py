"""Requests that no honest client sends, over REST: each as raw bytes of HTTP.

`HTTP_ATTACKS` are functions of a random generator. Each returns one request (sometimes a valid one,
where damage happens to do nothing); the caller sends it and judges the answer.
"""

from __future__ import annotations

import base64
import copy
import json
import struct
import zlib
from typing import Any, Callable

import numpy as np

from inpainting.serving.load.photos import encoded, random_photo

Rng = np.random.Generator
_FORMATS = ("PNG", "JPEG", "BMP", "GIF")
_SMALL = (5, 8)


def http_request(
    method: str, path: str, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """A whole request, after which the server is to close."""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    if not any(name == "Content-Length" for name, _ in headers):
        head += f"Content-Length: {len(body)}\r\n"
    return (head + "".join(f"{n}: {v}\r\n" for n, v in headers) + "\r\n").encode("latin-1") + body


def predict(content: Any, path: str = "/v1/models/inpainting:predict") -> bytes:
    """A `:predict` of bytes, or of anything as JSON."""
    return http_request(
        "POST", path, content if isinstance(content, bytes) else json.dumps(content).encode()
    )


def files(image: bytes, mask: bytes) -> dict[str, Any]:
    """The JSON of two encoded files."""
    row = {
        name: {"b64": base64.b64encode(data).decode()}
        for name, data in (("image_bytes", image), ("mask_bytes", mask))
    }
    return {"signature_name": "serve_bytes", "instances": [row]}


def form(*parts: tuple[str, bytes]) -> bytes:
    """A `/fill`."""
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n%s\r\n'
        % (name.encode(), data)
        for name, data in parts
    )
    kind = ("Content-Type", "multipart/form-data; boundary=x")
    return http_request("POST", "/fill", body + b"--x--\r\n", (kind,))


def bomb(kind: str, width: int, height: int) -> bytes:
    """A small file that claims to be large."""
    if kind == "PNG":
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(400_000), 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in parts
        )
    if kind == "BMP":
        info = struct.pack("<IiiHHIIiiII", 40, width, -height, 1, 24, 0, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info + bytes(100)
    if kind == "GIF":
        w, h = min(width, 65535), min(height, 65535)
        frame = b"," + struct.pack("<HHHHB", 0, 0, w, h, 0) + b"\x02\x02\x4c\x01\x00"
        return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0xF0, 0, 0) + bytes(6) + frame * 50 + b";"
    frame = struct.pack(">BHHB", 8, min(height, 65535), min(width, 65535), 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xda" + bytes(60)


def _photo_files(rng: Rng) -> tuple[bytes, bytes]:
    image, mask = random_photo(rng, _SMALL)
    return encoded(image, str(rng.choice(_FORMATS))), encoded(mask, "PNG")


def _damaged(rng: Rng, data: bytes) -> bytes:
    if rng.random() < 0.4:
        return data[: rng.integers(0, len(data))]
    changed = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 9)):
        changed[place] = rng.integers(0, 256)
    return bytes(changed)


def damaged_files(rng: Rng) -> bytes:
    """Truncated, or with wrong bytes in it."""
    image, mask = _photo_files(rng)
    which = rng.integers(0, 3)
    image, mask = (
        _damaged(rng, image) if which != 1 else image,
        _damaged(rng, mask) if which != 0 else mask,
    )
    return (
        form(("image", image), ("mask", mask))
        if rng.random() < 0.3
        else predict(files(image, mask))
    )


def bombs(rng: Rng) -> bytes:
    """A file that claims 60,000 x 60,000, or other sizes beyond all limits or none."""
    sides = [(60_000, 60_000), (2**31 - 1, 1), (9000, 9000), (0, 0), (65_535, 65_535), (3000, 1500)]
    data = bomb(str(rng.choice(_FORMATS)), *sides[rng.integers(len(sides))])
    mask = data if rng.random() < 0.5 else _photo_files(rng)[1]
    return (
        form(("image", data), ("mask", mask)) if rng.random() < 0.3 else predict(files(data, mask))
    )


_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 256, 2**63, 10**400, 0.5, 1e308, "", "x", "\0", "\ud800", [], [[]], {}),
    *({"b64": 3}, {"b64": "@@@"}, {"b64": "A" * 5}, {"b64": ""}, [[[[1, 2]]]], [[[[1]], [[2]]]]),
    *([[[[-5, 0, 0]]]], [[[["1", 2, 3]]]], [[[[1, 2, 3]] * 3] * 2] * 2, {"a": {"a": {"a": {}}}}),
)


def wrong_values(rng: Rng) -> bytes:
    """Anything in the place of anything."""
    request: dict[str, Any] = {
        "signature_name": str(rng.choice(["serving_default", "generate", "serve_bytes"])),
        "inputs": {"image": [[[[1, 0, 1]]]], "mask": [[[[1]]]]},
    }
    for _ in range(rng.integers(1, 4)):
        value = copy.deepcopy(_VALUES[rng.integers(len(_VALUES))])
        where = rng.integers(0, 5)
        if where == 0:
            request["signature_name"] = value
        elif where == 1:
            request[str(rng.choice(["instances", "inputs"]))] = value
        elif isinstance(request.get("inputs"), dict):
            names = ["image", "mask", "image_bytes", "mask_bytes", "x"]
            request["inputs"][str(rng.choice(names))] = value
    return predict(request)


def broken_json(rng: Rng) -> bytes:
    """Damaged text, deep nesting, numbers that are none."""
    values = ["NaN", "-Infinity", "1e999", "-0", "1e-999", "0x10", "01"]
    texts = [
        b"[" * int(rng.integers(1, 300_000)),
        b'{"inputs":' * int(rng.integers(1, 30_000)),
        b'{"instances":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"signature_name":"generate","inputs":{"image":[[[[%s,0,0]]]],"mask":[[[[1]]]]}}'
        % str(rng.choice(values)).encode(),
        _damaged(rng, json.dumps(files(*_photo_files(rng))).encode()),
        rng.bytes(int(rng.integers(0, 5000))),
        b"\xef\xbb\xbf{}",
        b'{"instances":[' + b"{}," * 100_000 + b"{}]}",
    ]
    return predict(texts[rng.integers(len(texts))])


def wrong_paths(rng: Rng) -> bytes:
    """Names and versions that try to be paths, and methods that are none."""
    names = ["..", "../..", "%2e%2e%2fetc", "inpainting%00", "*", "'", "A" * 9000, "%ff", "{}", "~"]
    versions = ["", "/versions/-1", "/versions/9" + "9" * 30, "/versions/1e3", "/versions/%2e%2e"]
    verbs = [":predict", ":x", "", "/metadata", ":predict/", "?a=b", "//"]
    path = "/v1/models/" + "".join(
        str(rng.choice(part)) for part in (["inpainting", *names], versions, verbs)
    )
    method = str(rng.choice(["GET", "POST"] * 4 + ["PUT", "HEAD", "TRACE", "X"]))
    return http_request(method, path, b"{}" if rng.random() < 0.5 else b"")


def wrong_forms(rng: Rng) -> bytes:
    """Forms of other types, names and boundaries."""
    image, mask = _photo_files(rng)
    whole = form(("image", image), ("mask", mask))
    requests = [
        _damaged(rng, whole),
        whole.replace(b"boundary=x", b"boundary=" + b"y" * 2000),
        whole.replace(b"; boundary=x", b""),
        whole.replace(b"multipart/form-data", b"multipart/form-data; charset=nothing"),
        whole.replace(b"multipart/form-data", b"text/html"),
        whole.replace(b'name="image"', b""),
        form(*[("image", image)] * 500),
        form(("image", b""), ("mask", b"")),
        http_request("POST", "/fill", b"a=b&" * 5000),
    ]
    return requests[rng.integers(len(requests))]


def wrong_http(rng: Rng) -> bytes:
    """What is hardly HTTP at all."""
    request = predict({"inputs": {}})
    requests = [
        rng.bytes(int(rng.integers(1, 500))),
        request[: rng.integers(1, len(request))],
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/models/inpainting:predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /fill HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\nabc",
        b"POST /fill HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /fill HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ]
    return requests[rng.integers(len(requests))]


HTTP_ATTACKS: tuple[Callable[[Rng], bytes], ...] = (
    *(damaged_files, damaged_files, bombs, wrong_values, wrong_values, broken_json),
    *(wrong_paths, wrong_forms, wrong_http),
)
# These may send less than they announce.
INCOMPLETE_ATTACKS = (wrong_forms, wrong_http)
