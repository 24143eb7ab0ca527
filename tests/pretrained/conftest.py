"""Published files as tests need them: weights from a seed, written without their libraries."""

import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

ARRAYS = Path(__file__).parents[1] / "arrays"
SEED = 2018


def _shapes(arrays, prefix=""):
    """Names and shapes of the variables; a shape ends where it is filled up with zeros."""
    names, shapes = arrays[f"{prefix}names"], arrays[f"{prefix}shapes"]
    return {str(name): tuple(n for n in shape if n) for name, shape in zip(names, shapes.tolist())}


def _seeded(shapes, gain):
    """Weights by the rule that tests/arrays/README.md gives."""
    rng = np.random.default_rng(SEED)
    values = {}
    for name in sorted(shapes):
        shape = shapes[name]
        if name.endswith("kernel"):
            scale = gain / np.sqrt(np.prod(shape[:-1]))
        elif name.endswith(("weight", "weight_orig")):
            scale = gain / np.sqrt(np.prod(shape[1:]))
        else:
            scale = 0.1 if name.endswith("bias") else 1.0
        values[name] = (scale * rng.standard_normal(shape)).astype(np.float32)
    return values


def _inputs(height, width, count, masks_differ=False):
    rng = np.random.default_rng([SEED, height, width])
    image = rng.random((count, height, width, 3)).astype(np.float32)
    mask = np.zeros((count, height, width, 1), np.float32)
    mask[:, height // 4 : height // 2 + 3, width // 3 : width - 7] = 1
    mask[:, :5, : width // 4] = 1
    mask[:, height - 6 :, width - 3 :] = 1
    if masks_differ:
        mask[1:, :, : width // 3] = 1
    return image, mask


@pytest.fixture(scope="session")
def reference():
    """The arrays of a reference's run, by the system's name."""

    def load(system):
        with np.load(ARRAYS / f"{system}_published.npz") as arrays:
            return dict(arrays)

    return load


@pytest.fixture(scope="session")
def inputs():
    return _inputs


@pytest.fixture(scope="session")
def deepfill_weights(reference):
    """All variables of a published DeepFill checkpoint, by the system's name."""

    def make(system):
        gain = {"gated": 2.2, "contextual_attention": 1.1}[system]
        return _seeded(_shapes(reference(system)), gain)

    return make


@pytest.fixture(scope="session")
def torch_weights(reference):
    """The state dicts of the paper's reference code: generator at base 4, and discriminator."""
    arrays = reference("recurrent")
    generator = _seeded(_shapes(arrays, "generator_"), 0.9)
    shapes = _shapes(arrays, "discriminator_")
    values = _seeded({name: s for name, s in shapes.items() if ".conv." in name}, 1.3)
    for name, value in values.items():
        if name.endswith(("weight_u", "weight_v")):
            value /= np.linalg.norm(value)
    return generator, {name: values[name.replace(".spec_norm.", ".conv.")] for name in shapes}


@pytest.fixture(scope="session")
def write_tensorflow_file():
    """Writes variables as TensorFlow 1's Saver does."""

    def write(prefix, arrays):
        names = list(arrays)
        tf.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[tf.constant(arrays[name]) for name in names],
        )

    return write


class FloatStorage:
    """Stands for PyTorch's class of this name: a pickle holds the name alone."""


def _rebuild_tensor_v2():
    """Stands for PyTorch's function of this name."""


FloatStorage.__module__ = "torch"
_rebuild_tensor_v2.__module__ = "torch._utils"


class _Tensor:
    def __init__(self, key, array):
        self.key, self.array = key, array

    def __reduce__(self):
        steps = [stride // 4 for stride in self.array.strides]
        arguments = (_Storage(self), 0, self.array.shape, tuple(steps), False, OrderedDict())
        return _rebuild_tensor_v2, arguments


class _Storage:
    def __init__(self, tensor):
        self.tensor = tensor


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        if not isinstance(obj, _Storage):
            return None
        return ("storage", FloatStorage, obj.tensor.key, "cpu", obj.tensor.array.size)


@pytest.fixture
def write_torch_file(monkeypatch):
    """Writes a state dict as `torch.save` does, in its zip format."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage, utils._rebuild_tensor_v2 = FloatStorage, _rebuild_tensor_v2

    def write(path, arrays):
        tensors = [
            _Tensor(str(key), np.ascontiguousarray(a)) for key, a in enumerate(arrays.values())
        ]
        with zipfile.ZipFile(path, "w") as archive, monkeypatch.context() as patch:
            patch.setitem(sys.modules, "torch", torch)
            patch.setitem(sys.modules, "torch._utils", utils)
            with archive.open("archive/data.pkl", "w") as file:
                _Pickler(file, protocol=2).dump(OrderedDict(zip(arrays, tensors)))
            for tensor in tensors:
                archive.writestr(f"archive/data/{tensor.key}", tensor.array.tobytes())

    return write
