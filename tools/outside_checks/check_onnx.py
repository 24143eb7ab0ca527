"""tf2onnx converts the SavedModel, and ONNX Runtime runs the network at several sizes.

python check_onnx.py CASES VERSION
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import onnxruntime
from cases import DIFFERENCE, difference, read_cases, verdict


def main() -> None:
    cases_folder, version = sys.argv[1:]
    cases = read_cases(cases_folder)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "generate.onnx")
        _convert(version, file)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        off = 0.0
        for case in cases:
            inputs = {"image": case["float_image"], "mask": case["float_mask"]}
            outputs = dict(zip(("coarse", "refined"), session.run(["coarse", "refined"], inputs)))
            off = max(off, difference(outputs, case))
    said = f"{onnxruntime.__version__}, generate, {len(cases)} sizes (floats in [0, 1])"
    verdict(said, off, DIFFERENCE)


def _convert(version: str, file: str) -> None:
    options = ("--signature_def", "generate", "--opset", "17", "--output", file)
    done = subprocess.run(
        [sys.executable, "-m", "tf2onnx.convert", "--saved-model", version, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    if done.returncode:
        raise SystemExit(f"tf2onnx failed: {done.stderr[-2000:]}")


if __name__ == "__main__":
    main()
