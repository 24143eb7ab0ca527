"""Servers on loopback that stand for S3 and Google Cloud Storage, and commands that see them."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from inpainting.image import write_image

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Cloud:
    """A server in a process of its own.

    Attributes:
        environment: for processes that are to use it.
        bucket: URL of an empty bucket.
    """

    def __init__(self, program: str, scheme: str) -> None:
        command = [sys.executable, str(HERE / program)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port, *rest = self.process.stdout.readline().split()
        self.certificate = rest[0] if rest else ""
        self.bucket = f"{scheme}://bucket"
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def request(self, path: str) -> str:
        """PUTs `path`; the answer."""
        url = f"http://127.0.0.1:{self.port}/{path}"
        with urllib.request.urlopen(urllib.request.Request(url, method="PUT")) as answer:
            return answer.read().decode()

    def fail(self, every: int, kinds: str = "error") -> int:
        """Lets every so many requests fail, 0 none; how many did before."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/faults") as answer:
            made = int(answer.read())
        self.request(f"faults?every={every}&kinds={kinds}")
        return made

    def run(self, *command: object, code: int = 0) -> subprocess.CompletedProcess:
        """Runs a Python program of the project."""
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def python(self, text: str) -> str:
        """Runs lines of Python, in which `files` is the module and `url` the bucket."""
        lines = "import os, sys\nfrom inpainting import files\nurl = sys.argv[1]\n"
        leave = "\nsys.stdout.flush()\nos._exit(0)\n"
        return self.run("-c", lines + text + leave, self.bucket).stdout


@pytest.fixture(scope="module")
def s3():
    cloud = Cloud("s3_server.py", "s3")
    cloud.environment |= {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_REGION": "us-east-1",
        "S3_ENDPOINT": f"http://127.0.0.1:{cloud.port}",
    }
    cloud.request("bucket")
    yield cloud
    cloud.process.kill()
    cloud.process.wait()


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Ten photographs of 40 x 40 pixels in `train`, two in `val`."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(12):
        place = folder / ("val" if number > 9 else "train")
        place.mkdir(exist_ok=True)
        photo = rng.integers(0, 256, (40, 40, 3), np.uint8)
        write_image(place / f"{number:02}.png", photo)
    return folder


@pytest.fixture(scope="module")
def gcs():
    cloud = Cloud("gcs_server.py", "gs")
    cloud.environment |= {
        "HTTPS_PROXY": f"http://127.0.0.1:{cloud.port}",
        "CURL_CA_BUNDLE": cloud.certificate,
        "GOOGLE_AUTH_TOKEN_FOR_TESTING": "nobody's",
        "NO_GCE_CHECK": "true",
    }
    yield cloud
    cloud.process.kill()
    cloud.process.wait()


@pytest.fixture(params=["s3", "gcs"])
def cloud(request):
    """Each of the two servers in turn, without faults."""
    server = request.getfixturevalue(request.param)
    yield server
    server.fail(0)
