"""An OpenVINO model some of whose layers compute in int8.

Before each of them its values are rounded to 256 levels (`FakeQuantize`), and its kernels to 255;
OpenVINO then finds by itself that integers will do. Of attention it is the second product alone,
for the softmax magnifies what is wrong with the scores. They, instance norms, activations and sums
stay float32.

The rounding stands before the padding, so that bytes are padded and no floats.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from inpainting.serving.conversion.int8_graph import (
    ATTENTION,
    kernel_of,
    opset,
    source,
    tensor_name,
)
from inpainting.serving.conversion.int8_grid import LEVELS, Grid

# int8 without -128, as OpenVINO wants kernels.
_KERNEL_LEVELS = LEVELS - 1


def quantize(
    model: Any, grids: dict[str, Grid], layers: Collection[str], switched: bool = False
) -> Any:
    """A copy of `model` in which `layers` compute in int8.

    With `switched` each of them is there in float32 too, and a further input of the layer's name,
    bool (1,), says which of the two counts: one compiled model then tries any choice of layers.
    """
    ops = opset()
    copy = model.clone()
    rounded: dict[tuple[str, int], Any] = {}
    switches = []
    for node in copy.get_ordered_ops():
        name = node.get_friendly_name()
        if name not in layers:
            continue
        readers = list(node.output(0).get_target_inputs())
        if node.get_type_name() == ATTENTION:
            output = _attend(node, grids[name])
        else:
            key = tensor_name(source(node))
            if key not in rounded:
                rounded[key] = _round(source(node), grids[name])
            output = _convolve(node, rounded[key], grids[name])
        if switched:
            switch = ops.parameter([1], np.bool_, name=name)
            switches.append(switch)
            output = ops.select(switch, output, node.output(0)).output(0)
        else:
            output.get_node().set_friendly_name(name)
        for reader in readers:
            reader.replace_source_output(output)
    if switches:
        copy.add_parameters(switches)
        for switch in switches:
            switch.output(0).get_tensor().set_names({switch.get_friendly_name()})
    copy.validate_nodes_and_infer_types()
    return copy


def _round(output: Any, grid: Grid) -> Any:
    """Scales and rounds a tensor (B, C, H, W)."""
    ends = (grid.low / grid.factors, grid.high / grid.factors, grid.low, grid.high)
    constants = [_constant(np.reshape(end, (1, -1, 1, 1))) for end in ends]
    return opset().fake_quantize(output, *constants, LEVELS).output(0)


def _convolve(node: Any, rounded: Any, grid: Grid) -> Any:
    """The same convolution, paddings and all, of the rounded values by rounded kernels."""
    paddings = []
    output = node.input_value(0)
    while output.get_node().get_type_name() == "Pad":
        paddings.append(output.get_node())
        output = paddings[-1].input_value(0)
    for padding in reversed(paddings):
        rounded = _again(padding, [rounded, *padding.input_values()[1:]])
    kernel = kernel_of(node) / grid.factors.reshape(1, -1, 1, 1)
    largest = np.maximum(np.abs(kernel).max(axis=(1, 2, 3), keepdims=True), 1e-9)
    ends = [_constant(end) for end in (-largest, largest, -largest, largest)]
    kernels = opset().fake_quantize(_constant(kernel), *ends, _KERNEL_LEVELS).output(0)
    return _again(node, [rounded, kernels])


def _attend(node: Any, grid: Grid) -> Any:
    """Attention whose weights and values are rounded.

    The largest weight of each query is made 1 before the rounding and the sum is divided by
    afterwards, so that many small weights are not rounded to nothing. It is the sum of the rounded
    weights: they add up to one again.
    """
    ops = opset()
    queries, keys, values = (node.input_value(index) for index in range(3))
    scores = ops.matmul(queries, keys, False, True)
    last = np.array([-1])
    weights = ops.exp(ops.subtract(scores, ops.reduce_max(scores, last, True)))
    zero, one, low, high = (_constant(end) for end in (0, 1, grid.low, grid.high))
    weights = ops.fake_quantize(weights, zero, one, zero, one, LEVELS)
    values = ops.fake_quantize(values, low, high, low, high, LEVELS)
    total = ops.reduce_sum(weights, last, True)
    return ops.divide(ops.matmul(weights, values, False, False), total).output(0)


def _again(node: Any, inputs: Sequence[Any]) -> Any:
    """The output of another node of the same kind with other inputs."""
    from openvino.utils.node_factory import NodeFactory

    factory = NodeFactory("opset13")
    return factory.create(node.get_type_name(), list(inputs), node.get_attributes()).output(0)


def _constant(value: Any) -> Any:
    return opset().constant(np.asarray(value, np.float32))
