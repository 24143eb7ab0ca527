"""`python -m inpainting.web` as a user calls it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments, **options):
    command = [sys.executable, "-m", "inpainting.web", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **options
    )


def test_help():
    done = run("--help")
    assert done.returncode == 0
    assert "paint the hole" in done.stdout
    for flag in ("--host", "--port", "--model", "--max_megapixels", "--allowed_hosts"):
        assert flag in done.stdout


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--model="], "--model names no model"),
        (["--max_megapixels=0"], "--max_megapixels must be above 0"),
        (["--port=99999"], "port"),
        (["--host=256.1.1.1"], "cannot listen on 256.1.1.1"),
        (["photo.jpg"], "expected flags only"),
    ],
)
def test_mistakes_are_one_line(flags, expected):
    done = run(*flags)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert expected in done.stderr


def test_a_port_in_use_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(f"--port={port}")
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr


@pytest.mark.slow
def test_it_serves_the_shipped_weights_on_loopback_alone(tmp_path):
    command = [sys.executable, "-m", "inpainting.web", "--port=0", "--noopen"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as page:
        try:
            lines = [page.stdout.readline() for _ in range(2)]
            assert lines[0] == "loading places ...\n"
            (url,) = re.findall(r"http://127\.0\.0\.1:\d+/", lines[1])
            with urllib.request.urlopen(url, timeout=60) as answer:
                assert "<title>Inpainting</title>" in answer.read().decode()
        finally:
            page.terminate()
    assert list(tmp_path.iterdir()) == []
