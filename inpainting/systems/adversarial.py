"""What systems of one generator and one discriminator have in common: the whole of a step.

The settings of such a system are a dataclass with `generator_rate`, `discriminator_rate`,
`schedule` (a name in `inpainting.training.schedules`), `beta_1` and `beta_2`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from inpainting.errors import InputError
from inpainting.systems.accumulation import accumulate
from inpainting.systems.base import (
    InpaintingSystem,
    Outputs,
    apply_and_measure,
    scale_for_replicas,
)
from inpainting.training.precision import scaled_optimizer
from inpainting.training.schedules import SCHEDULES, schedule

Figures = dict[str, tf.Tensor]
# Image, mask and whatever `draws` adds, all with the same first axis.
Samples = tuple[tf.Tensor, ...]


class AdversarialSystem(InpaintingSystem):
    """Two networks, an Adam optimizer for each, the step that updates both, and its figures.

    The discriminator is updated first, and the generator is judged by the updated one. In whole
    batches the generator runs once a step and its output serves both updates. In micro-batches,
    whose purpose is to hold the intermediate results of a part of the batch only, it runs twice:
    first for all parts' completed images, from which the discriminator's gradients are added up,
    and, once the discriminator is updated, again for its own. Every loss is a mean over samples, so
    both ways make the same update.

    A subclass says what the losses are (`discriminator_losses`, `generator_losses`) and, where its
    discriminator needs it, what comes before and after that one's update.

    Arguments:
        config: the settings.
        generator: see `InpaintingSystem`.
        discriminator: a Keras model with all that is trained against the generator.
        figures: the names of all figures that a step reports.
        name: of the system.

    Attributes:
        trains_discriminator: False where no loss asks for one; there is no such update then.
    """

    trains_discriminator: bool = True

    def __init__(
        self,
        config: Any,
        generator: tf.keras.Model,
        discriminator: tf.keras.Model,
        figures: tuple[str, ...],
        name: str,
    ) -> None:
        super().__init__(name=name, autocast=False)
        self.config = config
        self.generator = generator
        self.discriminator = discriminator
        self.figures = figures
        self.micro_batches = 1
        self._means: dict[str, tf.keras.metrics.Mean] = {}

    def discriminator_losses(
        self, image: tf.Tensor, mask: tf.Tensor, refined: tf.Tensor, *draws: tf.Tensor
    ) -> Figures:
        """Figures of the discriminator's update; its "discriminator_loss" is brought down.

        Args:
            image, mask, refined: of some samples; no gradient passes to `refined`.
            draws: what `draws` gave for these samples.
        """
        raise NotImplementedError

    def generator_losses(self, image: tf.Tensor, mask: tf.Tensor, outputs: Outputs) -> Figures:
        """Figures of the generator's update; its "generator_loss" is brought down.

        `outputs` are the generator's for these samples, of the type of `image` (float32).
        """
        raise NotImplementedError

    def draws(self, count: int | tf.Tensor) -> Samples:
        """Random numbers for `count` samples of a discriminator update, each `(count, ...)`."""
        return ()

    def before_discriminator_update(self) -> None:
        """Called before the discriminator is used in its update."""

    def after_discriminator_update(self) -> None:
        """Called once the discriminator's kernels have changed."""

    def use_micro_batches(self, count: int) -> None:
        self.micro_batches = count

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> Figures:
        """One update of the generator and `batches_per_step` of the discriminator.

        `batch` is `(image, mask)`, the replica's share of as many batches.
        """
        each = self.batches_per_step
        *earlier, last = ([part[turn::each] for part in batch] for turn in range(each))
        for image, mask in earlier:
            self._update_discriminator(image, mask)
        if self.micro_batches == 1:
            return self.report(self._update_both(*last))
        figures = self._update_discriminator(*last) if self.trains_discriminator else {}
        gradients, more = accumulate(
            self._generator_gradients,
            self.generator.trainable_variables,
            last,
            self.micro_batches,
        )
        return self.report(figures | self._apply("generator", gradients, more))

    def _update_both(self, image: tf.Tensor, mask: tf.Tensor) -> Figures:
        """Both updates from one run of the generator."""
        figures: Figures = {}

        def update_discriminator(outputs: Outputs) -> None:
            if not self.trains_discriminator:
                return
            self.before_discriminator_update()
            samples = (image, mask, *self.draws(tf.shape(image)[0]))
            gradients, more = self._discriminator_gradients(*samples, refined=outputs["refined"])
            figures.update(self._apply("discriminator", gradients, more))
            self.after_discriminator_update()

        gradients, more = self._generator_gradients(image, mask, meanwhile=update_discriminator)
        return figures | self._apply("generator", gradients, more)

    def _update_discriminator(self, image: tf.Tensor, mask: tf.Tensor) -> Figures:
        self.before_discriminator_update()
        samples = (image, mask, *self.draws(tf.shape(image)[0]))
        gradients, figures = accumulate(
            self._discriminator_gradients,
            self.discriminator.trainable_variables,
            samples,
            self.micro_batches,
        )
        figures = self._apply("discriminator", gradients, figures)
        self.after_discriminator_update()
        return figures

    def _discriminator_gradients(
        self,
        image: tf.Tensor,
        mask: tf.Tensor,
        *draws: tf.Tensor,
        refined: tf.Tensor | None = None,
    ) -> tuple[list[tf.Tensor], Figures]:
        if refined is None:
            refined = self._generate(image, mask)["refined"]
        with tf.GradientTape() as tape:
            figures = self.discriminator_losses(image, mask, tf.stop_gradient(refined), *draws)
            scaled = self._scaled(self.discriminator_optimizer, figures["discriminator_loss"])
        return tape.gradient(scaled, self.discriminator.trainable_variables), figures

    def _generator_gradients(
        self,
        image: tf.Tensor,
        mask: tf.Tensor,
        meanwhile: Callable[[Outputs], None] | None = None,
    ) -> tuple[list[tf.Tensor], Figures]:
        """Gradients and figures; `meanwhile` happens between the fill and its judgement."""
        with tf.GradientTape() as tape:
            outputs = self._generate(image, mask)
            if meanwhile:
                with tape.stop_recording():
                    meanwhile(outputs)
            figures = self.generator_losses(image, mask, outputs)
            scaled = self._scaled(self.generator_optimizer, figures["generator_loss"])
        return tape.gradient(scaled, self.generator.trainable_variables), figures

    def _generate(self, image: tf.Tensor, mask: tf.Tensor) -> Outputs:
        # Losses are float32 whatever the networks compute in.
        outputs = self.generator(image, mask, training=True)
        return {name: tf.cast(frame, image.dtype) for name, frame in outputs.items()}

    def _scaled(self, optimizer: tf.keras.optimizers.Optimizer, loss: tf.Tensor) -> tf.Tensor:
        loss = scale_for_replicas(loss)
        if isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer):
            return optimizer.get_scaled_loss(loss)
        return loss

    def _apply(self, player: str, gradients: list[tf.Tensor], figures: Figures) -> Figures:
        """Updates "generator" or "discriminator"; the figures with the gradients' norm."""
        variables = getattr(self, player).trainable_variables
        optimizer = getattr(self, f"{player}_optimizer")
        norm = apply_and_measure(optimizer, gradients, variables)
        return figures | {f"{player}_gradient_norm": norm}

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
        self.generator_optimizer = self._adam(self.generator_schedule, self.generator)
        self.discriminator_optimizer = self._adam(self.discriminator_schedule, self.discriminator)
        super().compile(optimizer=self.generator_optimizer)
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        floatx = tf.keras.backend.floatx()
        self._means = {name: tf.keras.metrics.Mean(name, floatx) for name in self.figures}

    def _adam(self, rate: Any, network: tf.keras.Model) -> tf.keras.optimizers.Optimizer:
        # Epsilon as in TensorFlow 1 and PyTorch, where the published rates were chosen.
        adam = tf.keras.optimizers.Adam(
            rate, beta_1=self.config.beta_1, beta_2=self.config.beta_2, epsilon=1e-8
        )
        return scaled_optimizer(adam, network)

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
