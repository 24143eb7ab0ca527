"""KServe's own client asks this project's server by the V1 protocol.

python check_kserve.py CASES HOST:PORT
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np
from cases import GREY_LEVELS, grey_levels, read_cases, verdict
from kserve import InferenceRESTClient, RESTConfig

_MODEL, _SECONDS = "inpainting", 120


async def main() -> None:
    cases_folder, address = sys.argv[1:]
    cases = read_cases(cases_folder)
    off = 0
    async with InferenceRESTClient(RESTConfig(protocol="v1", timeout=_SECONDS)) as client:
        for case in cases:
            row = {name: case[name][0].tolist() for name in ("image", "mask")}
            answer = await client.infer(f"http://{address}", {"instances": [row]}, _MODEL)
            completed = np.array(answer["predictions"], np.uint8)
            off = max(off, grey_levels(completed, case))
    said = f"its client asks this server by V1, {len(cases)} sizes (grey levels)"
    verdict(said, off, GREY_LEVELS)


if __name__ == "__main__":
    asyncio.run(main())
