"""Reads PyTorch's `.pth` files without PyTorch, and without running what a file may hold.

Such a file is a pickle, which can name any function to be called. The unpickler here knows the few
names that a dict of tensors needs and refuses every other; tensors become NumPy arrays.

Both formats are read: the zip archive that `torch.save` writes since PyTorch 1.6 (`data.pkl` and an
entry for each storage), and the stream of pickles and storages that it wrote before.
"""

from __future__ import annotations

import collections
import io
import pickle
import struct
import zipfile
from typing import Any, BinaryIO

import numpy as np

from inpainting.errors import InputError

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_KINDS: dict[str, np.dtype] = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "BoolStorage": np.dtype("?"),
}
_FAILURES = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    NotImplementedError,
    RecursionError,
    MemoryError,
)


def read_torch_file(path: str) -> dict[str, np.ndarray]:
    """The tensors of a state dict that `torch.save` wrote, by name.

    Raises:
        InputError: no such file; it is not such a file, or truncated; it holds something other than
            a dict of tensors; or its pickle asks for a name that tensors don't need.
    """
    try:
        with open(path, "rb") as file:
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    state = _read_archive(archive)
            else:
                file.seek(0)
                state = _read_stream(file)
        return {name: tensor.array() for name, tensor in _tensors(state)}
    except FileNotFoundError:
        raise InputError(f"no such file: {path}") from None
    except _RefusedError as error:
        raise InputError(f"{path} is refused: {error}") from None
    except _FAILURES as error:
        reason = str(error) or type(error).__name__
        raise InputError(f"{path} cannot be read as a PyTorch file: {reason}") from None


class _RefusedError(Exception):
    """The pickle asks for something that a dict of tensors doesn't need."""


class _Storage:
    """A run of numbers; its values come later in the file than the tensors that look at it."""

    def __init__(self, kind: np.dtype, count: int) -> None:
        self.kind, self.count = kind, count
        self.values: np.ndarray | None = None

    def fill(self, data: bytes) -> None:
        if len(data) != self.count * self.kind.itemsize:
            raise EOFError("a tensor is truncated")
        self.values = np.frombuffer(data, self.kind)


class _Tensor:
    """A view of a storage, in PyTorch's terms: counted in elements."""

    def __init__(self, storage: Any, offset: int, shape: tuple, strides: tuple) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> np.ndarray:
        values = self.storage.values
        if values is None:
            raise EOFError("the values of a tensor are missing")
        numbers = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or any(number < 0 for number in numbers):
            raise ValueError("a tensor's shape is not one")
        if 0 in self.shape:
            return np.zeros(self.shape, np.float32)
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides))
        if last >= len(values):
            raise ValueError("a tensor reaches beyond its values")
        view = np.lib.stride_tricks.as_strided(
            values[self.offset :], self.shape, [step * values.itemsize for step in self.strides]
        )
        return view.astype(np.float32)


def _rebuild_tensor(storage, offset, shape, strides, *_unused):
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _rebuild_parameter(tensor, *_unused):
    return tensor


class _Kind:
    """What stands for PyTorch's storage classes: the numbers' type."""

    def __init__(self, name: str) -> None:
        self.name = name


_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): _Kind(name) for name in _KINDS},
}


class _TensorUnpickler(pickle.Unpickler):
    """Knows the names in `_KNOWN` and refuses every other."""

    def __init__(self, file: Any, storages: dict[str, _Storage]) -> None:
        super().__init__(file, encoding="utf-8")
        self.storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise _RefusedError(
                f"its pickle asks for {module}.{name}, which a dict of tensors never does"
            )
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        tag, kind, key, _location, count = pid[:5]
        if tag != "storage" or not isinstance(kind, _Kind) or any(pid[5:]):
            raise pickle.UnpicklingError("it refers to something other than a tensor's values")
        return self.storages.setdefault(str(key), _Storage(_KINDS[kind.name], int(count)))


def _read_archive(archive: zipfile.ZipFile) -> Any:
    pickles = [name for name in archive.namelist() if name.split("/")[1:] == ["data.pkl"]]
    if len(pickles) != 1:
        raise ValueError("the archive has no data.pkl")
    folder = pickles[0].split("/")[0]
    order = f"{folder}/byteorder"
    if order in archive.namelist() and archive.read(order) != b"little":
        raise ValueError("its numbers are not in little-endian order")
    storages: dict[str, _Storage] = {}
    state = _TensorUnpickler(io.BytesIO(archive.read(pickles[0])), storages).load()
    for key, storage in storages.items():
        storage.fill(archive.read(f"{folder}/data/{key}"))
    return state


def _read_stream(file: BinaryIO) -> Any:
    """Magic number, protocol, system, state, the storages' names; then count and values of each."""
    storages: dict[str, _Storage] = {}
    if _TensorUnpickler(file, storages).load() != LEGACY_MAGIC:
        raise ValueError("it does not begin as such files do")
    _TensorUnpickler(file, storages).load()
    if not _TensorUnpickler(file, storages).load().get("little_endian"):
        raise ValueError("its numbers are not in little-endian order")
    state = _TensorUnpickler(file, storages).load()
    for key in _TensorUnpickler(file, storages).load():
        storage = storages[str(key)]
        (count,) = struct.unpack("<q", file.read(8))
        if count != storage.count:
            raise ValueError("a tensor's count of values is another in its pickle")
        storage.fill(file.read(count * storage.kind.itemsize))
    return state


def _tensors(state: Any) -> list[tuple[str, _Tensor]]:
    if not isinstance(state, dict) or not state:
        raise ValueError("it holds no dict of tensors")
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise ValueError(f"it holds no dict of tensors: {name!r} is none")
    return list(state.items())
