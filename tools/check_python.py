"""Says in one line, on any Python, when this one cannot run TensorFlow 2.15."""

import platform
import struct
import sys

if not (3, 9) <= sys.version_info[:2] <= (3, 11) or struct.calcsize("P") != 8:
    found = "Python " + platform.python_version() + ", " + platform.architecture()[0]
    sys.stderr.write(
        "error: TensorFlow 2.15 needs a 64-bit Python 3.9, 3.10 or 3.11; this is "
        + found
        + ". Name another one: make PYTHON=python3.11\n"
    )
    sys.exit(2)
