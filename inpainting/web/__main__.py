"""Opens a page in the browser on which to paint the hole and see the fill.

    python -m inpainting.web
    python -m inpainting.web --model places,runs/mine

It listens on this machine alone (127.0.0.1) unless `--host` says otherwise. Photos stay in the
browser's and this program's memory; nothing is written to the disk. Ctrl-C ends it.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import socket
import sys
import webbrowser
from typing import TYPE_CHECKING

from absl import flags

from inpainting import cli
from inpainting.errors import InputError

if TYPE_CHECKING:
    from inpainting.web.photos import Limits

flags.DEFINE_list(
    "model",
    "places",
    "Run folders, checkpoint prefixes, SavedModel folders or names of shipped weights, with "
    "commas; two or more can be compared side by side.",
)
flags.DEFINE_string(
    "host", "127.0.0.1", "The address to listen on; 0.0.0.0 is all of this machine."
)
flags.DEFINE_integer("port", 7860, "The port to listen on; 0 takes a free one.", 0, 65535)
flags.DEFINE_list("allowed_hosts", "", "Further names by which browsers may call this machine.")
flags.DEFINE_float("max_megapixels", 64, "The largest photo.")
flags.DEFINE_float("max_megabytes", 256, "The largest request: a photo's file and its patches.")
flags.DEFINE_bool("open", True, "Open the page in this machine's browser, where there is one.")
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> int:
    if arguments:
        raise InputError(f"expected flags only, received {arguments[0]} (see --help)")
    if not all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn")):
        raise InputError("the page needs FastAPI: pip install -r requirements-web.txt")
    names = list(dict.fromkeys(filter(None, FLAGS.model)))
    if not names:
        raise InputError("--model names no model")
    from inpainting.web.photos import Limits

    limits = Limits(FLAGS.max_megabytes, FLAGS.max_megapixels)
    listener = listen(FLAGS.host, FLAGS.port)
    with listener:
        serve(listener, names, limits)
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, so that who comes early waits instead of being turned away.

    Raises:
        InputError: that is not possible.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        raise InputError(
            f"cannot listen on {host} port {port}: {error.strerror} (--host, --port)"
        ) from None
    return listener


def serve(listener: socket.socket, names: list[str], limits: Limits) -> None:
    """Loads the models and serves the page until it is interrupted."""
    import uvicorn

    from inpainting.web.app import create_app
    from inpainting.web.models import load_model

    models = []
    for name in names:
        print(f"loading {name} ...", flush=True)
        models.append(load_model(name))
    host, port = listener.getsockname()[:2]
    local = ipaddress.ip_address(host).is_loopback
    allowed = [*filter(None, FLAGS.allowed_hosts), FLAGS.host, *([] if local else own_names())]
    app = create_app(models, limits, allowed, any_address=not local)
    shown = "localhost" if host in ("0.0.0.0", "::") else host
    url = f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
    print(f"the page is at {url} (Ctrl-C ends it)", flush=True)
    if not local:
        print("everyone who reaches this machine can use it: there is no password", flush=True)
    if FLAGS.open and has_screen():
        webbrowser.open(url)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off"
    )
    uvicorn.Server(config).run([listener])


def own_names() -> list[str]:
    """The names of this machine."""
    return [socket.gethostname(), socket.getfqdn()]


def has_screen() -> bool:
    """Whether a browser can show itself: not over a plain terminal or in a container."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    cli.run(main)
