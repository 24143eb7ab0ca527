"""What the commands that start a server and send it requests have in common."""

from __future__ import annotations

from absl import flags

from inpainting.errors import InputError

FLAGS = flags.FLAGS
flags.disclaim_key_flags()  # they are the command's, and `--help` shows them


def define_flags() -> None:
    """`--model`, `--seed` and `--max_seconds`."""
    flags.DEFINE_string("model", "", "The folder of an exported model's versions.")
    flags.DEFINE_integer("seed", 0, "Of what is sent.", 0)
    flags.DEFINE_float("max_seconds", 3600, "No request begins after that.", 1)


def check_usage(arguments: list[str]) -> None:
    """Raises `InputError` for an argument that is no flag, and where `--model` is missing."""
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: there are flags only")
    if not FLAGS.model:
        raise InputError("--model is missing (see --help)")
