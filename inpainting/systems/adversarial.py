"""What systems of one generator and one discriminator have in common.

The settings of such a system are a dataclass with `generator_rate`, `discriminator_rate`,
`schedule` (a name in `inpainting.training.schedules`), `beta_1` and `beta_2`.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from inpainting.errors import InputError
from inpainting.systems.base import InpaintingSystem
from inpainting.training.schedules import SCHEDULES, schedule

Figures = dict[str, tf.Tensor]


class AdversarialSystem(InpaintingSystem):
    """Two networks, an Adam optimizer for each, and the figures that a step reports.

    A subclass implements `train_step`, which ends with `return self.report(figures)`.

    Arguments:
        config: the settings.
        generator: see `InpaintingSystem`.
        discriminator: a Keras model with all that is trained against the generator.
        figures: the names of all figures that a step reports.
        name: of the system.
    """

    def __init__(
        self,
        config: Any,
        generator: tf.keras.Model,
        discriminator: tf.keras.Model,
        figures: tuple[str, ...],
        name: str,
    ) -> None:
        super().__init__(name=name)
        self.config = config
        self.generator = generator
        self.discriminator = discriminator
        self.figures = figures
        self._means: dict[str, tf.keras.metrics.Mean] = {}

    def compile(self, steps: int) -> None:
        """Makes the optimizers and schedules of a run of `steps` steps.

        Raises:
            InputError: the settings name an unknown schedule.
        """
        config = self.config
        if config.schedule not in SCHEDULES:
            raise InputError(
                f"unknown schedule {config.schedule!r}: known are {', '.join(SCHEDULES)}"
            )
        self.generator_schedule = schedule(config.schedule, config.generator_rate, steps)
        self.discriminator_schedule = schedule(config.schedule, config.discriminator_rate, steps)
        self.generator_optimizer = self._adam(self.generator_schedule)
        self.discriminator_optimizer = self._adam(self.discriminator_schedule)
        super().compile(optimizer=self.generator_optimizer)
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self._means = {name: tf.keras.metrics.Mean(name=name) for name in self.figures}

    def _adam(self, rate: Any) -> tf.keras.optimizers.Adam:
        # Epsilon as in TensorFlow 1 and PyTorch, where the published rates were chosen.
        return tf.keras.optimizers.Adam(
            rate, beta_1=self.config.beta_1, beta_2=self.config.beta_2, epsilon=1e-8
        )

    @property
    def metrics(self) -> list[tf.keras.metrics.Metric]:
        """Means since the last reset; Keras Means, so that replicas are averaged, not summed."""
        return list(self._means.values())

    def report(self, figures: Figures) -> Figures:
        """Adds a step's figures to their means, and returns these."""
        for name, value in figures.items():
            self._means[name].update_state(value)
        return {name: mean.result() for name, mean in self._means.items()}

    def checkpoint_items(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def learning_rates(self, step: int) -> dict[str, float]:
        return {
            "generator_rate": float(self.generator_schedule(step)),
            "discriminator_rate": float(self.discriminator_schedule(step)),
        }
