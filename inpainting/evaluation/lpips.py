"""LPIPS, the learned perceptual distance, from a file of its weights.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
equation 1, version 0.1 with AlexNet or VGG-16. The weights are not of this project: the file is the
state dictionary of the authors' PyTorch package, saved by NumPy:

    net = lpips.LPIPS(net="alex")
    numpy.savez("lpips_alex.npz", **{k: v.numpy() for k, v in net.state_dict().items()})
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from inpainting.errors import InputError
from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.weight_files import read_arrays
from inpainting.image import to_float

#: Photos at a time; VGG-16's first layers take 32 MB each at 256x256.
CHUNK = 4


class _Convolution(NamedTuple):
    """One convolution: its name in the file, stride, padding, and the pool (size, 2) before it."""

    name: str
    stride: int
    padding: int
    pool: int


#: The layers whose outputs are compared end a slice; a slice is a tuple of convolutions.
_ALEX = (
    (_Convolution("net.slice1.0", 4, 2, 0),),
    (_Convolution("net.slice2.3", 1, 2, 3),),
    (_Convolution("net.slice3.6", 1, 1, 3),),
    (_Convolution("net.slice4.8", 1, 1, 0),),
    (_Convolution("net.slice5.10", 1, 1, 0),),
)
_VGG = tuple(
    tuple(
        _Convolution(f"net.slice{slice_}.{layer}", 1, 1, 2 if slice_ > 1 and not place else 0)
        for place, layer in enumerate(layers)
    )
    for slice_, layers in enumerate(
        [(0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)], start=1
    )
)


class Lpips:
    """LPIPS of 8-bit pictures; the two-step interface of `perceptual.py`.

    Raises:
        InputError: the file is missing, or not the state dictionary described above.
    """

    def __init__(self, path: str) -> None:
        arrays, sha256 = read_arrays(path, "--lpips_weights")
        alex = arrays.get("net.slice1.0.weight", np.zeros(0)).shape[-1:] == (11,)
        self._slices = _ALEX if alex else _VGG
        network = "AlexNet" if alex else "VGG-16"
        try:
            self._kernels = {
                layer.name: arrays[f"{layer.name}.weight"].transpose(2, 3, 1, 0)
                for layers in self._slices
                for layer in layers
            }
            self._biases = {name: arrays[f"{name}.bias"] for name in self._kernels}
            self._linear = [arrays[f"lin{index}.model.1.weight"].reshape(-1) for index in range(5)]
            self._shift = arrays["scaling_layer.shift"].reshape(3)
            self._scale = arrays["scaling_layer.scale"].reshape(3)
        except (KeyError, ValueError) as error:
            raise InputError(
                f"--lpips_weights={path} is not the state dictionary of lpips.LPIPS with AlexNet "
                f"or VGG-16: {error}"
            ) from None
        self.record = {"network": network, "sha256": sha256}
        definition = f"LPIPS 0.1 with {network}, whole picture"
        self.metric = Metric("lpips", f"LPIPS ({network})", "lower", 4, definition)

    def features(self, pictures: np.ndarray) -> list[list[Any]]:
        """For each chunk of uint8 `(B, H, W, 3)` the five layers' unit-length features."""
        return [
            self._chunk(pictures[start : start + CHUNK]) for start in range(0, len(pictures), CHUNK)
        ]

    def _chunk(self, pictures: np.ndarray) -> list[Any]:
        import tensorflow as tf

        x = (2.0 * tf.constant(to_float(pictures)) - 1.0 - self._shift) / self._scale
        features = []
        for layers in self._slices:
            for layer in layers:
                if layer.pool:
                    x = tf.nn.max_pool2d(x, layer.pool, 2, "VALID")
                around = [[0, 0], [layer.padding] * 2, [layer.padding] * 2, [0, 0]]
                x = tf.nn.conv2d(x, self._kernels[layer.name], layer.stride, around)
                x = tf.nn.relu(x + self._biases[layer.name])
            length = tf.sqrt(tf.reduce_sum(x * x, axis=-1, keepdims=True))
            features.append(x / (length + 1e-10))
        return features

    def distance(self, truth: list[list[Any]], completed: np.ndarray) -> list[float]:
        """LPIPS of each photo of the batch."""
        import tensorflow as tf

        distances: list[float] = []
        for wanted, found in zip(truth, self.features(completed)):
            layers = [
                tf.reduce_mean(tf.reduce_sum(weights * (a - b) ** 2, axis=-1), axis=(1, 2))
                for weights, a, b in zip(self._linear, wanted, found)
            ]
            distances += tf.add_n(layers).numpy().astype(float).tolist()
        return distances
