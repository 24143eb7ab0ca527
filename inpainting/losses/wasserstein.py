"""The Wasserstein losses with gradient penalty.

Sources: Arjovsky et al., "Wasserstein GAN" (2017); Gulrajani et al., "Improved Training of
Wasserstein GANs" (2017); the penalty inside the hole alone is of Yu et al., "Generative Image
Inpainting with Contextual Attention" (2018), section 3.2.
"""

from __future__ import annotations

from typing import Callable

import tensorflow as tf

# Under a root, which has no gradient at zero.
SQUARE_FLOOR = 1e-12


def wasserstein_critic(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """`E[D(G)] - E[D(x)]`: what a critic brings down.

    Args:
        real: the critic's scores of true images, any shape.
        fake: its scores of completed images.

    Returns:
        A float32 scalar of either sign, without bounds.
    """
    return tf.reduce_mean(tf.cast(fake, tf.float32)) - tf.reduce_mean(tf.cast(real, tf.float32))


def wasserstein_generator(fake: tf.Tensor) -> tf.Tensor:
    """`-E[D(G)]`, of the scores of completed images; a float32 scalar of either sign."""
    return -tf.reduce_mean(tf.cast(fake, tf.float32))


def gradient_penalty(
    critic: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    mask: tf.Tensor,
    share: tf.Tensor,
) -> tf.Tensor:
    """`E[(|grad D(y) * mask| - 1)^2]`, y on the line from a true image to a completed one.

    Args:
        critic: images `(B, H, W, C)` -> scores `(B, 1)`.
        real, fake: true and completed images, `(B, H, W, C)`.
        mask: `(B, H, W, 1)`, 1 = hole. True and completed images agree outside of it.
        share: `(B, 1, 1, 1)` in [0, 1], how far y is from the true image.

    Returns:
        A float32 scalar, at least 0.
    """
    between = real + share * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between)
    gradients = tf.cast(tape.gradient(scores, between), tf.float32)
    squares = tf.reduce_sum(tf.square(gradients) * tf.cast(mask, tf.float32), axis=(1, 2, 3))
    return tf.reduce_mean(tf.square(tf.sqrt(tf.maximum(squares, SQUARE_FLOOR)) - 1))
