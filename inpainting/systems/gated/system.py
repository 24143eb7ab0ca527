"""DeepFill v2's training: one discriminator and one generator update a step.

Source: Yu et al., "Free-Form Image Inpainting with Gated Convolution" (2019), and its published
code. Two deviations from that code: both updates of a step see the same photographs (there each
draws its own), and the spectral norm's gradient takes the singular vectors for constants (there it
passes through their last iteration).
"""

from __future__ import annotations

import tensorflow as tf

from inpainting.losses import adversarial, reconstruction
from inpainting.systems.adversarial import AdversarialSystem, Figures
from inpainting.systems.base import apply_and_measure, scale_for_replicas
from inpainting.systems.gated.config import GatedConfig
from inpainting.systems.gated.discriminator import PatchDiscriminator
from inpainting.systems.gated.generator import GatedGenerator

FIGURES = (
    "adversarial",
    "l1",
    "generator_loss",
    "generator_gradient_norm",
    "discriminator_loss",
    "discriminator_gradient_norm",
    "d_real",
    "d_fake",
)


class GatedSystem(AdversarialSystem):
    """Gated generator, SN-PatchGAN, hinge and L1 losses.

    Images are judged and compared on the scale from -1 to 1, on which the weights of the losses
    were chosen.
    """

    def __init__(self, config: GatedConfig) -> None:
        super().__init__(config, build_generator(config), PatchDiscriminator(), FIGURES, "gated")

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> Figures:
        """One update of each network on `(image, mask)` of the replica's share of the batch."""
        image, mask = batch
        truth = 2 * image - 1
        with tf.GradientTape() as tape:
            outputs = self.generator(image, mask, training=True)
            coarse, refined = (
                2 * tf.cast(outputs[name], image.dtype) - 1 for name in ("coarse", "refined")
            )
            completed = truth * (1 - mask) + refined * mask
            with tape.stop_recording():
                figures = self._discriminator_step(truth, completed, mask)
            figures["l1"] = reconstruction.l1(truth, coarse) + reconstruction.l1(truth, refined)
            fake = self.discriminator(completed, mask, training=True)
            figures["adversarial"] = adversarial.hinge_generator(fake)
            figures["generator_loss"] = (
                self.config.l1_weight * figures["l1"]
                + self.config.adversarial_weight * figures["adversarial"]
            )
            scaled = scale_for_replicas(figures["generator_loss"])
        variables = self.generator.trainable_variables
        figures["generator_gradient_norm"] = apply_and_measure(
            self.generator_optimizer, tape.gradient(scaled, variables), variables
        )
        return self.report(figures)

    def _discriminator_step(
        self, truth: tf.Tensor, completed: tf.Tensor, mask: tf.Tensor
    ) -> Figures:
        """The hinge loss, halved as in the published code, on true and completed images."""
        both = tf.concat([truth, tf.stop_gradient(completed)], axis=0)
        variables = self.discriminator.trainable_variables
        # One iteration before each use of the discriminator, as the published code does.
        self.discriminator.update_spectral_norm()
        with tf.GradientTape() as tape:
            decisions = self.discriminator(both, tf.concat([mask, mask], axis=0), training=True)
            real, fake = tf.split(decisions, 2, axis=0)
            loss = 0.5 * adversarial.hinge_discriminator(real, fake)
            scaled = scale_for_replicas(loss)
        norm = apply_and_measure(
            self.discriminator_optimizer, tape.gradient(scaled, variables), variables
        )
        self.discriminator.update_spectral_norm()
        return {
            "discriminator_loss": loss,
            "discriminator_gradient_norm": norm,
            "d_real": tf.reduce_mean(real),
            "d_fake": tf.reduce_mean(fake),
        }


def build_generator(config: GatedConfig) -> GatedGenerator:
    """The generator alone, its variables made."""
    generator = GatedGenerator(config.base, config.align_corners)
    generator(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    return generator


def build(config: GatedConfig, image_size: int | None = None) -> GatedSystem:
    """The system, the variables of both networks made; they take images of any size."""
    system = GatedSystem(config)
    system.discriminator(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    return system
