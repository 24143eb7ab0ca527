"""Sends a server abuse and honest requests in turn, and judges how it bears it."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import socket
import time

import grpc
import numpy as np

from inpainting.serving.client import RestClient
from inpainting.serving.load.abuse import HTTP_ATTACKS, INCOMPLETE_ATTACKS
from inpainting.serving.load.grpc_abuse import grpc_attack
from inpainting.serving.load.photos import random_photo
from inpainting.serving.load.server_process import ServerProcess

_PREDICT = "/tensorflow.serving.PredictionService/Predict"
_GRPC_REFUSALS = {
    *("INVALID_ARGUMENT", "NOT_FOUND", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED"),
    "RESOURCE_EXHAUSTED",
}
_ANSWER_SECONDS, _PATIENCE_SECONDS = 60.0, 1.0
_HONEST_EVERY = 20


@dataclasses.dataclass
class Verdict:
    """What came of it.

    Attributes:
        statuses: how often each attack got each status.
        wrong: what there must not be: 5xx other than 503, silence, a wrong answer to an honest
            request.
        megabytes: the server's memory after one third, two thirds, and all.
    """

    statuses: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    wrong: list[str] = dataclasses.field(default_factory=list)
    megabytes: list[float] = dataclasses.field(default_factory=list)


def abuse(
    server: ServerProcess, requests: int, seed: int = 0, most_seconds: float = 3600
) -> Verdict:
    """Sends `requests` attacks, one after the other, each tenth over gRPC; every request that is
    told wrong can be made again from `seed` and its number."""
    verdict = Verdict()
    honest = RestClient(f"http://{server.rest}", timeout_seconds=_ANSWER_SECONDS)
    end = time.monotonic() + most_seconds
    with grpc.insecure_channel(server.grpc) as channel:
        call = channel.unary_unary(_PREDICT)
        for number in range(requests):
            if time.monotonic() > end:
                verdict.wrong.append(f"time was over after {number} requests")
                break
            rng = np.random.default_rng((seed, number))
            if number % 10 == 0:
                name, status, fine = "grpc_attack", *_over_grpc(call, grpc_attack(rng))
            else:
                attack = HTTP_ATTACKS[number % len(HTTP_ATTACKS)]
                name, status, fine = (
                    attack.__name__,
                    *_over_http(server.rest, attack(rng), attack in INCOMPLETE_ATTACKS),
                )
            verdict.statuses[f"{name} {status}"] += 1
            if not fine:
                verdict.wrong.append(f"{name}, request {number}: {status}")
            if number % _HONEST_EVERY == 0:
                verdict.wrong += _honestly(honest, rng, number)
            if number in (requests // 3, 2 * requests // 3):
                verdict.megabytes.append(server.megabytes)
            if not server.alive:
                verdict.wrong.append(f"the server died at request {number}")
                return verdict
    verdict.megabytes.append(server.megabytes)
    return verdict


def _over_http(address: str, request: bytes, may_wait: bool) -> tuple[str, bool]:
    """The status, and whether it is one that there may be.

    Where the request may be incomplete, silence is right: then the connection is given up.
    """
    host, port = address.rsplit(":", 1)
    seconds = _PATIENCE_SECONDS if may_wait else _ANSWER_SECONDS
    try:
        with socket.create_connection((host, int(port)), seconds) as connection:
            # A server that refuses may close before it has been told everything.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
            answer = connection.recv(4096)
    except OSError as error:
        return type(error).__name__, may_wait and not isinstance(error, ConnectionRefusedError)
    status = answer.split(b" ", 2)[1:2]
    if not status or not status[0].isdigit():
        return "closed", may_wait
    code = int(status[0])
    return str(code), 200 <= code < 500 or code == 503


def _over_grpc(call: grpc.UnaryUnaryMultiCallable, message: bytes) -> tuple[str, bool]:
    try:
        call(message, timeout=_ANSWER_SECONDS)
    except grpc.RpcError as error:
        code = error.code().name
        return code, code in _GRPC_REFUSALS
    return "OK", True


def _honestly(client: RestClient, rng: np.random.Generator, number: int) -> list[str]:
    image, mask = random_photo(rng)
    try:
        completed = client.fill(image, mask)
    except Exception as error:
        return [f"the honest request after {number}: {error}"]
    return [] if (completed == image)[mask == 0].all() else [f"pixels changed after {number}"]
