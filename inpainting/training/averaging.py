"""The exponential moving average of a generator's weights: a second generator beside the first.

Fills of the average are steadier and usually better than those of the last step. Source: Polyak
and Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992); for generators Yazici
et al., "The Unusual Effectiveness of Averaging in GAN Training" (2019). The warm-up of the decay is
that of `tf.train.ExponentialMovingAverage`. (The `use_ema` of Keras's optimizers has no warm-up and
puts the average in the place of the weights when `fit` ends.)
"""

from __future__ import annotations

import tensorflow as tf


class WeightAverage:
    """Keeps `average <- d * average + (1 - d) * weights`, d = min(decay, (1 + n) / (10 + n)).

    n is the number of updates made before, so that the average is a function of the weights after
    each step alone, and a resumed run goes on with it exactly. What is not trained is copied.

    Make it under the distribution strategy's scope, when `generator` has the weights that training
    starts with; the average starts with them too.

    Arguments:
        generator: the network that is trained.
        network: one of the same kind, which becomes the average.
        decay: above 0 and below 1.

    Raises:
        ValueError: the decay is out of range, or the networks differ.
    """

    def __init__(self, generator: tf.keras.Model, network: tf.keras.Model, decay: float) -> None:
        if not 0 < decay < 1:
            raise ValueError(f"decay must be above 0 and below 1, received {decay}")
        shapes = [[tuple(v.shape) for v in model.variables] for model in (generator, network)]
        if shapes[0] != shapes[1]:
            raise ValueError("network has other variables than generator")
        self.network = network
        self.decay = decay
        self._pairs = list(zip(network.variables, generator.variables))
        self._strategy = tf.distribute.get_strategy()
        for average, variable in self._pairs:
            average.assign(variable)
        share = tf.TensorSpec([], tf.float32)
        self._update = tf.function(self._update_all, autograph=False).get_concrete_function(share)

    def update(self, step: int) -> None:
        """Takes in the weights after `step` steps, counted from 1 over the whole run."""
        decay = min(self.decay, step / (step + 9.0))
        with self._strategy.scope():
            self._update(tf.constant(1.0 - decay, tf.float32))

    def _update_all(self, share: tf.Tensor) -> None:
        # On every device for itself: weights are equal on all of them.
        for average, variable in self._pairs:
            rule = _move if variable.trainable else _copy
            self._strategy.extended.update(average, rule, args=(variable, share))


def _move(average: tf.Variable, variable: tf.Variable, share: tf.Tensor) -> tf.Operation:
    return average.assign_sub(tf.cast(share, average.dtype) * (average - variable))


def _copy(average: tf.Variable, variable: tf.Variable, share: tf.Tensor) -> tf.Operation:
    return average.assign(variable)
