"""Work of the networks: a forward pass, a training step, a photo filled by the predictor.

Each function takes what a request says and returns a `Work`: a call that does the work once. Inputs
are noise from a seed; nothing here depends on what they show. Weights are untrained, of the paper's
widths.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import tempfile
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from inpainting.benchmark import flops
from inpainting.losses.vgg import Vgg19
from inpainting.serving.export import export
from inpainting.serving.predictor import Predictor
from inpainting.systems import registry
from inpainting.systems.recurrent.config import PRESETS
from inpainting.training.precision import layer_precision

WORKING_SIZE = 512
# What is said in place of the format for its second runtime.
_SECOND_RUNTIMES = {"openvino_as_it_comes": "openvino", "openvino_int8_fine": "openvino_int8"}


@dataclasses.dataclass(frozen=True)
class Work:
    """`run()` does the work once and ends when it is done; `count()` its operations, if known.

    A dict that `run` returns is part of the answer.
    """

    run: Callable[[], Any]
    count: Callable[[], int] | None = None


def forward(size: int, batch: int, format: str = "") -> Work:
    """The generator on whole images, as the exported SavedModel answers `generate`.

    `format` is a name of `inpainting.serving.conversion.FORMATS`, whose runtime then does it, made
    for this size and batches of 1; or "openvino_as_it_comes", which may compute in bfloat16, or
    "openvino_int8_fine". In int8 the weights are the shipped `places`, for they decide how much of
    the network is in it.
    """
    image, mask = _inputs(size, batch)
    if format:
        run, pair = _converted(size, format), (image.numpy(), mask.numpy())
        return Work(lambda: run(*pair), lambda: _generator_flops(size, batch))
    signature = _exported().signatures["generate"]
    return Work(
        lambda: signature(image=image, mask=mask)["refined"].numpy(),
        lambda: _generator_flops(size, batch),
    )


def train(
    size: int, batch: int, vgg: str = "float32", precision: str = "off", micro_batches: int = 1
) -> Work:
    """One step of both networks with every loss of the paper.

    VGG-19's weights are random and it computes in `vgg`, "float32" or "bfloat16"; the networks'
    layers in `precision`, as of `train.py --mixed_precision`. The batch is taken in `micro_batches`
    parts, one at a time.
    """
    image, mask = _inputs(size, batch)
    system = _system(vgg, precision)
    system.use_micro_batches(micro_batches)
    step = tf.function(lambda: system.train_step((image, mask)), autograph=False)
    # A loop's operations are in the graph once, however often it runs: not counted.
    count = None if micro_batches > 1 else lambda: _step_flops(system, size, batch)
    return Work(lambda: step()["generator_loss"].numpy(), count)


def predictor(size: int, hole: int) -> Work:
    """A square uint8 photo whose middle, `hole` per cent of it, is filled."""
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
    mask = np.zeros((size, size), bool)
    side = round(size * (hole / 100) ** 0.5)
    start = (size - side) // 2
    mask[start : start + side, start : start + side] = True
    fill = _predictor()
    return Work(lambda: fill(photo, mask))


def _converted(size: int, format: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    from inpainting.loading import load_generator
    from inpainting.serving.conversion.convert import complete
    from inpainting.serving.conversion.formats import FORMATS, check_formats

    name, index = _SECOND_RUNTIMES.get(format, format), int(format in _SECOND_RUNTIMES)
    check_formats([name], (size, size))
    network = load_generator("places").network if name == "openvino_int8" else generator()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, FORMATS[name].file)
        FORMATS[name].write(complete(network, (size, size), FORMATS[name].own_kernels), path)
        return FORMATS[name].runtimes(path)[index].run


def _inputs(size: int, batch: int) -> tuple[tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(0)
    image = rng.random((batch, size, size, 3), dtype=np.float32)
    mask = np.zeros((batch, size, size, 1), np.float32)
    mask[:, size // 4 : -size // 4, size // 3 : -size // 4] = 1
    return tf.constant(image), tf.constant(mask)


@functools.lru_cache(None)
def generator() -> tf.keras.Model:
    """The network of all rows."""
    tf.keras.utils.set_random_seed(0)
    return registry.build_generator("recurrent", PRESETS["paper"])


@functools.lru_cache(None)
def _exported() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return tf.saved_model.load(export(generator(), os.path.join(folder, "model")))


@functools.lru_cache(None)
def _predictor() -> Predictor:
    return Predictor(generator(), WORKING_SIZE)


@functools.lru_cache(1)
def _system(vgg: str, precision: str) -> Any:
    tf.keras.utils.set_random_seed(0)
    with layer_precision(precision):
        system = registry.build("recurrent", PRESETS["paper"], vgg=Vgg19("random", dtype=vgg))
    system.compile(1000)
    return system


def _specs(size: int, batch: int) -> tuple[tf.TensorSpec, tf.TensorSpec]:
    shape = (batch, size, size)
    return tf.TensorSpec((*shape, 3)), tf.TensorSpec((*shape, 1))


def _generator_flops(size: int, batch: int) -> int:
    attention = generator().refine_route.attention
    kept, attention.max_scores = attention.max_scores, 2**62  # in one piece, to be counted
    try:
        return flops.count(lambda image, mask: generator()(image, mask), *_specs(size, batch))
    finally:
        attention.max_scores = kept


def _step_flops(system: Any, size: int, batch: int) -> int:
    def step(image: tf.Tensor, mask: tf.Tensor) -> Any:
        return system.train_step((image, mask))

    return flops.count(step, *_specs(size, batch))
