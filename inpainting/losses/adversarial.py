"""The hinge losses of the two players (the paper's `L_D` and `L_G`).

A patch discriminator decides at many places at once; the loss is the mean over all of its
decisions, hence over the images of the batch too.
"""

from __future__ import annotations

import tensorflow as tf


def hinge_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """`E[relu(1 - D(x))] + E[relu(1 + D(G))]`: 0 once real is above 1 and fake below -1.

    Args:
        real: the discriminator's decisions on true images, `(B, h, w, C)`, any shape will do.
        fake: its decisions on completed images.

    Returns:
        A float32 scalar, at least 0; it is 2 where every decision is 0.
    """
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    return tf.reduce_mean(tf.nn.relu(1 - real)) + tf.reduce_mean(tf.nn.relu(1 + fake))


def hinge_generator(fake: tf.Tensor) -> tf.Tensor:
    """`-E[D(G)]`: falls as the discriminator takes completed images for true ones.

    Args:
        fake: the discriminator's decisions on completed images, `(B, h, w, C)`.

    Returns:
        A float32 scalar of either sign, without bounds.
    """
    return -tf.reduce_mean(tf.cast(fake, tf.float32))
