"""What every command shares: flags, a quiet start, and one clear line for a user's mistake.

Exit codes: 0 done, 1 not all could be done (the command says what), 2 bad usage or bad input,
75 training was asked to leave and can be gone on with (EX_TEMPFAIL of sysexits.h), 130 interrupted.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging as std_logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator

from absl import flags, logging

from inpainting.errors import InputError, TrainingInterrupted, TrainingStopped

INTERRUPTED = 75
HELP_FLAGS = {"-h", "-help", "--help", "-?", "--helpshort"}


def fail(message: str, code: int = 2) -> int:
    """Prints `error: message` as one line on stderr and returns the exit code."""
    print("error: " + " ".join(str(message).split()), file=sys.stderr)
    return code


def quiet_tensorflow(verbosity: int) -> None:
    """Keeps TensorFlow's start-up noise from the user below `--verbosity=1`.

    Must run before TensorFlow is imported: its C++ part reads the variable once.
    """
    if verbosity >= 1:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Python's half: retracing notices, which several models in one process set off.
    std_logging.getLogger("tensorflow").setLevel(std_logging.ERROR)
    warnings.filterwarnings("ignore", message=r"[\s\S]*TensorFlow Addons")
    warnings.filterwarnings("ignore", category=DeprecationWarning)


@contextlib.contextmanager
def without_collections() -> Iterator[None]:
    """While TensorFlow is imported and a network made, Python doesn't look for garbage.

    What is made then stays, so the search finds nothing, and takes half a second in all. What is
    there at the end is never searched again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def run(main: Callable[[list[str]], int | None], argv: list[str] | None = None) -> None:
    """Parses the flags, calls `main(positional arguments)` and exits with its code.

    `InputError` and bad flags end in one line on stderr and exit code 2, without a stack trace.
    """
    try:
        code = _run(main, sys.argv if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has gone; Python must not try to flush what is left for it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception:
        if "tensorflow_io" not in sys.modules:
            raise
        traceback.print_exc()
        code = 1
    if "tensorflow_io" in sys.modules:
        # Its S3 client aborts the process when its C++ objects are destroyed; do without that.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _run(main: Callable[[list[str]], int | None], argv: list[str]) -> int:
    if HELP_FLAGS & set(argv[1:]):
        module = sys.modules[main.__module__]
        print((module.__doc__ or "").strip() + "\n\nFlags:")
        print(_flags_help(main.__module__ if main.__module__ != "__main__" else argv[0]))
        return 0
    try:
        positional = flags.FLAGS(argv)
    except flags.Error as error:
        return fail(f"{error} (--help lists the flags)")
    quiet_tensorflow(flags.FLAGS.verbosity)
    logging.use_absl_handler()
    logging.get_absl_handler().setFormatter(None)
    try:
        return main(positional[1:]) or 0
    except InputError as error:
        return fail(str(error))
    except TrainingStopped as error:
        return fail(str(error), code=1)
    except TrainingInterrupted as error:
        print(error, file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _flags_help(module_name: str) -> str:
    text = flags.FLAGS.module_help(module_name)
    return text.split("\n", 1)[1] if "\n" in text else text
