"""Inception-v3's pooled features for FID, from a file of weights.

Two kinds of files, for two scales which must not be mixed (the record says which):

- `.npz`: the state dictionary of pytorch-fid's network, the port of the weights which FID is
  defined by (Heusel et al. 2017; TensorFlow's graph of 2015-12-05), saved by NumPy:
  `numpy.savez("fid.npz", **{k: v.numpy() for k, v in torch.load(CHECKPOINT).items()})`.
  Its last block takes a maximum where Inception-v3 has a mean.
- `.h5`: Keras's Inception-v3 without its top (`inception_v3_..._kernels_notop.h5`). The network is
  another training: its figures compare with each other only. The metric is named `fid[keras]`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from inpainting.errors import InputError
from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.weight_files import read_arrays, sha256_of_file
from inpainting.image import to_float

FEATURES = 2048
CHUNK = 8
INPUT_SIZE = 299

#: Branches of each kind of block, in the order in which Keras makes their convolutions.
_BRANCHES = {
    "A": "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool",
    "B": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
    "C": "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool",
    "D": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
    "E": "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool",
}
_STEM = ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3")
_BLOCKS = {
    "A": ("5b", "5c", "5d"),
    "B": ("6a",),
    "C": ("6b", "6c", "6d", "6e"),
    "D": ("7a",),
    "E": ("7b", "7c"),
}


class Inception:
    """The extractor of FID's features.

    Pictures are scaled to 299x299 (bilinear, half-pixel centres, no antialiasing) and to [-1, 1],
    as pytorch-fid does.

    Raises:
        InputError: the file is missing, or of another network.
    """

    def __init__(self, path: str) -> None:
        import tensorflow as tf

        self._network = tf.keras.applications.InceptionV3(
            include_top=False, weights=None, pooling="avg", input_shape=(INPUT_SIZE, INPUT_SIZE, 3)
        )
        if path.endswith(".npz"):
            arrays, sha256 = read_arrays(path, "--fid_weights")
            self._network = _with_maximum(self._network)
            _set_weights(self._network, arrays, path)
        else:
            sha256 = sha256_of_file(path, "--fid_weights")
            _load_keras(self._network, path)
        canonical = path.endswith(".npz")
        self.width = FEATURES
        self.metric = Metric(
            "fid" if canonical else "fid[keras]",
            "FID" if canonical else "FID (Keras)",
            "lower",
            2,
            "Frechet distance of Inception-v3's 2048 pooled features, whole pictures",
        )
        self.record = {"kind": "2015-12-05" if canonical else "keras", "sha256": sha256}
        self._call = tf.function(lambda x: self._network(x, training=False), reduce_retracing=True)

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """float32 `(B, 2048)` of uint8 `(B, H, W, 3)`."""
        import tensorflow as tf

        features = [np.zeros((0, FEATURES), np.float32)]
        for start in range(0, len(pictures), CHUNK):
            image = tf.constant(to_float(pictures[start : start + CHUNK]))
            scaled = tf.image.resize(image, (INPUT_SIZE, INPUT_SIZE), "bilinear", antialias=False)
            features.append(self._call(2.0 * scaled - 1.0).numpy())
        return np.concatenate(features)


def _with_maximum(network: Any) -> Any:
    """The network with the last block's 3x3 mean replaced by a 3x3 maximum."""
    import tensorflow as tf

    layers = tf.keras.layers
    means = [layer for layer in network.layers if isinstance(layer, layers.AveragePooling2D)]

    def clone(layer: Any) -> Any:
        if layer is means[-1]:
            return layers.MaxPooling2D(3, strides=1, padding="same", name=layer.name)
        return type(layer).from_config(layer.get_config())

    return tf.keras.models.clone_model(network, clone_function=clone)


def _load_keras(network: Any, path: str) -> None:
    try:
        network.load_weights(path)
    except Exception as error:  # h5py and Keras raise many kinds for a file of another network
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"--fid_weights={path} is not a Keras weights file of Inception-v3 without "
            f"top: {reason}"
        ) from None


def _set_weights(network: Any, arrays: dict[str, np.ndarray], path: str) -> None:
    """Copies convolutions and normalisations by name; Keras's has no scale, so it goes into both.

    scale * (conv(x) - mean) / deviation = (conv'(x) - mean') / deviation, primes times scale.
    """
    import tensorflow as tf

    kinds = (tf.keras.layers.Conv2D, tf.keras.layers.BatchNormalization)
    convolutions, normalisations = (
        sorted((layer for layer in network.layers if isinstance(layer, kind)), key=_number)
        for kind in kinds
    )
    try:
        for name, convolution, normalisation in zip(_names(), convolutions, normalisations):
            scale = arrays[f"{name}.bn.weight"]
            kernel = arrays[f"{name}.conv.weight"].transpose(2, 3, 1, 0)
            convolution.set_weights([kernel * scale])
            normalisation.set_weights(
                [
                    arrays[f"{name}.bn.bias"],
                    arrays[f"{name}.bn.running_mean"] * scale,
                    arrays[f"{name}.bn.running_var"],
                ]
            )
    except (KeyError, ValueError) as error:
        raise InputError(
            f"--fid_weights={path} is not the state dictionary of pytorch-fid's Inception: {error}"
        ) from None


def _number(layer: Any) -> int:
    """The order in which Keras made the layers: `conv2d_12` -> 12, `conv2d` -> 0."""
    suffix = layer.name.rpartition("_")[2]
    return int(suffix) if suffix.isdigit() else 0


def _names() -> Iterator[str]:
    """The 94 convolutions' names in the state dictionary."""
    yield from (f"Conv2d_{stem}" for stem in _STEM)
    for kind, blocks in _BLOCKS.items():
        for block, branch in itertools.product(blocks, _BRANCHES[kind].split()):
            yield f"Mixed_{block}.branch{branch}"
