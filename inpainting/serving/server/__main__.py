"""Serves an exported model by TensorFlow Serving's REST and gRPC interfaces.

    python -m inpainting.serving.server --model exports/mine

The newest version under the folder is served, and a newer one as soon as it is there. By default
only this machine is listened to. SIGTERM answers what is being worked on, refuses the rest and ends
with exit code 0. Needs requirements-serving.txt.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import signal

from absl import flags, logging

from inpainting import cli
from inpainting.errors import InputError
from inpainting.serving.server.limits import Limits

_LIMITS = Limits()
flags.DEFINE_string("model", "", "The folder of an exported model's versions.")
flags.DEFINE_string("name", "inpainting", "How requests call the model.")
flags.DEFINE_string("host", "127.0.0.1", "The address to listen at; 0.0.0.0 is the whole network.")
flags.DEFINE_integer("rest_port", 8501, "REST's port; 0 takes a free one.", 0, 65535)
flags.DEFINE_integer("grpc_port", 8500, "gRPC's port; 0 takes a free one.", 0, 65535)
flags.DEFINE_string(
    "api_key_file",
    "",
    "A file of keys, one a line, of which requests must carry one; without it the key in "
    "$INPAINTING_API_KEY, if any.",
)
flags.DEFINE_float("max_megabytes", _LIMITS.request_megabytes, "The most of one request.")
flags.DEFINE_float(
    "max_megapixels",
    _LIMITS.megapixels,
    "All photos of one :predict together; about 1 GB of memory each.",
)
flags.DEFINE_float(
    "max_photo_megapixels", _LIMITS.photo_megapixels, "The photo of a /fill, filled in crops."
)
flags.DEFINE_integer("max_queue", _LIMITS.queue, "Requests at a time; more are answered 429.")
flags.DEFINE_float("timeout_seconds", _LIMITS.timeout_seconds, "For one request, in all.")
flags.DEFINE_integer("max_batch", _LIMITS.batch_size, "Samples of one size computed at once.")
flags.DEFINE_float(
    "batch_delay_ms", _LIMITS.batch_delay_ms, "How long a request waits for others of its size."
)
flags.DEFINE_float("poll_seconds", 1.0, "How often new versions are looked for.", 0.05)
flags.DEFINE_float("stop_seconds", 60.0, "How long SIGTERM waits for answers.", 0.0)
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: the server takes flags only")
    if not FLAGS.model:
        raise InputError("--model is missing (see --help)")
    if not FLAGS.name or set(FLAGS.name) & set("/:"):
        raise InputError(f"--name {FLAGS.name!r} cannot be part of a path: no / and no :")
    limits = Limits(
        FLAGS.max_megabytes,
        FLAGS.max_megapixels,
        FLAGS.max_photo_megapixels,
        FLAGS.max_queue,
        FLAGS.timeout_seconds,
        FLAGS.max_batch,
        batch_delay_ms=FLAGS.batch_delay_ms,
    )
    try:
        from inpainting.serving.server.access import Access, read_keys
        from inpainting.serving.server.metrics import Metrics
        from inpainting.serving.server.model_folder import ModelFolder
        from inpainting.serving.server.running import Options, run
    except ImportError as error:
        raise InputError(
            f"the server needs {error.name}: pip install -r requirements-serving.txt"
        ) from error

    options = Options(
        FLAGS.host, FLAGS.rest_port, FLAGS.grpc_port, FLAGS.poll_seconds, FLAGS.stop_seconds
    )

    # TensorFlow's million objects stay anyway; without them a full collection comes as often as it
    # should, and takes milliseconds.
    gc.collect()
    gc.freeze()
    access, metrics = Access(read_keys(FLAGS.api_key_file)), Metrics()
    if not access and not _is_loopback(FLAGS.host):
        logging.warning("--host %s without an API key: everyone there may ask", FLAGS.host)
    models = ModelFolder(FLAGS.model, FLAGS.name, metrics)

    def listening(rest: str, grpc: str) -> None:
        print(f"REST http://{rest}/v1/models/{models.name}")
        print(f"gRPC {grpc}", flush=True)

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, _stop, stop)
        await run(models, options, limits, access, metrics, stop, listening)

    asyncio.run(serve())


def _stop(stop: asyncio.Event) -> None:
    print("stopping: requests that are in are answered, others refused", flush=True)
    stop.set()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    cli.run(main)
