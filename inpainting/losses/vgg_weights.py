"""Where the weights of VGG-19 come from: Keras's ImageNet weights, a file, or a fixed random draw.

A `Vgg19Weights` holds the sixteen convolutions as NumPy arrays, unscaled, and the hash that tables
and run records name. TensorFlow is imported for the download only.
"""

from __future__ import annotations

import hashlib
import io
import re
import socket
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from inpainting.errors import InputError

# Five blocks of 3x3 convolutions, named "1_1" to "5_4".
BLOCK_DEPTHS = (2, 2, 4, 4, 4)
BLOCK_WIDTHS = (64, 128, 256, 512, 512)
CONVOLUTIONS = tuple(
    f"{block}_{place}"
    for block, depth in enumerate(BLOCK_DEPTHS, start=1)
    for place in range(1, depth + 1)
)

KERAS_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
KERAS_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{KERAS_FILE}"
KERAS_MD5 = "253f8cb515780f3b799900260a226db6"
DOWNLOAD_TIMEOUT_SECONDS = 10

RANDOM_SEED = 19


@dataclass(frozen=True)
class Vgg19Weights:
    """Kernels `(3, 3, in, out)` and biases `(out,)`, float32, by `CONVOLUTIONS`.

    Attributes:
        name: "imagenet", "random" or the file's name.
        kernels: by convolution, such as "3_1".
        biases: likewise.
    """

    name: str
    kernels: dict[str, np.ndarray]
    biases: dict[str, np.ndarray]

    @property
    def sha256(self) -> str:
        """The hash of all kernels and biases in order: the same whatever file they came in."""
        digest = hashlib.sha256()
        for convolution in CONVOLUTIONS:
            digest.update(self.kernels[convolution].astype("<f4").tobytes())
            digest.update(self.biases[convolution].astype("<f4").tobytes())
        return digest.hexdigest()


def load_weights(weights: str) -> Vgg19Weights:
    """Finds the weights of VGG-19.

    Args:
        weights: "imagenet": Keras's file, downloaded once into Keras's cache (about 80 MB);
            "random": He-normal kernels from a fixed seed and zero biases (a randomly weighted
            perceptual loss, Liu et al., "Generic Perceptual Loss for Modeling Structured Output
            Dependencies", CVPR 2021), which needs no file; else the path of a Keras weights file
            of VGG-19 (.h5, .weights.h5 or .keras, with or without the classifier on top).

    Raises:
        InputError: the file is missing, broken or of another network, or the download failed.
    """
    if weights == "random":
        return random_weights()
    if weights == "imagenet":
        return read_weights(_download(), "imagenet")
    return read_weights(Path(weights), Path(weights).name)


def random_weights() -> Vgg19Weights:
    """He-normal kernels and zero biases, the same network on every machine."""
    generator = np.random.Generator(np.random.PCG64(RANDOM_SEED))
    kernels, biases = {}, {}
    for convolution, shape in _kernel_shapes():
        deviation = np.float32(np.sqrt(2 / np.prod(shape[:3])))
        kernels[convolution] = generator.standard_normal(shape, np.float32) * deviation
        biases[convolution] = np.zeros(shape[3], np.float32)
    return Vgg19Weights("random", kernels, biases)


def read_weights(path: Path, name: str) -> Vgg19Weights:
    """Reads a Keras weights file of VGG-19.

    Args:
        path: .h5, .weights.h5 or .keras, as Keras 2 writes them.
        name: what records shall call these weights.

    Raises:
        InputError: no such file, not such a file, or kernels of another shape; names the path.
    """
    if not path.is_file():
        raise InputError(f"no VGG-19 weights file at {path}")
    kernels, biases = {}, {}
    try:
        with _open(path) as file:
            for index, (convolution, shape) in enumerate(_kernel_shapes()):
                arrays = _arrays(file, convolution, index)
                kernels[convolution], biases[convolution] = _checked(arrays, shape)
    except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a whole Keras weights file of VGG-19: {error}") from error
    return Vgg19Weights(name, kernels, biases)


def _kernel_shapes() -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    channels = 3
    for convolution in CONVOLUTIONS:
        width = BLOCK_WIDTHS[int(convolution[0]) - 1]
        yield convolution, (3, 3, channels, width)
        channels = width


@contextmanager
def _open(path: Path) -> Iterator[h5py.Group]:
    """The group that holds the layers; a .keras file is a zip with the weights inside."""
    source: Path | io.BytesIO = path
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            source = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(source, "r") as file:
        for group in ("model_weights", "layers"):
            if group in file:
                yield file[group]
                return
        yield file


def _arrays(file: h5py.Group, convolution: str, index: int) -> list[np.ndarray]:
    """All arrays of one layer, which is named by its place in the network or merely numbered."""
    block, place = convolution.split("_")
    names = (f"block{block}_conv{place}", f"conv2d_{index}" if index else "conv2d")
    found = [name for name in names if name in file]
    if not found:
        raise ValueError(f"it has no layer {names[0]}")
    arrays: list[np.ndarray] = []

    def collect(_: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays.append(np.asarray(item, np.float32))

    file[found[0]].visititems(collect)
    return arrays


def _checked(
    arrays: list[np.ndarray], shape: tuple[int, int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    by_shape = {array.shape: array for array in arrays}
    if len(arrays) != 2 or set(by_shape) != {shape, shape[3:]}:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"it has arrays of {shapes or 'no'} where {shape} and {shape[3:]} belong")
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("it holds values that are not finite")
    return by_shape[shape], by_shape[shape[3:]]


def _download() -> Path:
    """Keras's own file in Keras's own cache, so that Keras and this project share one copy."""
    import tensorflow as tf

    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_SECONDS)
    try:
        return Path(
            tf.keras.utils.get_file(
                KERAS_FILE, KERAS_URL, cache_subdir="models", file_hash=KERAS_MD5
            )
        )
    # Keras raises a bare Exception where a download fails.
    except Exception as error:
        reason = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
        raise InputError(
            f"the ImageNet weights of VGG-19 ({KERAS_FILE}) could not be downloaded ({reason}); "
            "give a copy with --vgg_weights=FILE, or use --vgg_weights=random"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)
