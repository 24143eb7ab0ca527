"""Work of the server: photos answered over loopback."""

from __future__ import annotations

import atexit
import functools
import os
import tempfile

from inpainting.benchmark.networks import Work, generator
from inpainting.serving.export import export
from inpainting.serving.load.server_process import ServerProcess
from inpainting.serving.load.speed import measure

SIDE, PHOTOS = 64, 20


def server(clients: int) -> Work:
    """`PHOTOS` photos of `SIDE` pixels, as PNG over REST, by so many clients at a time."""
    address = _server().rest

    def run() -> dict[str, float]:
        speed = measure(address, clients, PHOTOS, SIDE)
        # What `measure` makes ready, photos and a first request each, is not counted.
        return {"seconds": PHOTOS / speed.per_second, "requests": PHOTOS}

    return Work(run)


@functools.lru_cache(None)
def _server() -> ServerProcess:
    """A server of this process's own, which ends with it."""
    with tempfile.TemporaryDirectory() as folder:
        export(generator(), os.path.join(folder, "model"))
        process = ServerProcess(os.path.join(folder, "model"))
    atexit.register(process.stop)
    return process
