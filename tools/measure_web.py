"""How long a person waits for the first fill, and for what: the page measured in a real browser.

    python tools/measure_web.py

Starts the page, opens it in Chromium without a window, loads an embedded photograph scaled to
--size, paints a stroke and clicks Fill, anew for each of --repeats. Prints the median of each part
from click to picture, in milliseconds, with least and most. Needs `pip install playwright` and
Chromium.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from typing import Any

from absl import flags
from PIL import Image

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from inpainting import cli
from inpainting.errors import InputError

flags.DEFINE_string(
    "model", "places", "The model to fill with, as `python -m inpainting.web` takes."
)
flags.DEFINE_integer("size", 512, "The photo's longer side in pixels.", lower_bound=32)
flags.DEFINE_integer("repeats", 7, "Fills, each on a page opened anew.", lower_bound=1)
flags.DEFINE_integer("seed", 4, "Which of the embedded photographs: 0 to 5.", 0, 5)
FLAGS = flags.FLAGS

# As the tests start it: without a sandbox it runs in containers, too.
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"expected flags only, received {arguments[0]} (see --help)")
    names = ("chromium", "google-chrome", "chromium-browser")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if not chromium:
        raise InputError("found no chromium: install it (Debian: apt-get install chromium)")
    command = [sys.executable, "-m", "inpainting.web", "--port=0", "--noopen"]
    command.append(f"--model={FLAGS.model}")
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as page:
        try:
            runs = measure(address(page), chromium, photo())
        finally:
            page.terminate()
    print(table(runs))


def address(page: subprocess.Popen[str]) -> str:
    """Where the page that is being started can be opened."""
    for line in page.stdout or ():
        found = re.search(r"http://\S+", line)
        if found:
            return found[0]
    raise InputError("the page did not start; its own message is above")


def photo() -> bytes:
    """An embedded photograph of --size, as JPEG."""
    from inpainting.web.samples import list_samples

    with Image.open(list_samples()[FLAGS.seed].path) as source:
        scale = FLAGS.size / max(source.size)
        size = (round(source.width * scale), round(source.height * scale))
        data = io.BytesIO()
        source.resize(size, Image.Resampling.LANCZOS).save(data, "JPEG", quality=92)
    return data.getvalue()


def measure(url: str, chromium: str, file: bytes) -> list[dict[str, Any]]:
    """What the page says of each fill: `{"total": ms, "parts": {name: ms}}`."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise InputError("needs playwright: pip install playwright") from None
    runs = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        for _ in range(FLAGS.repeats):
            tab = browser.new_page()
            tab.goto(url)
            tab.wait_for_selector("body[data-ready]")
            upload: Any = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": file}
            tab.set_input_files("#photo-file", upload)
            tab.wait_for_selector("#empty", state="hidden")
            frame: Any = tab.locator("#canvas").bounding_box()
            for number, (x, y) in enumerate(((0.4, 0.45), (0.6, 0.55))):
                tab.mouse.move(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
                if number == 0:
                    tab.mouse.down()
            tab.mouse.up()
            tab.wait_for_timeout(1500)  # the check of the hole is over
            tab.click("#fill")
            tab.wait_for_selector("#timing:not([hidden])")
            runs.append(json.loads(tab.get_attribute("#timing", "data-timing") or "{}"))
            tab.close()
        browser.close()
    return runs


def table(runs: list[dict[str, Any]]) -> str:
    """Rows of Markdown: the parts in their order, then the whole."""
    lines = ["| from click to picture, ms | median | least | most |", "|---|---|---|---|"]
    rows = {name: [run["parts"][name] for run in runs] for name in runs[0]["parts"]}
    rows["all"] = [run["total"] for run in runs]
    for name, values in rows.items():
        figures = (statistics.median(values), min(values), max(values))
        lines.append(f"| {name} | " + " | ".join(f"{figure:.0f}" for figure in figures) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    cli.run(main)
