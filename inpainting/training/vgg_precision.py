"""Which precision VGG-19 computes in where nobody chose: bfloat16 where that is faster.

That a processor has instructions for bfloat16 does not say so. With `avx512_bf16` alone, VGG-19
forward and backward took 0.6 of float32's time on an AMD EPYC, and 1.76 of it on an Intel Xeon of
the fourth generation whose `amx_bf16` its host had hidden. So a convolution is timed in both.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Callable

from inpainting.training.cluster import find_cluster

# Linux's names for instructions that multiply bfloat16 numbers, x86 only: elsewhere it was not
# measured.
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
CPU_INFO = Path("/proc/cpuinfo")

# Below this share of float32's time bfloat16 is worth its rounding.
WORTH_IT = 0.9
# Pairs that are timed, after one that is not: some 0.3 s in all.
PAIRS = 9
# A convolution of the kind that VGG-19 spends its time in: 3x3, side and channels.
SIDE, CHANNELS = 32, 256


def chosen_precision(asked: str) -> str:
    """The precision that `--vgg_precision` means on this machine.

    Args:
        asked: "auto", or anything else, which is returned as it is.

    Returns:
        For "auto" "bfloat16" where a processor trains that convolves faster in it, and no graphics
        card does; otherwise "float32", and that with several workers, which must all compute alike
        and where TensorFlow may do nothing before they have met. The run's record keeps this
        answer, so that a run goes on in the precision that it began with, wherever it goes on.

    Raises:
        InputError: the environment tells of workers that cannot be.
    """
    if asked != "auto":
        return asked
    if not multiplies_bfloat16() or find_cluster(os.environ) is not None:
        return "float32"
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU") or bfloat16_share() > WORTH_IT:
        return "float32"
    return "bfloat16"


def multiplies_bfloat16(cpu_info: Path = CPU_INFO) -> bool:
    """Whether the processor says so in `cpu_info`; False where there is no such file."""
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = (line.partition(":")[2] for line in lines if line.startswith("flags"))
    return bool(BFLOAT16_FLAGS & set(next(flags, "").split()))


def bfloat16_share() -> float:
    """The time of a convolution in bfloat16, divided by that of the same one in float32."""
    import tensorflow as tf

    return paired_share(_convolution(tf.bfloat16), _convolution(tf.float32))


def paired_share(one: Callable[[], object], other: Callable[[], object]) -> float:
    """The median, over `PAIRS` pairs of calls, of `one`'s seconds / `other`'s.

    Both of a pair run right after each other, so that what else the machine does hits both.
    """
    one(), other()
    return statistics.median(_seconds(one) / _seconds(other) for _ in range(PAIRS))


def _convolution(dtype) -> Callable[[], object]:
    import tensorflow as tf

    image = tf.ones((1, SIDE, SIDE, CHANNELS), dtype)
    kernel = tf.ones((3, 3, CHANNELS, CHANNELS), dtype)
    convolve = tf.function(lambda: tf.nn.conv2d(image, kernel, 1, "SAME"))
    return lambda: convolve().numpy()


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
