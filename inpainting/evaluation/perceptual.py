"""PL, the perceptual distance of the paper's tables, on VGG-19 features.

A feature metric is asked in two steps, so that the truth's features are computed once for all
systems and buckets: `features(pictures)`, then `distance(features of the truth, completed)`.
Pictures are uint8 `(B, H, W, 3)`. TensorFlow is imported when a metric is made.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from inpainting.errors import InputError
from inpainting.evaluation.metrics import Metric
from inpainting.image import to_float

#: Features of so many photos are held at a time: 30 MB a photo at 256x256.
CHUNK = 4
DEEPEST_NEEDS = 16


class PerceptualDistance:
    """PL: the sum over VGG-19's relu1_1, 2_1, 3_1, 4_1, 5_1 of mean |feature difference|.

    L_perc of the paper, here for the completed picture against the truth, photo by photo. Its
    scale depends on the weights and on how the layers are scaled (`inpainting.losses.vgg`), so the
    manifest records their hash; with random weights the metric is named `pl[random]` everywhere,
    for its figures compare with no other.
    """

    def __init__(self, weights: str) -> None:
        from inpainting.losses.perceptual import PERCEPTUAL_LAYERS
        from inpainting.losses.vgg import MEAN_ACTIVATIONS, Vgg19

        self._vgg = Vgg19(weights, layers=PERCEPTUAL_LAYERS)
        scales = [MEAN_ACTIVATIONS[layer] for layer in PERCEPTUAL_LAYERS]
        self.record: dict[str, Any] = {**self._vgg.record, "mean_activations": scales}
        random = weights == "random"
        self.metric = Metric(
            "pl[random]" if random else "pl",
            f"PL ({self._vgg.record['vgg_weights']})",
            "lower",
            4,
            "sum over VGG-19 relu1_1 2_1 3_1 4_1 5_1 of mean |difference|, whole picture",
        )

    def features(self, pictures: np.ndarray) -> list[dict[str, np.ndarray]]:
        """One dictionary of layer -> `(1..CHUNK, h, w, C)` for each chunk of the batch."""
        import tensorflow as tf

        return [
            self._vgg(tf.constant(to_float(pictures[start : start + CHUNK])))
            for start in range(0, len(pictures), CHUNK)
        ]

    def distance(self, truth: list[dict[str, Any]], completed: np.ndarray) -> list[float]:
        """PL of each photo of the batch."""
        import tensorflow as tf

        distances: list[float] = []
        for start, wanted in zip(range(0, len(completed), CHUNK), truth):
            found = self.features(completed[start : start + CHUNK])[0]
            layers = [
                tf.reduce_mean(tf.abs(found[name] - wanted[name]), axis=(1, 2, 3)) for name in found
            ]
            distances += tf.add_n(layers).numpy().astype(float).tolist()
        return distances


def make_perceptual(weights: str, image_size: int) -> tuple[PerceptualDistance | None, str]:
    """PL, or None and why it is left out.

    Args:
        weights: "auto" (ImageNet's if Keras has them in its cache, else PL is left out: an
            evaluation needs no network and none is asked for it), "none", or what
            `inpainting.losses.vgg.Vgg19` takes: "imagenet" (downloads them), a file, "random".
        image_size: of the photos.

    Raises:
        InputError: weights asked for that cannot be had, or photos too small for relu5_1.
    """
    if weights == "none":
        return None, "PL (--vgg_weights=none)"
    if weights == "auto":
        if not os.path.isfile(_keras_cache()):
            return None, "PL (no VGG-19 weights here; --vgg_weights=imagenet gets them)"
        weights = "imagenet"
    if image_size < DEEPEST_NEEDS:
        raise InputError(
            f"--image_size={image_size} is below {DEEPEST_NEEDS}, the least that PL's relu5_1 "
            "needs; --vgg_weights=none leaves PL out"
        )
    return PerceptualDistance(weights), ""


def _keras_cache() -> str:
    from inpainting.losses.vgg_weights import KERAS_FILE

    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    return os.path.join(home, "models", KERAS_FILE)
