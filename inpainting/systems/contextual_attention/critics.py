"""The two Wasserstein critics of DeepFill v1: one of the whole image, one of the hole's window."""

from __future__ import annotations

import tensorflow as tf

GLOBAL_FILTERS = (64, 128, 256, 256)
LOCAL_FILTERS = (64, 128, 256, 512)
SLOPE = 0.2


@tf.keras.utils.register_keras_serializable("inpainting")
class Critic(tf.keras.Model):
    """Four 5x5 convolutions of stride 2 and a score from all that they end in.

    The score looks at every position by itself, so a critic takes images of one size only.

    Args:
        filters: channels of the convolutions.

    Call arguments:
        images: `(B, H, W, 3)` in [-1, 1].

    Returns:
        Scores `(B, 1)`, unbounded.
    """

    def __init__(self, filters: tuple[int, ...] = GLOBAL_FILTERS, **kwargs):
        super().__init__(**kwargs)
        self.filters = tuple(filters)
        self.convs = [
            tf.keras.layers.Conv2D(count, 5, 2, padding="same", name=f"conv{number}")
            for number, count in enumerate(self.filters, 1)
        ]
        self.flatten = tf.keras.layers.Flatten(name="flatten")
        self.score = tf.keras.layers.Dense(1, name="score")

    def call(self, images):
        for conv in self.convs:
            images = tf.nn.leaky_relu(conv(images), SLOPE)
        return self.score(self.flatten(images))

    def get_config(self):
        config = super().get_config()
        config.update(filters=self.filters)
        return config


@tf.keras.utils.register_keras_serializable("inpainting")
class CriticPair(tf.keras.Model):
    """The global and the local critic, trained together.

    Source: Yu et al., "Generative Image Inpainting with Contextual Attention" (2018), section 3.

    Call arguments:
        images: `(B, S, S, 3)` in [-1, 1].
        windows: `(B, S / 2, S / 2, 3)`, the hole's windows.

    Returns:
        `(global scores, local scores)`, both `(B, 1)`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.global_critic = Critic(GLOBAL_FILTERS, name="global")
        self.local_critic = Critic(LOCAL_FILTERS, name="local")

    def call(self, images, windows):
        return self.global_critic(images), self.local_critic(windows)
