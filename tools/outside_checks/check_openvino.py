"""OpenVINO reads the SavedModel, without TensorFlow, and fills photos of several sizes with it.

python check_openvino.py CASES VERSION
"""

from __future__ import annotations

import sys

from cases import GREY_LEVELS, grey_levels, read_cases, verdict


def main() -> None:
    # It reports its use to its makers from the first import on; without that package it does not.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    cases_folder, version = sys.argv[1:]
    cases = read_cases(cases_folder)
    # Its default on processors that have it is bfloat16, which is off by dozens of grey levels.
    model = openvino.compile_model(
        openvino.convert_model(version), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    off = 0
    for case in cases:
        outputs = model({name: case[name] for name in ("image", "mask")})
        off = max(off, grey_levels(outputs["completed"], case))
    said = (
        f"{openvino.__version__.split('-')[0]}, serving_default, {len(cases)} sizes (grey levels)"
    )
    verdict(said, off, GREY_LEVELS)


if __name__ == "__main__":
    main()
