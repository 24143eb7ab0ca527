"""TensorFlow's own `saved_model_cli` shows each signature and runs one.

python check_saved_model_cli.py CASES VERSION
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import numpy as np
from cases import GREY_LEVELS, grey_levels, read_cases, verdict

_EXPECTED = {
    "serving_default": {"image": "DT_UINT8", "mask": "DT_UINT8", "completed": "DT_UINT8"},
    "serve_bytes": dict.fromkeys(("image_bytes", "mask_bytes", "completed_bytes"), "DT_STRING"),
    "generate": dict.fromkeys(("image", "mask", "coarse", "refined"), "DT_FLOAT"),
}


def main() -> None:
    cases_folder, version = sys.argv[1:]
    cases = read_cases(cases_folder)
    for signature, tensors in _EXPECTED.items():
        shown = _cli("show", "--dir", version, "--tag_set", "serve", "--signature_def", signature)
        for name, dtype in tensors.items():
            if f"puts['{name}'] tensor_info:\n      dtype: {dtype}" not in shown:
                raise SystemExit(f"{signature} does not show {name} as {dtype}:\n{shown}")
    off = _run(version, cases[0])
    verdict(
        f"{len(_EXPECTED)} signatures shown, serving_default run (grey levels)", off, GREY_LEVELS
    )


def _run(version: str, case: dict[str, np.ndarray]) -> int:
    """By how much what `saved_model_cli run` writes is off, in grey levels."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("image", "mask"):
            np.save(os.path.join(folder, f"{name}.npy"), case[name])
        inputs = ";".join(f"{name}={folder}/{name}.npy" for name in ("image", "mask"))
        signature = ("--tag_set", "serve", "--signature_def", "serving_default")
        _cli("run", "--dir", version, *signature, "--inputs", inputs, "--outdir", folder)
        return grey_levels(np.load(os.path.join(folder, "completed.npy")), case)


def _cli(*arguments: str) -> str:
    command = os.path.join(os.path.dirname(sys.executable), "saved_model_cli")
    done = subprocess.run(
        [command, *arguments], capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise SystemExit(f"saved_model_cli {arguments[0]} failed: {done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
