import sys
import textwrap

import pytest

from inpainting.benchmark.program import Program
from inpainting.errors import InputError


def _program(tmp_path, body, threads=2):
    """A peer whose loop body is `body`, with the request in `request`."""
    script = tmp_path / "peer.py"
    loop = "import json, os, sys\nfor line in sys.stdin:\n    request = json.loads(line)\n"
    script.write_text(loop + textwrap.indent(textwrap.dedent(body), "    "))
    return Program("the peer", [sys.executable, "-u", str(script)], threads)


def test_asks_and_is_answered(tmp_path):
    peer = _program(tmp_path, "print(json.dumps({'seconds': request['size'] / 4, 'flops': 8}))")
    assert peer.ask({"row": "forward", "size": 2}) == {"seconds": 0.5, "flops": 8}
    assert peer.ask({"row": "forward", "size": 4})["seconds"] == 1
    peer.stop()


def test_is_told_its_threads(tmp_path):
    peer = _program(
        tmp_path,
        "print(json.dumps({'seconds': 1, 't': [os.environ['BENCHMARK_THREADS'],"
        " os.environ['OMP_NUM_THREADS']]}))",
        threads=3,
    )
    assert peer.ask({"row": "r"})["t"] == ["3", "3"]
    peer.stop()


def test_may_be_unable(tmp_path):
    peer = _program(tmp_path, "print(json.dumps({'unsupported': 'no VGG here'}))")
    assert peer.ask({"row": "train"}) == {"unsupported": "no VGG here"}
    peer.stop()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('hello')", "answered 'hello'"),
        ("print('[1]')", "answered '[1]'"),
        ("print(json.dumps({'seconds': 0}))", "above 0"),
        ("print(json.dumps({'seconds': '1'}))", "above 0"),
        ("print(json.dumps({'seconds': True}))", "above 0"),
        ("print(json.dumps({'error': 'out of memory'}))", "out of memory"),
        ("sys.exit(3)", "ended (code 3)"),
    ],
)
def test_what_is_no_answer_is_named(tmp_path, body, message):
    peer = _program(tmp_path, body)
    with pytest.raises(InputError, match="the peer") as caught:
        peer.ask({"row": "forward", "size": 256})
    assert message in str(caught.value)
    assert "forward size=256" in str(caught.value)
    peer.stop()


def test_a_stopped_program_starts_anew(tmp_path):
    peer = _program(tmp_path, "print(json.dumps({'seconds': 1, 'process': os.getpid()}))")
    first = peer.ask({"row": "r"})["process"]
    assert peer.ask({"row": "r"})["process"] == first
    peer.stop()
    assert peer.ask({"row": "r"})["process"] != first
    peer.stop()


def test_a_command_that_is_not_there():
    with pytest.raises(InputError, match="cannot be started"):
        Program("the peer", "/nowhere/peer --fast", 1).ask({"row": "r"})
