"""Which precision VGG-19 computes in where nobody chose: bfloat16 where that is faster."""

from __future__ import annotations

from pathlib import Path

# Linux's names for instructions that multiply bfloat16 numbers, x86 only: elsewhere it was not
# measured.
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
CPU_INFO = Path("/proc/cpuinfo")


def chosen_precision(asked: str) -> str:
    """The precision that `--vgg_precision` means on this machine.

    Args:
        asked: "auto", or anything else, which is returned as it is.

    Returns:
        For "auto" "bfloat16" where a processor with such arithmetic trains and no graphics card
        does, otherwise "float32". The run's record keeps this answer, so that a run goes on in the
        precision that it began with, wherever it goes on.
    """
    if asked != "auto":
        return asked
    if not multiplies_bfloat16():
        return "float32"
    import tensorflow as tf

    return "float32" if tf.config.list_physical_devices("GPU") else "bfloat16"


def multiplies_bfloat16(cpu_info: Path = CPU_INFO) -> bool:
    """Whether the processor says so in `cpu_info`; False where there is no such file."""
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = (line.partition(":")[2] for line in lines if line.startswith("flags"))
    return bool(BFLOAT16_FLAGS & set(next(flags, "").split()))
