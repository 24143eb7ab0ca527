"""Floating-point operations of a graph, counted from the shapes of its layers.

Convolutions and matrix products are counted, a multiplication and an addition being two operations.
Everything else (norms, activations, pads) is little work for its time: it shows as a lower share of
the machine's ceiling.
"""

from __future__ import annotations

import math
from typing import Callable

import tensorflow as tf

FORWARD_TYPES = ("Conv2D", "DepthwiseConv2dNative")


def count(function: Callable, *specs: tf.TensorSpec) -> int:
    """The operations of one call of `function` at fully known shapes; it is traced, not run.

    Raises:
        ValueError: a shape is not known while tracing.
    """
    concrete = tf.function(function, autograph=False).get_concrete_function(*specs)
    return sum(_of(operation) for operation in concrete.graph.get_operations())


def _of(operation: tf.Operation) -> int:
    kind, inputs = operation.type, operation.inputs
    if kind in FORWARD_TYPES:
        kernel = inputs[1].shape
        per_pixel = _size(kernel) // (kernel[2] if kind != "Conv2D" else 1)
        channels = kernel[3] if kind == "Conv2D" else 1
        return 2 * _size(operation.outputs[0].shape) * per_pixel // channels
    if kind in ("Conv2DBackpropInput", "Conv2DBackpropFilter"):
        gradient = inputs[2].shape
        kernel = inputs[1].shape if kind.endswith("Input") else _kernel_shape(operation)
        return 2 * _size(gradient) * _size(kernel) // gradient[-1]
    if kind in ("MatMul", "BatchMatMul", "BatchMatMulV2"):
        left = inputs[0].shape
        attribute = "transpose_a" if kind == "MatMul" else "adj_x"
        inner = left[-2] if operation.get_attr(attribute) else left[-1]
        return 2 * _size(operation.outputs[0].shape) * _size(tf.TensorShape([inner]))
    return 0


def _kernel_shape(operation: tf.Operation) -> tf.TensorShape:
    sizes = operation.inputs[1]
    if sizes.op.type == "ShapeN":
        return sizes.op.inputs[sizes.value_index].shape
    return tf.TensorShape(tf.get_static_value(sizes))


def _size(shape: tf.TensorShape) -> int:
    if not shape.is_fully_defined():
        raise ValueError(f"a shape is not known: {shape}")
    return math.prod(shape)
