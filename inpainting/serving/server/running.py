"""Starts the server, and stops it so that nobody's photo is lost."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
import socket
from collections.abc import Iterator
from typing import Callable

import grpc
import uvicorn
from absl import logging

from inpainting.errors import InputError
from inpainting.serving.server.access import Access
from inpainting.serving.server.grpc_methods import make_handlers
from inpainting.serving.server.limits import Limits
from inpainting.serving.server.metrics import Metrics
from inpainting.serving.server.model_folder import ModelFolder
from inpainting.serving.server.rest_app import make_app
from inpainting.serving.server.service import Service

# gRPC's own calls wait this long for theirs to end, after the service has none any more.
_GRPC_SECONDS = 1.0
_BACKLOG = 2048


@dataclasses.dataclass(frozen=True)
class Options:
    """Where and how to listen.

    Attributes:
        host: the address, "127.0.0.1" for this machine alone.
        rest_port, grpc_port: 0 takes any that is free.
        poll_seconds: how often the model's folder is looked at.
        stop_seconds: how long a stop waits for requests that are in.

    Raises:
        InputError: a time is not a number, or infinite.
    """

    host: str = "127.0.0.1"
    rest_port: int = 8501
    grpc_port: int = 8500
    poll_seconds: float = 1.0
    stop_seconds: float = 60.0

    def __post_init__(self) -> None:
        for name in ("poll_seconds", "stop_seconds"):
            if not math.isfinite(getattr(self, name)):
                raise InputError(f"--{name} must be a number, received {getattr(self, name)}")


class _Uvicorn(uvicorn.Server):
    """Leaves signals alone: there are two servers to stop, and requests to wait for."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(
    models: ModelFolder,
    options: Options,
    limits: Limits,
    access: Access,
    metrics: Metrics,
    stop: asyncio.Event,
    listening: Callable[[str, str], None],
) -> None:
    """Serves until `stop` is set; then answers what was admitted, refuses the rest and returns.

    Args:
        listening: called once with REST's and gRPC's `HOST:PORT`.

    Raises:
        InputError: an address cannot be listened at.
    """
    service = Service(models, limits, metrics)
    listener = _listen(options.host, options.rest_port)
    grpc_server, grpc_port = _grpc_server(service, access, options)
    rest_server = _Uvicorn(
        uvicorn.Config(
            make_app(service, access),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    await grpc_server.start()
    tasks = [
        asyncio.ensure_future(service.batcher.work()),
        asyncio.ensure_future(_watch(models, options.poll_seconds)),
        asyncio.ensure_future(rest_server.serve(sockets=[listener])),
    ]
    host = _bracketed(options.host)
    listening(f"{host}:{listener.getsockname()[1]}", f"{host}:{grpc_port}")
    waiting = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    try:
        if waiting not in done:  # one of the tasks ended, which none should
            next(iter(done)).result()
            raise RuntimeError("the server stopped by itself")
        if not await service.drained(options.stop_seconds):
            logging.error("stopped after %g s with requests unanswered", options.stop_seconds)
    finally:
        service.stopping = True
        await grpc_server.stop(_GRPC_SECONDS)
        rest_server.should_exit = True
        await asyncio.wait([tasks[2]])
        for task in [waiting, *tasks]:
            task.cancel()
        service.close()


async def _watch(models: ModelFolder, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(seconds)
        try:
            await loop.run_in_executor(None, models.update)
        except Exception:  # what is served stays, whatever befell the folder
            logging.exception("looking for new versions in %s failed", models.path)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From now on whoever connects waits, and is not turned away.
        listener.listen(_BACKLOG)
        listener.set_inheritable(True)
        return listener
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen at {host} port {port} (REST): {why}") from error


def _grpc_server(service: Service, access: Access, options: Options) -> tuple[grpc.aio.Server, int]:
    settings = [
        ("grpc.max_receive_message_length", service.limits.request_bytes),
        ("grpc.max_send_message_length", -1),
        # Otherwise a second server takes the same port without a word, and half of the requests.
        ("grpc.so_reuseport", 0),
    ]
    # Messages are read before they are admitted: no more of them at a time than can be refused.
    server = grpc.aio.server(options=settings, maximum_concurrent_rpcs=2 * service.limits.queue)
    server.add_generic_rpc_handlers(make_handlers(service, access))
    address = f"{_bracketed(options.host)}:{options.grpc_port}"
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise InputError(f"cannot listen at {address} (gRPC): is it in use?") from error
    return server, port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
