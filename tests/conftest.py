"""Quiet, small and repeatable: what every test of this project starts from."""

from __future__ import annotations

import os

# Read when TensorFlow is imported. Tests run in several processes at once, so each takes one
# thread; more would only fight for the same cores.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
