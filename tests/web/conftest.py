"""The page with two generators that anyone can work out, on a real server, in a real browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
import uvicorn

from inpainting.serving.predictor import Predictor
from inpainting.web.__main__ import listen
from inpainting.web.app import create_app
from inpainting.web.envelope import pack, unpack
from inpainting.web.models import Model, warm_up
from inpainting.web.photos import Limits

RECORD = {"image_size": 64, "system": {"masks": "mixed"}, "purpose": "tests"}


def constant(value):
    """A generator that fills with one grey; its coarse picture is black."""

    def generate(image, mask):
        return {"coarse": tf.zeros_like(image), "refined": tf.fill(tf.shape(image), value)}

    return generate


class Served:
    """A page that is being served; it can be stopped and started again at its address."""

    def __init__(self, models=None, limits=None, **options):
        self.models = models or [
            Model("light", Predictor(constant(0.9), 64, RECORD)),
            Model("dark", Predictor(constant(0.1), 64, RECORD)),
        ]
        for model in self.models:  # as the command does: the first fill builds graphs
            warm_up(model)
        self.app = create_app(self.models, limits or Limits(), **options)
        self.port = 0
        self.start()

    def start(self):
        listener = listen("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(self.app, log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([listener],), daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 60
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self):
        # A browser keeps connections open; they are cut, as when a process ends.
        self.server.force_exit = True
        self.server.should_exit = True
        self.thread.join(60)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body) of one request, with headers as given."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, 60)) as wire:
            wire.request(method, path, body, headers or {})
            answer = wire.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def post(self, name, fields, parts):
        """(fields, parts) of the answer, or the refusal as a string."""
        status, _, body = self.request("POST", f"/api/{name}", pack(fields, parts))
        if status != 200:
            return json.loads(body)["error"]
        return unpack(body)


@pytest.fixture(scope="session")
def served():
    page = Served()
    yield page
    page.stop()


@pytest.fixture
def serve():
    """Serves pages of a test's own: `serve(models, limits, ...)`."""
    pages = []

    def start(*arguments, **options):
        pages.append(Served(*arguments, **options))
        return pages[-1]

    yield start
    for page in pages:
        page.stop()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


BROWSERS = ("chromium", "google-chrome", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    """Chromium. Where tests must not be left out (CI), a missing one is a failure."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if not CHROMIUM or not sync_playwright:
        missing = "playwright" if CHROMIUM else "chromium"
        if os.environ.get("CI"):
            pytest.fail(f"the page is tested in a browser, but {missing} is not installed")
        pytest.skip(f"needs {missing}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, served):
    """Opens tabs; at the end, no request of theirs has left the machine and no script failed."""
    contexts, requests, errors = [], [], []

    def open_tab(page=None, **options):
        page = page or served
        context = browser.new_context(viewport={"width": 1000, "height": 700}, **options)
        contexts.append(context)
        context.on("request", lambda request: requests.append(request.url))
        context.set_default_timeout(120_000)
        tab = context.new_page()
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(page.url)
        tab.wait_for_selector("body[data-ready]")
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert errors == []
    assert requests
    here = ("http://127.0.0.1:", "blob:http://127.0.0.1:")
    outside = [url for url in requests if not url.startswith(here)]
    assert outside == []
