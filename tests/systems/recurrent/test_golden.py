"""Guards optimisations: what a whole training step puts out, losses and gradients, must not change.

The numbers in `golden_recurrent.npz` were made by this file before anything was made faster:

    PYTHONPATH=. python tests/systems/recurrent/test_golden.py

Make them anew only when what is computed changes on purpose. Weights and inputs come from NumPy's
seeds. A gradient is kept as its length and eight inner products with fixed random vectors of unit
length, which no change of a value can pass unseen.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.losses.vgg import Vgg19
from inpainting.systems.recurrent.config import RecurrentConfig
from inpainting.systems.recurrent.system import build

GOLDEN = Path(__file__).parents[2] / "arrays" / "golden_recurrent.npz"
TOLERANCE = 1e-5
# Rounding can turn the sign of a difference that is all but zero, and with it a term of the
# gradient of an L1 loss; such a term is 2e-5 of the whole at this size.
GRADIENT_TOLERANCE = 3e-5
SIZE = 64
PROJECTIONS = 8
EVERY_LOSS = RecurrentConfig(base=4, edge_weight=10.0, l2_weight=3.0, hole_factor=2.0)
# Settings, and the seed of the weights. Where an L1 loss or a ReLU stands within rounding of its
# kink, rounding turns a gradient's sign: the seeds are such that TensorFlow's two sets of kernels,
# with oneDNN and without, agree to 1e-5 in everything.
CASES = {
    "symmetric_white": (dataclasses.replace(EVERY_LOSS, base=16), 6),
    "reflect_white": (dataclasses.replace(EVERY_LOSS, padding="REFLECT"), 5),
    "symmetric_pyramid": (
        dataclasses.replace(EVERY_LOSS, prefill="pyramid", recurrent=False, edge_branch=False),
        11,
    ),
    "reflect_pyramid": (
        dataclasses.replace(EVERY_LOSS, padding="REFLECT", prefill="pyramid"),
        5,
    ),
}


class _Recorder(tf.keras.optimizers.SGD):
    """Shows the gradients that it is given to `keep`; what is left of it is plain descent."""

    def __init__(self, rate, keep):
        super().__init__(rate)
        self.keep = keep

    def apply_gradients(self, pairs, **options):
        pairs = list(pairs)
        self.keep({variable.name: gradient for gradient, variable in pairs})
        return super().apply_gradients(pairs, **options)


def _draw_weights(network, seed):
    rng = np.random.default_rng(seed)
    for variable in network.variables:
        values = rng.standard_normal(variable.shape)
        if variable.shape.rank == 1:
            values *= 0.1
        else:
            values *= 1.2 / np.sqrt(np.prod(variable.shape[:-1]))
        variable.assign(values)


def _inputs():
    """Two smooth pictures with some noise, and two masks that differ."""
    rng = np.random.default_rng(6)
    rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
    waves = [0.5 + 0.3 * np.sin(a * rows + b * columns) for a, b in rng.uniform(-9, 9, (6, 2))]
    image = np.stack(waves, axis=-1).reshape(SIZE, SIZE, 2, 3).transpose(2, 0, 1, 3)
    image = np.clip(image + 0.05 * rng.standard_normal(image.shape), 0, 1)
    mask = np.zeros((2, SIZE, SIZE, 1))
    mask[0, 20:45, 8:30] = mask[0, :7, 50:] = mask[1, 30:, 25:50] = mask[1, 10:13] = 1
    return image.astype(np.float32), mask.astype(np.float32)


def _shown(gradients):
    """`(variables, 1 + PROJECTIONS)`: lengths and projections, in the order of the names."""
    rows = []
    for number, (_, gradient) in enumerate(sorted(gradients.items())):
        flat = np.asarray(gradient, np.float64).ravel()
        directions = np.random.default_rng(number).standard_normal((PROJECTIONS, flat.size))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        rows.append([np.linalg.norm(flat), *(directions @ flat)])
    return np.array(rows)


def compute(config, seed, vgg):
    """Everything about one training step that must not change."""
    system = build(config, SIZE, vgg)
    system.compile(10)
    generator, discriminator = {}, {}
    system.generator_optimizer = _Recorder(0.0, generator.update)
    system.discriminator_optimizer = _Recorder(0.01, discriminator.update)
    _draw_weights(system.generator, seed)
    _draw_weights(system.discriminator, seed)
    for _ in range(5):
        system.discriminator.update_spectral_norm()
    image, mask = _inputs()

    # Without a graph: tracing this step takes longer than running it.
    outputs = system.generator(image, mask)
    figures = system.train_step((tf.constant(image), tf.constant(mask)))
    return {
        # Every third pixel, the first and the last row and column among them.
        "coarse": outputs["coarse"][:, ::3, ::3].numpy(),
        "refined": outputs["refined"][:, ::3, ::3].numpy(),
        "figures": np.array([float(figures[name]) for name in sorted(figures)]),
        "generator_gradients": _shown(generator),
        "discriminator_gradients": _shown(discriminator),
    }


@pytest.fixture(scope="module")
def vgg():
    return Vgg19("random")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_changed(case, vgg):
    golden = np.load(GOLDEN)
    for name, value in compute(*CASES[case], vgg).items():
        expected = golden[f"{case}/{name}"]
        # Gradients beside the length of the whole one, which all variables share.
        gradient = name.endswith("gradients")
        scale = np.linalg.norm(expected[:, 0]) if gradient else 1
        error = np.abs(value - expected).max() / max(scale, np.abs(expected).max())
        assert error < (GRADIENT_TOLERANCE if gradient else TOLERANCE), (name, error)


if __name__ == "__main__":
    network = Vgg19("random")
    arrays = {
        f"{case}/{name}": value
        for case, (config, seed) in CASES.items()
        for name, value in compute(config, seed, network).items()
    }
    np.savez_compressed(GOLDEN, **arrays)
    print(f"wrote {GOLDEN}: {GOLDEN.stat().st_size} bytes")
