"""Quantized layers in OpenVINO against NumPy and TensorFlow; `make test-export`."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.serving.conversion.formats import import_package
from inpainting.serving.conversion.int8_choice import Trial
from inpainting.serving.conversion.int8_graph import find_layers, measure_grids
from inpainting.serving.conversion.int8_layers import quantize

pytestmark = pytest.mark.export
try:
    openvino = import_package("openvino")
except ModuleNotFoundError:
    pytest.skip("needs requirements-export.txt", allow_module_level=True)

SIZE = 12


def convert(function, *shapes):
    specs = [tf.TensorSpec(shape, name=f"input{number}") for number, shape in enumerate(shapes)]
    function = tf.function(function, input_signature=specs)
    return openvino.convert_model(function.get_concrete_function())


def run(model, *arrays, **switches):
    inputs = {f"input{number}": array for number, array in enumerate(arrays)}
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(model, "CPU", options)
    (answer,) = compiled({**inputs, **switches}).values()
    return np.array(answer)


@pytest.fixture
def kernels(rng):
    """(3, 3, 4, 8) and (3, 3, 4, 6), the first channel's weights a tenth of the others'."""
    return [
        (rng.normal(size=(3, 3, 4, filters)) * [[0.1], [1], [1], [1]]).astype(np.float32)
        for filters in (8, 6)
    ]


@pytest.fixture
def pictures(rng):
    """Three times (1, SIZE, SIZE, 4), the first channel ten times larger."""
    scale = np.array([10, 1, 1, 1])
    return [(rng.uniform(-0.3, 1, (1, SIZE, SIZE, 4)) * scale).astype(np.float32) for _ in range(3)]


def two_convolutions(kernels):
    """One mirrors its border, the other pads with zeros; both read the same tensor."""

    def function(inputs):
        padded = tf.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)), "SYMMETRIC")
        mirrored = tf.nn.conv2d(padded, kernels[0], 1, "VALID")
        return tf.concat((mirrored, tf.nn.conv2d(inputs, kernels[1], 1, "SAME")), axis=-1)

    return function


def by_hand(kernels, grid, picture):
    """The same with rounded values and kernels, padded, multiplied and added up by TensorFlow."""
    rounded = []
    for kernel in kernels:
        scaled = kernel / grid.factors[:, np.newaxis]
        step = np.abs(scaled).max(axis=(0, 1, 2)) / 127
        rounded.append((np.rint(scaled / step) * step).astype(np.float32))
    return two_convolutions(rounded)(tf.constant(grid.rounded(picture))).numpy()


def test_convolutions_of_rounded_values_by_rounded_kernels(kernels, pictures):
    model = convert(two_convolutions(kernels), (1, SIZE, SIZE, 4))
    layers = find_layers(model)
    assert len(layers) == 2
    grids = measure_grids(model, [{"input0": picture} for picture in pictures])
    assert grids[layers[0]] is grids[layers[1]]
    found = run(quantize(model, grids, layers), pictures[0])
    expected = by_hand(kernels, grids[layers[0]], pictures[0])
    # A value that lies between two levels may go to either, one step off in one product.
    close = np.abs(found - expected) < 2e-4
    assert close.mean() > 0.99
    np.testing.assert_allclose(found, expected, atol=0.15)
    exact = two_convolutions(kernels)(tf.constant(pictures[0])).numpy()
    assert 1e-3 < np.abs(found - exact).mean() < 0.03


def test_grids_are_of_what_the_samples_hold(kernels, pictures):
    model = convert(two_convolutions(kernels), (1, SIZE, SIZE, 4))
    grids = measure_grids(model, [{"input0": picture} for picture in pictures])
    grid = grids[find_layers(model)[0]]
    scaled = np.stack(pictures) * grid.factors
    step = (grid.high - grid.low) / 255
    assert grid.low == pytest.approx(1.15 * scaled.min(), abs=step)
    assert grid.high == pytest.approx(1.15 * scaled.max(), abs=step)


def test_switches_choose_layer_by_layer(kernels, pictures):
    model = convert(two_convolutions(kernels), (1, SIZE, SIZE, 4))
    layers = find_layers(model)
    grids = measure_grids(model, [{"input0": picture} for picture in pictures])
    both = quantize(model, grids, layers, switched=True)
    exact, rounded = run(model, pictures[0]), run(quantize(model, grids, layers), pictures[0])
    for mirrored in (False, True):
        for zeros in (False, True):
            state = dict(zip(layers, (np.array([mirrored]), np.array([zeros]))))
            # The layers in the order in which they are computed, whichever that is.
            widths = [int(kernel.shape[-1]) for kernel in kernels]
            found = run(both, pictures[0], **state)
            options = [
                np.concatenate((first[..., : widths[0]], second[..., widths[0] :]), axis=-1)
                for first, second in (
                    (rounded if mirrored else exact, rounded if zeros else exact),
                    (rounded if zeros else exact, rounded if mirrored else exact),
                )
            ]
            assert min(np.abs(found - option).max() for option in options) < 1e-4


def test_layers_that_are_not_named_stay_as_they_are(kernels, pictures):
    model = convert(two_convolutions(kernels), (1, SIZE, SIZE, 4))
    grids = measure_grids(model, [{"input0": picture} for picture in pictures])
    found = run(quantize(model, grids, []), pictures[0])
    np.testing.assert_array_equal(found, run(model, pictures[0]))


def test_attention_divides_by_the_sum_of_the_rounded_weights(rng):
    queries, keys, values = (
        rng.normal(size=(1, 40, depth)).astype(np.float32) for depth in (6, 6, 5)
    )

    # As OpenVINO writes down the attention of the refine pass.
    ops = openvino.opset13
    inputs = [
        ops.parameter(one.shape, np.float32, name=f"input{number}")
        for number, one in enumerate((queries, keys, values))
    ]
    constants = [ops.constant(np.float32(value)) for value in (0, 1)]
    attended = ops.scaled_dot_product_attention(*inputs, *constants)
    model = openvino.Model([ops.result(attended)], inputs, "attention")
    for one in model.inputs:
        one.set_names({one.get_node().get_friendly_name()})
    (layer,) = find_layers(model)
    sample = {"input0": queries, "input1": keys, "input2": values}
    grids = measure_grids(model, [sample])
    found = run(quantize(model, grids, [layer]), queries, keys, values)

    scores = queries[0] @ keys[0].T
    weights = np.rint(255 * np.exp(scores - scores.max(axis=1, keepdims=True)))
    step = 2 * 1.15 * np.abs(values).max() / 255
    rounded = np.rint(values[0] / step) * step
    expected = weights @ rounded / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found[0], expected, atol=1.5 * step)
    exact = run(model, queries, keys, values)
    assert 0 < np.abs(found - exact).max() < 2 * step


def test_a_trial_measures_what_a_choice_of_layers_costs(kernels, pictures):
    """Grey levels between the answers of two files, the samples put in order by the same."""

    def function(inputs):
        return {"completed": two_convolutions(kernels)(inputs) / 100}

    model = convert(function, (1, SIZE, SIZE, 4))
    samples = [{"input0": picture} for picture in pictures]
    grids = measure_grids(model, samples)
    trial = Trial(model, grids, samples)
    layers = find_layers(model)
    assert trial.layers == layers
    for chosen in (layers, layers[:1], layers[1:]):
        quantized = quantize(model, grids, chosen)
        errors = [
            255 * np.abs(run(quantized, picture) - run(model, picture)).max()
            for picture in pictures
        ]
        largest = max(errors)
        assert trial.error(chosen, 3) == pytest.approx(largest, rel=1e-2)
        assert trial.fits(chosen, 1.05 * largest)
        assert not trial.fits(chosen, 0.95 * largest)
        if chosen is layers:
            assert trial.error(chosen, 1) == pytest.approx(largest, rel=1e-2)
    assert trial.error([], 3) == 0
