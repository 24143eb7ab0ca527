"""Gradients of a batch, added up over its parts, of which only one is in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

Figures = dict[str, tf.Tensor]
Gradients = list[tf.Tensor]
Compute = Callable[..., tuple[Gradients, Figures]]


def accumulate(
    compute: Compute, variables: list[tf.Variable], samples: Sequence[tf.Tensor], parts: int
) -> tuple[Gradients, Figures]:
    """What `compute(*samples)` gives, worked out in `parts` equal parts of the samples.

    Every loss must be a mean over samples: the mean of the parts' gradients is then the batch's.

    The parts are turns of a loop, one at a time. Were they laid out in the graph side by side,
    nothing would keep TensorFlow from running them all at once.

    Args:
        compute: samples -> `(gradients, figures)`, a gradient for each of `variables` and scalars
            by name. It must not talk to other replicas.
        variables: what the gradients are of.
        samples: tensors with the same first axis, which `parts` divides.
        parts: 1 for the whole at once.

    Returns:
        `(gradients, figures)`, both means over the parts; figures are float32.
    """
    if parts == 1:
        return compute(*samples)
    size = tf.shape(samples[0])[0] // parts
    names: list[str] = []

    def add(index, gradients, figures):
        part = [tensor[index * size : (index + 1) * size] for tensor in samples]
        more, named = compute(*part)
        names[:] = named
        gradients = [ours + theirs for ours, theirs in zip(gradients, more)]
        return index + 1, gradients, figures + _stacked(named)

    none_yet = [tf.zeros(variable.shape, variable.dtype) for variable in variables]
    # How many figures there are is known after the first turn; a single 0 fits any number.
    _, gradients, figures = tf.while_loop(
        lambda index, *_: index < parts,
        add,
        (tf.constant(0), none_yet, tf.zeros(1)),
        shape_invariants=(
            tf.TensorShape(()),
            [gradient.shape for gradient in none_yet],
            tf.TensorShape((None,)),
        ),
        parallel_iterations=1,
    )
    means = tf.unstack(figures / parts, num=len(names))
    return [gradient / tf.cast(parts, gradient.dtype) for gradient in gradients], dict(
        zip(names, means)
    )


def _stacked(figures: Figures) -> tf.Tensor:
    return tf.stack([tf.cast(figure, tf.float32) for figure in figures.values()])
