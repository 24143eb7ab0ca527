"""VGG-19 as a frozen extractor of features for the perceptual and style losses.

**Input.** The reference code feeds images in [0, 1] to torchvision's VGG-19 *without* ImageNet's
mean and deviation, with which that network was trained. Keras's weights are another training of
the same network: the original one, for BGR values of 0 to 255 less their mean. A [0, 1] image
would be all but uniform to them, and their answer mostly their biases. So images come in as [0, 1]
here too, and this layer brings them to the values that Keras's weights were trained on.

**Scale.** The published loss weights (1 for each perceptual term, 250 for style) belong to
torchvision's features, whose scale is another one. ReLU is positively homogeneous, so a layer can
be scaled, and the next one's input scaled back, without changing what the network computes (Gatys
et al., "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016, section 2). Here each
layer is scaled to a mean activation of `MEAN_ACTIVATIONS[layer]` over fixed calibration images:
every third of the embedded training photographs, the middle 128 x 128 pixels of each. The same is
done to random weights and to those of a file.

**What is not known.** No published figures of torchvision's mean activations were found and its
weights were not at hand, so the constants are reasoned, not measured:

- Fed with normalised input (of unit deviation), torchvision's features are of order one. PyTorch's
  tutorial "Neural Transfer Using PyTorch" prints mean squared differences of 2.4 to 4.2 at conv2_2,
  before the ReLU, between a photograph and its stylised copy. A mean of one in every layer is
  Gatys's convention, and no better figure was found for any single layer.
- The reference code does not divide by the deviation of ImageNet's pixels, which is 0.226 on
  average over the channels (0.229, 0.224, 0.225). To a network with small biases this is an input
  weaker by that factor, and so are all of its features.

Hence 0.226 for every layer. The true ratios between the layers are unknown, and with them the exact
balance of the terms: a perceptual term follows its layers' scales, a style term their squares.
Whoever has torchvision's weights can measure the means on the same crops in [0, 1] and write them
into `MEAN_ACTIVATIONS`; nothing else has to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.image import read_image, to_float
from inpainting.losses.perceptual import PERCEPTUAL_LAYERS, STYLE_LAYERS
from inpainting.losses.vgg_weights import CONVOLUTIONS, Vgg19Weights, load_weights

LAYERS = tuple(f"relu{convolution}" for convolution in CONVOLUTIONS)
MEAN_ACTIVATIONS = dict.fromkeys(LAYERS, 0.226)

# The mean of ImageNet's pixels as the original weights know it: blue, green, red, of 255.
PIXEL_MEAN = (103.939, 116.779, 123.68)

CALIBRATION_FOLDER = Path(__file__).parents[1] / "data" / "sample" / "train"
CALIBRATION_STRIDE = 3
CALIBRATION_SIZE = 128


@tf.keras.utils.register_keras_serializable("inpainting")
class Vgg19(tf.keras.layers.Layer):
    """The activations of VGG-19 after the ReLUs that the losses ask for.

    Nothing beyond the deepest of `layers` is built or computed. The weights are frozen: a gradient
    flows to the images alone. Give the truth, which needs no gradient, a call of its own: a tape
    records nothing of it. Two calls took 0.20 s, forward and backward, where one on both batches
    joined took 0.28 s (two images of 128 pixels each, 2 CPU cores; bfloat16: 0.12 s and 0.17 s).

    Example:
        vgg = Vgg19("random")
        loss = perceptual(vgg(image), vgg(refined))

    Args:
        vgg_weights: "imagenet", "random" or the path of a file, as
            `inpainting.losses.vgg_weights.load_weights` takes them.
        layers: names from `LAYERS` ("relu1_1" ... "relu5_4").
        dtype: "float32", or "bfloat16" for half the memory and, on some CPUs, 0.7 of the time (on
            others 1.8 of it: `inpainting.training.vgg_precision`). The losses are float32 either
            way, and came out within 0.1 %; the direction of their gradient had a cosine of 0.99
            with that of float32.

    Raises:
        InputError: weights that cannot be had or used.
        ValueError: an unknown layer, or none.
    """

    def __init__(
        self,
        vgg_weights: str = "imagenet",
        layers: Sequence[str] = PERCEPTUAL_LAYERS + STYLE_LAYERS,
        dtype: str = "float32",
        name: str = "vgg19",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, trainable=False, autocast=False, **kwargs)
        self.vgg_weights = vgg_weights
        self.layers = tuple(layers)
        needed = CONVOLUTIONS[: _depth(self.layers)]
        source = load_weights(vgg_weights)
        self._record = {"vgg_weights": source.name, "vgg_weights_sha256": source.sha256}
        self._kernels, self._biases = {}, {}
        for convolution, kernel, bias in _calibrated(source, needed):
            self._kernels[convolution] = self._constant(f"kernel{convolution}", kernel)
            self._biases[convolution] = self._constant(f"bias{convolution}", bias)

    @property
    def record(self) -> dict[str, str]:
        """What run records and tables say: "vgg_weights" (a name) and "vgg_weights_sha256".

        The hash is of all sixteen convolutions before they were scaled.
        """
        return dict(self._record)

    def call(self, image: tf.Tensor, layers: Sequence[str] | None = None) -> dict[str, tf.Tensor]:
        """Computes features.

        Args:
            image: float `(B, H, W, 3)` in [0, 1], RGB, H and W at least 16 for a layer of block 5
                (8 for block 4, and so on: each block starts at half the size, rounded down).
            layers: what to return, of `self.layers`; all of them by default.

        Returns:
            `{layer: (B, h, w, C)}` of the type `dtype`.

        Raises:
            ValueError: a layer that was not asked for at construction, or too small an image.
        """
        wanted = self.layers if layers is None else tuple(layers)
        if not set(wanted) <= set(self.layers):
            raise ValueError(f"layers must be of {self.layers}; got {wanted}")
        x = tf.cast(_as_trained(image), self.compute_dtype)
        features = {}
        for convolution in CONVOLUTIONS[: _depth(wanted)]:
            x = _enter_block(x, convolution)
            x = _convolve(x, self._kernels[convolution], self._biases[convolution])
            if f"relu{convolution}" in wanted:
                features[f"relu{convolution}"] = x
        return features

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("trainable")
        return {**config, "vgg_weights": self.vgg_weights, "layers": self.layers}

    def _constant(self, name: str, value: np.ndarray) -> tf.Variable:
        def initial(shape: Any, dtype: Any, **_: Any) -> tf.Tensor:
            return tf.cast(value, dtype)

        return self.add_weight(name, value.shape, initializer=initial, trainable=False)


def _depth(layers: Sequence[str]) -> int:
    """How many convolutions lead to the deepest of `layers`."""
    unknown = set(layers) - set(LAYERS)
    if unknown or not layers:
        raise ValueError(f"layers must be names of {LAYERS[0]} ... {LAYERS[-1]}; got {layers}")
    return 1 + max(LAYERS.index(layer) for layer in layers)


def _as_trained(image: tf.Tensor) -> tf.Tensor:
    """[0, 1] RGB -> the values that the original weights were trained on."""
    return tf.cast(image, tf.float32)[..., ::-1] * 255 - tf.constant(PIXEL_MEAN)


def _enter_block(x: tf.Tensor, convolution: str) -> tf.Tensor:
    """Halves before the blocks 2 to 5: 2x2 maxima, an odd last row or column left out."""
    if convolution == "1_1" or not convolution.endswith("_1"):
        return x
    if any(side is not None and side < 2 for side in x.shape[1:3]):
        raise ValueError(f"the image is too small for relu{convolution}")
    return tf.nn.max_pool2d(x, 2, 2, "VALID")


def _convolve(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))


def _calibrated(
    weights: Vgg19Weights, convolutions: Sequence[str]
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yields (convolution, kernel, bias) scaled to `MEAN_ACTIVATIONS`.

    With a_l the unscaled activations and c_l a_l the wanted ones, kernel l is multiplied by c_l /
    c_(l-1), since its input is scaled by c_(l-1) already, and bias l by c_l.
    """
    x, previous = _as_trained(_calibration_images()), 1.0
    for convolution in convolutions:
        kernel, bias = weights.kernels[convolution], weights.biases[convolution]
        x = _convolve(_enter_block(x, convolution), kernel, bias)
        mean = float(tf.reduce_mean(x))
        if not 0 < mean < np.inf:
            raise InputError(
                f"the weights of VGG-19 ({weights.name}) are unusable: the mean activation of "
                f"relu{convolution} is {mean}"
            )
        factor = MEAN_ACTIVATIONS[f"relu{convolution}"] / mean
        yield convolution, kernel * np.float32(factor / previous), bias * np.float32(factor)
        previous = factor


def _calibration_images() -> tf.Tensor:
    """`(9, 128, 128, 3)` in [0, 1]: the middles of every third embedded training photograph."""
    paths = sorted(CALIBRATION_FOLDER.glob("*.jpg"))[::CALIBRATION_STRIDE]
    return tf.stack([_middle(to_float(read_image(path))) for path in paths])


def _middle(image: np.ndarray) -> np.ndarray:
    top, left = ((side - CALIBRATION_SIZE) // 2 for side in image.shape[:2])
    return image[top : top + CALIBRATION_SIZE, left : left + CALIBRATION_SIZE]
