"""The paper's training: one discriminator and one generator update a step.

Source: J. W. Baik, "Image Inpainting", the total loss and the training section; where the paper
contradicts itself (docs/paper_map.md), the reference code's behaviour decides.

- As in the reference code the discriminator is updated first and the generator is judged by the
  updated one.
- A loss term of weight 0 is not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import tensorflow as tf

from inpainting.layers.filters import low_pass
from inpainting.losses import adversarial, feature_matching, frequency, perceptual, reconstruction
from inpainting.losses.vgg import Vgg19
from inpainting.systems.adversarial import AdversarialSystem
from inpainting.systems.base import Outputs
from inpainting.systems.recurrent.config import RecurrentConfig
from inpainting.systems.recurrent.discriminator import RecurrentDiscriminator
from inpainting.systems.recurrent.generator import RecurrentGenerator

# As many as the reference code makes: one at each of its three forward passes a step.
POWER_ITERATIONS = 3

LOSSES = (
    "adversarial",
    "l1",
    "low_pass",
    "high_pass",
    "low_pass_perceptual",
    "perceptual",
    "style",
    "feature_matching",
    "edge",
    "l2",
    "log_l2",
)
DISCRIMINATOR_FIGURES = ("discriminator_loss", "discriminator_gradient_norm", "d_real", "d_fake")

Losses = dict[str, tf.Tensor]


class RecurrentSystem(AdversarialSystem):
    """Generator, discriminator, frequency-separation losses and two Adam optimizers.

    Arguments:
        config: the settings.
        vgg: VGG-19 features; needed when a perceptual or style loss has a weight.
    """

    hinge = True

    def __init__(self, config: RecurrentConfig, vgg: Vgg19 | None = None) -> None:
        if config.uses_vgg and vgg is None:
            raise ValueError("config gives a VGG-19 loss a weight, but vgg is None")
        weights = _loss_weights(config)
        super().__init__(
            config,
            build_generator(config),
            RecurrentDiscriminator(edge_branch=config.edge_branch),
            figures=(
                *weights,
                "generator_loss",
                "generator_gradient_norm",
                *(DISCRIMINATOR_FIGURES if config.uses_discriminator else ()),
            ),
            name="recurrent",
        )
        self.loss_weights = weights
        self.vgg = vgg

    @property
    def trains_discriminator(self) -> bool:  # type: ignore[override]
        return self.config.uses_discriminator

    def generator_losses(self, image: tf.Tensor, mask: tf.Tensor, outputs: Outputs) -> Losses:
        """The paper's total loss and its terms."""
        completed = _completed(image, mask, outputs["refined"])
        losses = self._terms(image, mask, outputs, completed)
        total = tf.add_n([weight * losses[name] for name, weight in self.loss_weights.items()])
        return losses | {"generator_loss": total}

    def discriminator_losses(
        self, image: tf.Tensor, mask: tf.Tensor, refined: tf.Tensor, *draws: tf.Tensor
    ) -> Losses:
        """L_D on the ground truth and the completed image, both in one batch."""
        both = tf.concat([image, _completed(image, mask, refined)], axis=0)
        decision, _ = self.discriminator(both, tf.concat([mask, mask], axis=0), training=True)
        real, fake = tf.split(tf.cast(decision, tf.float32), 2, axis=0)
        return {
            "discriminator_loss": adversarial.hinge_discriminator(real, fake),
            "d_real": tf.reduce_mean(real),
            "d_fake": tf.reduce_mean(fake),
        }

    def after_discriminator_update(self) -> None:
        # Right after the kernels changed, so that the generator is never judged by kernels whose
        # norm is out of date: at the paper's rate of 0.004 that gave decisions of -1,500.
        for _ in range(POWER_ITERATIONS):
            self.discriminator.update_spectral_norm()

    def _terms(
        self, image: tf.Tensor, mask: tf.Tensor, outputs: Outputs, completed: tf.Tensor
    ) -> Losses:
        """Every term of the total loss that has a weight, not yet weighted."""
        coarse, refined = outputs["coarse"], outputs["refined"]
        wanted = set(self.loss_weights)
        losses: Losses = {}
        factor = self.config.hole_factor
        weight = None if factor == 1 else 1 + (factor - 1) * mask
        if "l1" in wanted:
            losses["l1"] = reconstruction.l1(image, refined, weight)
        if "l2" in wanted:
            losses["l2"] = reconstruction.l2(image, refined, weight)
        if "log_l2" in wanted:
            losses["log_l2"] = reconstruction.log_l2(image, refined, weight)
        if "low_pass" in wanted:
            losses["low_pass"] = frequency.low_pass_l1(image, coarse)
        if "high_pass" in wanted:
            losses["high_pass"] = frequency.high_pass_l1(image, refined, mask)
        if "edge" in wanted:
            losses["edge"] = frequency.scharr_l1(image, refined)
        if wanted & {"adversarial", "feature_matching"}:
            losses |= self._adversarial_losses(image, mask, completed)
        if wanted & {"perceptual", "style"}:
            losses |= self._refined_vgg_losses(image, refined, wanted)
        if "low_pass_perceptual" in wanted:
            real, fake = self._vgg_pair(
                low_pass(image), low_pass(coarse), perceptual.PERCEPTUAL_LAYERS
            )
            losses["low_pass_perceptual"] = perceptual.perceptual(real, fake)
        return {name: losses[name] for name in self.loss_weights}

    def _adversarial_losses(
        self, image: tf.Tensor, mask: tf.Tensor, completed: tf.Tensor
    ) -> Losses:
        decision, fake_features = self.discriminator(completed, mask, training=True)
        losses = {"adversarial": adversarial.hinge_generator(decision)}
        if self.config.feature_matching_weight:
            real_features = self.discriminator.features(image, mask)
            losses["feature_matching"] = feature_matching.feature_matching(
                [tf.stop_gradient(feature) for feature in real_features], fake_features
            )
        return losses

    def _refined_vgg_losses(self, image: tf.Tensor, refined: tf.Tensor, wanted: set[str]) -> Losses:
        layers = [
            *(perceptual.PERCEPTUAL_LAYERS if "perceptual" in wanted else ()),
            *(perceptual.STYLE_LAYERS if "style" in wanted else ()),
        ]
        real, fake = self._vgg_pair(image, refined, layers)
        losses: Losses = {}
        if "perceptual" in wanted:
            losses["perceptual"] = perceptual.perceptual(real, fake)
        if "style" in wanted:
            losses["style"] = perceptual.style(real, fake)
        return losses

    def _vgg_pair(
        self, real: tf.Tensor, fake: tf.Tensor, layers: Sequence[str]
    ) -> tuple[Outputs, Outputs]:
        """Features of the ground truth and of the fill.

        The ground truth depends on no trainable variable, so the tape keeps nothing of it.
        """
        vgg = cast(Vgg19, self.vgg)  # never None where a VGG-19 loss has a weight
        return vgg(real, layers), vgg(fake, layers)


def _completed(image: tf.Tensor, mask: tf.Tensor, refined: tf.Tensor) -> tf.Tensor:
    return image * (1.0 - mask) + refined * mask


def _loss_weights(config: RecurrentConfig) -> dict[str, float]:
    """The loss terms that have a weight, in the order of the paper's total loss."""
    weights = {name: getattr(config, f"{name}_weight") for name in LOSSES}
    return {name: weight for name, weight in weights.items() if weight}


def build_generator(config: RecurrentConfig) -> RecurrentGenerator:
    """The generator alone, its variables made."""
    generator = RecurrentGenerator(
        base=config.base,
        padding=config.padding,
        prefill=config.prefill,
        recurrent=config.recurrent,
    )
    generator(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    return generator


def build(
    config: RecurrentConfig, image_size: int | None = None, vgg: Vgg19 | None = None
) -> RecurrentSystem:
    """The system, the variables of both networks made; they take images of any size."""
    system = RecurrentSystem(config, vgg)
    system.discriminator(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    return system
