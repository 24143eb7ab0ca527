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
from inpainting.systems.base import Outputs
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

    hinge = True

    def __init__(self, config: GatedConfig) -> None:
        super().__init__(config, build_generator(config), PatchDiscriminator(), FIGURES, "gated")

    def generator_losses(self, image: tf.Tensor, mask: tf.Tensor, outputs: Outputs) -> Figures:
        """The hinge loss and L1 of both stages."""
        truth, coarse, refined = (
            2 * frame - 1 for frame in (image, outputs["coarse"], outputs["refined"])
        )
        fake = self.discriminator(truth * (1 - mask) + refined * mask, mask, training=True)
        figures = {
            "l1": reconstruction.l1(truth, coarse) + reconstruction.l1(truth, refined),
            "adversarial": adversarial.hinge_generator(fake),
        }
        figures["generator_loss"] = (
            self.config.l1_weight * figures["l1"]
            + self.config.adversarial_weight * figures["adversarial"]
        )
        return figures

    def discriminator_losses(
        self, image: tf.Tensor, mask: tf.Tensor, refined: tf.Tensor, *draws: tf.Tensor
    ) -> Figures:
        """The hinge loss, halved as in the published code, on true and completed images."""
        truth, filled = 2 * image - 1, 2 * refined - 1
        both = tf.concat([truth, truth * (1 - mask) + filled * mask], axis=0)
        decisions = self.discriminator(both, tf.concat([mask, mask], axis=0), training=True)
        real, fake = tf.split(tf.cast(decisions, tf.float32), 2, axis=0)
        return {
            "discriminator_loss": 0.5 * adversarial.hinge_discriminator(real, fake),
            "d_real": tf.reduce_mean(real),
            "d_fake": tf.reduce_mean(fake),
        }

    # One power iteration before each use of the discriminator, as the published code does.
    def before_discriminator_update(self) -> None:
        self.discriminator.update_spectral_norm()

    def after_discriminator_update(self) -> None:
        self.discriminator.update_spectral_norm()


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
