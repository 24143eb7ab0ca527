"""The command itself, as a process of its own."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from inpainting.serving.export import export

COMMAND = [sys.executable, "-m", "inpainting.serving.server"]


class Slow(tf.keras.Model):
    """Takes some seconds for a photo of 256 x 256, and none for the trial of 32 x 32."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.fill((3, 3, 3, 3), 1 / 27))

    def call(self, image, mask, training=None):
        steps = tf.shape(image)[1] ** 2 // 40
        blurred = tf.while_loop(
            lambda step, _: step < steps,
            lambda step, x: (step + 1, tf.nn.conv2d(x, self.kernel, 1, "SAME")),
            (0, image),
        )[1]
        return {"coarse": blurred, "refined": blurred}


def ask(url, data=None):
    body = None if data is None else json.dumps(data).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=120) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_answers_what_is_in_refuses_new_ones_and_exits_0(tmp_path, until, number):
    export(Slow(), str(tmp_path / "slow"))
    process = subprocess.Popen(
        [*COMMAND, "--model", str(tmp_path / "slow"), "--rest_port=0", "--grpc_port=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "serving inpainting version 1\n"
        url = re.fullmatch(r"REST (http://127.0.0.1:\d+)/.*\n", process.stdout.readline())[1]
        where = url + "/v1/models/inpainting:predict"
        large = {
            "image": np.full((1, 256, 256, 3), 7).tolist(),
            "mask": np.ones((1, 256, 256, 1), int).tolist(),
        }
        small = {"inputs": {"image": [[[[1, 2, 3]]]], "mask": [[[[1]]]]}}
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            waiting = executor.submit(ask, where, {"inputs": large})
            # The network is at it once the batch has been counted.
            until(lambda: b"batch_samples_count 1.0" in ask(url + "/metrics")[1])
            process.send_signal(number)
            until(lambda: ask(url + "/healthz/ready")[0] == 503)
            status, body = ask(where, small)
            assert status == 503
            assert "stopping" in json.loads(body)["error"]
            assert not waiting.done()
            status, body = waiting.result(120)
        assert status == 200
        assert np.shape(json.loads(body)["outputs"]) == (1, 256, 256, 3)
        assert process.wait(60) == 0
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


def run(*arguments, **environment):
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=120,
    )


def test_help_needs_no_tensorflow():
    code = "import runpy, sys; sys.argv = ['server', '--help']\n"
    code += "try: runpy.run_module('inpainting.serving.server', run_name='__main__')\n"
    code += "finally: print('tensorflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.endswith("False\n")
    assert "--max_megapixels" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--model is missing"),
        (["model"], "takes flags only"),
        (["--model=m", "--name=a/b"], "cannot be part of a path"),
        (["--model=m", "--max_queue=0"], "queue must be above 0"),
        (["--model=m", "--max_megabytes=nan"], "request_megabytes must be above 0, received nan"),
        (["--model=m", "--stop_seconds=nan"], "--stop_seconds must be a number, received nan"),
        (["--model=m", "--rest_port=70000"], "rest_port"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(arguments, words):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


@pytest.mark.slow
def test_a_missing_model_and_a_taken_port_are_one_line_and_exit_2(model_path, tmp_path):
    done = run("--model", str(tmp_path))
    assert done.returncode == 2
    assert "holds no version of a model" in done.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for flags, words in (
            ([f"--rest_port={port}", "--grpc_port=0"], "(REST)"),
            (["--rest_port=0", f"--grpc_port={port}"], "(gRPC)"),
        ):
            done = run("--model", model_path, *flags)
            assert done.returncode == 2
            assert words in done.stderr
            assert "Traceback" not in done.stderr
