"""Checks an exported model and the server by programs that are not ours.

    python tools/outside_checks/run.py

Exports `--checkpoint` into a temporary folder, has TensorFlow fill four photos with it (two of
sizes that are no multiple of 8), and lets the programs below do the same. Each has a virtual
environment of its own, made of its requirements/NAME.txt alone and kept in `--environments`
(`--nokeep`: deleted once the check is done; all of them together take 6 GB); none can import the
project.

| check | what answers |
|---|---|
| saved_model_cli | TensorFlow's command line: shows every signature, runs one |
| openvino | OpenVINO, which reads the SavedModel, at float32 |
| onnx | ONNX Runtime, after tf2onnx |
| kserve | KServe's client asks this server; this client asks KServe's server with the model in it |
| grpc | TensorFlow Serving's stubs ask this server |

`--spoil` makes the expected answers wrong, and then every check must fail.

Exit codes: 0 all is right, 1 a check failed or could not be installed, 2 bad usage.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from absl import flags

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from inpainting import cli
from inpainting.errors import InputError

_HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(_HERE))
CHECKS = ("saved_model_cli", "openvino", "onnx", "kserve", "grpc")
# Height and width; two are no multiple of 8.
_SIZES = ((64, 64), (48, 80), (45, 66), (51, 37))
_SPOILED_LEVELS = 9

flags.DEFINE_string("checkpoint", "places", "What is exported; as export.py takes it.")
flags.DEFINE_multi_enum("only", list(CHECKS), list(CHECKS), "The checks to make.")
flags.DEFINE_string("environments", os.path.join(ROOT, ".venv-outside"), "Where they are kept.")
flags.DEFINE_boolean("keep", True, "Keep the environments for the next time.")
flags.DEFINE_boolean("spoil", False, "Expect wrong answers, to see that every check can fail.")
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> int:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: run.py takes flags only")
    if sys.version_info < (3, 10):
        raise InputError("these checks need Python 3.10 or 3.11: OpenVINO has no wheels for 3.9")
    from inpainting.serving.load.server_process import ServerProcess

    with tempfile.TemporaryDirectory(prefix="inpainting-") as folder:
        version = _export(folder)
        _write_cases(folder, version)
        with ServerProcess(os.path.dirname(version)) as server, ThreadPoolExecutor(2) as pool:
            what = {"kserve": server.rest, "grpc": server.grpc}

            def check(name: str) -> bool:
                try:
                    python = _environment(name)
                    if python is None:
                        return False
                    good = _check(name, python, folder, what.get(name, version))
                    if name == "kserve":
                        return _ask_kserve(python, folder, version) and good
                    return good
                finally:
                    if not FLAGS.keep:
                        shutil.rmtree(_folder(name), ignore_errors=True)

            results = list(pool.map(check, FLAGS.only))
    print(f"{sum(results)} of {len(results)} checks passed")
    return 0 if all(results) else 1


def _export(folder: str) -> str:
    """The folder of version 1 of `--checkpoint`."""
    output = os.path.join(folder, "model")
    command = ["export.py", f"--checkpoint={FLAGS.checkpoint}", f"--output={output}"]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise InputError(f"{' '.join(command)} ended with exit code {done.returncode}")
    return os.path.join(output, "1")


def _write_cases(folder: str, version: str) -> None:
    """Parts of an embedded photo, and what TensorFlow answers here; see cases.py."""
    import tensorflow as tf

    from inpainting.data.sources import open_photos

    photo = open_photos("sample", None, "val").read(0)
    signatures = tf.saved_model.load(version).signatures
    for height, width in _SIZES:
        top, left = (photo.shape[0] - height) // 2, (photo.shape[1] - width) // 2
        image = photo[np.newaxis, top : top + height, left : left + width]
        mask = np.zeros((1, height, width, 1), np.uint8)
        mask[:, height // 4 : height // 2, width // 4 : -width // 4] = 255
        mask[:, :, width // 2 : width // 2 + 3] = 255
        floats = {"image": image / np.float32(255), "mask": (mask > 0).astype(np.float32)}
        completed = signatures["serving_default"](image=tf.constant(image), mask=tf.constant(mask))
        outputs = signatures["generate"](**{key: tf.constant(floats[key]) for key in floats})
        case = {"completed": completed["completed"].numpy()}
        case.update((name, outputs[name].numpy()) for name in ("coarse", "refined"))
        if FLAGS.spoil:
            _spoil(case, mask)
        case.update(image=image, mask=mask, float_image=floats["image"], float_mask=floats["mask"])
        np.savez(os.path.join(folder, f"case-{height}x{width}.npz"), **case)


def _spoil(case: dict[str, np.ndarray], mask: np.ndarray) -> None:
    """Changes what is expected inside the hole by some grey levels."""
    filled = case["completed"]
    wrong = np.where(filled < 128, filled + _SPOILED_LEVELS, filled - _SPOILED_LEVELS)
    case["completed"] = np.where(mask > 0, wrong, filled).astype(np.uint8)
    case["refined"] = case["refined"] + np.float32(_SPOILED_LEVELS / 255)


def _folder(name: str) -> str:
    return os.path.join(os.path.abspath(FLAGS.environments), name)


def _environment(name: str) -> str | None:
    """The interpreter of a check's own environment, made if need be; None if that fails."""
    requirements = os.path.join(_HERE, "requirements", f"{name}.txt")
    folder = _folder(name)
    python, stamp = os.path.join(folder, "bin", "python"), os.path.join(folder, "installed.txt")
    with open(requirements, encoding="utf-8") as file:
        wanted = f"{sys.version}\n{file.read()}"
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == wanted:
                return python
    # Compiling all of TensorFlow's modules takes as long as all the rest; those used are, at use.
    for command in (
        [sys.executable, "-m", "venv", "--clear", folder],
        [python, "-m", "pip", "install", "-qq", "--no-compile", "-r", requirements],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            _say(name, False, f"cannot be installed: {done.stderr.strip()[-500:]}")
            return None
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(wanted)
    return python


def _check(name: str, python: str, folder: str, what: str) -> bool:
    """Runs check_NAME.py in its environment, away from the project."""
    script = os.path.join(_HERE, f"check_{name}.py")
    done = subprocess.run(
        # -E and -s: neither PYTHONPATH nor a user's own packages.
        [python, "-E", "-s", script, folder, what],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.strip().split("\n")[-1] or done.stderr.strip()[-2000:]
    return _say(name, done.returncode == 0, said)


def _ask_kserve(python: str, folder: str, version: str) -> bool:
    """This project's client asks KServe's server, in which the model is."""
    import kserve_answers

    try:
        said, good = kserve_answers.ask(python, folder, version)
    except (Exception, SystemExit) as error:
        said, good = f"{type(error).__name__}: {error}", False
    return _say("kserve", good, said)


def _say(name: str, good: bool, said: str) -> bool:
    print(f"{name}: {'ok' if good else 'FAILED'}: {said}", flush=True)
    return good


if __name__ == "__main__":
    cli.run(main)
