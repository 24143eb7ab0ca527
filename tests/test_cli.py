"""The frame of every command: exit codes, one line for a mistake, quiet pipes."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from inpainting import cli

ROOT = Path(__file__).parents[1]
COMMAND = """
'''Does what it is told.'''
import sys
from absl import flags
from inpainting import cli
from inpainting.errors import InputError, TrainingStopped
flags.DEFINE_integer("number", 3, "A number.")

def main(arguments):
    what = arguments[0] if arguments else ""
    if what == "input":
        raise InputError("no such file:\\n  x.png")
    if what == "stopped":
        raise TrainingStopped("loss not finite")
    if what == "interrupt":
        raise KeyboardInterrupt
    if what == "some":
        return 1
    print("number", flags.FLAGS.number)

cli.run(main)
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    path = tmp_path_factory.mktemp("command") / "command.py"
    path.write_text(COMMAND)
    return path


def run(command, *arguments):
    return subprocess.run(
        [sys.executable, str(command), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["input"], 2, "error: no such file: x.png\n"),
        (["stopped"], 1, "error: loss not finite\n"),
        (["interrupt"], 130, "interrupted\n"),
        (["some"], 1, ""),
        ([], 0, ""),
        (["--number=5"], 0, ""),
    ],
)
def test_exit_codes_and_lines(command, arguments, code, said):
    done = run(command, *arguments)
    assert (done.returncode, done.stderr) == (code, said)


@pytest.mark.parametrize("flag", ["--nosuch", "--number=x"])
def test_bad_flags_are_bad_usage(command, flag):
    done = run(command, flag)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_shows_the_docstring_and_the_commands_own_flags(command, flag):
    done = run(command, flag)
    assert done.returncode == 0
    assert done.stdout.startswith("Does what it is told.")
    assert "--number: A number." in done.stdout
    assert "verbosity" not in done.stdout


def test_a_closed_pipe_is_no_stack_trace(command):
    done = subprocess.run(
        f"{sys.executable} {command} --help | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.stderr == ""


def test_garbage_is_left_alone_for_a_while():
    assert gc.isenabled()
    with cli.without_collections():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


def test_garbage_is_collected_again_after_a_mistake():
    def make_a_mistake():
        with cli.without_collections():
            raise KeyError

    with pytest.raises(KeyError):
        make_a_mistake()
    assert gc.isenabled()
    gc.unfreeze()
