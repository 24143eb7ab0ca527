"""What an OpenVINO model has of layers that can compute in int8, and what they read.

They are convolutions with constant kernels and attention where OpenVINO has seen it as one
operation, nine tenths of the generator's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from inpainting.serving.conversion.formats import import_package
from inpainting.serving.conversion.int8_grid import Grid, channel_grid, plain_grid
from inpainting.serving.conversion.openvino_format import FLOAT32

ATTENTION = "ScaledDotProductAttention"


def find_layers(model: Any) -> list[str]:
    """Names of the layers that can be quantized, in the order in which they are computed."""
    return [node.get_friendly_name() for node in model.get_ordered_ops() if _is_layer(node)]


def measure_grids(model: Any, samples: Sequence[dict[str, np.ndarray]]) -> dict[str, Grid]:
    """Each layer's grid, from what its input holds while `model` computes `samples`.

    In the order in which they are computed. Those that read the same tensor have the same `Grid`.

    Args:
        model: an `openvino.Model` in float32.
        samples: its inputs by name.
    """
    openvino = import_package("openvino")
    ops = opset()

    readers: dict[tuple[str, int], list[Any]] = {}
    for node in filter(_is_layer, model.get_ordered_ops()):
        readers.setdefault(tensor_name(source(node)), []).append(node)
    results = []
    for nodes in readers.values():
        # Over all but the channels; over everything for attention.
        axes = np.array([0, 1, 2] if nodes[0].get_type_name() == ATTENTION else [0, 2, 3])
        for reduce in (ops.reduce_min, ops.reduce_max):
            results.append(ops.result(reduce(source(nodes[0]), axes, False)))
    probe = openvino.Model(results, model.get_parameters(), "probe")
    run = openvino.Core().compile_model(probe, "CPU", FLOAT32)
    seen = [[np.array(value) for value in run(sample).values()] for sample in samples]

    grids: dict[str, Grid] = {}
    for index, nodes in enumerate(readers.values()):
        low = np.min([values[2 * index] for values in seen], axis=0)
        high = np.max([values[2 * index + 1] for values in seen], axis=0)
        if nodes[0].get_type_name() == ATTENTION:
            largest = float(max(-low, high))
            grid = plain_grid(-largest, largest)
        else:
            grid = channel_grid(low, high, [kernel_of(node) for node in nodes])
        grids.update({node.get_friendly_name(): grid for node in nodes})
    return {name: grids[name] for name in find_layers(model)}


def source(node: Any) -> Any:
    """The tensor that a layer reads: a convolution's before padding, attention's values."""
    if node.get_type_name() == ATTENTION:
        return node.input_value(2)
    output = node.input_value(0)
    while output.get_node().get_type_name() == "Pad":
        output = output.get_node().input_value(0)
    return output


def tensor_name(output: Any) -> tuple[str, int]:
    return output.get_node().get_friendly_name(), output.get_index()


def kernel_of(node: Any) -> np.ndarray:
    return node.input_value(1).get_node().data


def opset() -> Any:
    import_package("openvino")
    from openvino import opset13

    return opset13


def _is_layer(node: Any) -> bool:
    if node.get_type_name() == "Convolution":
        return node.input_value(1).get_node().get_type_name() == "Constant"
    # With neither mask nor scale, as the generators attend: the constants 0 and 1.
    if node.get_type_name() != ATTENTION or node.get_input_size() != 5:
        return False
    extra = [node.input_value(index).get_node() for index in (3, 4)]
    if any(one.get_type_name() != "Constant" or one.data.size != 1 for one in extra):
        return False
    return [float(one.data.reshape(())) for one in extra] == [0, 1]
