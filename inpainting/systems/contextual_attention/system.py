"""DeepFill v1's training: several updates of two Wasserstein critics, then one of the generator.

Source: Yu et al., "Generative Image Inpainting with Contextual Attention" (2018), and its published
code. Each critic update has photographs of its own; the generator's are those of the last one (in
the published code it draws its own too).
"""

from __future__ import annotations

import tensorflow as tf

from inpainting.losses import local, reconstruction, wasserstein
from inpainting.systems.adversarial import AdversarialSystem, Figures
from inpainting.systems.base import Outputs
from inpainting.systems.contextual_attention.config import ContextualAttentionConfig
from inpainting.systems.contextual_attention.critics import CriticPair
from inpainting.systems.contextual_attention.generator import ContextualAttentionGenerator

FIGURES = (
    "adversarial",
    "hole_l1",
    "known_l1",
    "generator_loss",
    "generator_gradient_norm",
    "discriminator_loss",
    "gradient_penalty",
    "discriminator_gradient_norm",
    "d_real",
    "d_fake",
)


class ContextualAttentionSystem(AdversarialSystem):
    """Two-stage generator, two critics with gradient penalty, spatially discounted L1.

    Images are judged and compared on the scale from -1 to 1, on which the weights of the losses
    were chosen. The local critic sees a window of half the image's side around the hole.

    Arguments:
        config: the settings.
        image_size: side of the training images, which the critics are made for.
    """

    def __init__(self, config: ContextualAttentionConfig, image_size: int) -> None:
        super().__init__(
            config, build_generator(config), CriticPair(), FIGURES, "contextual_attention"
        )
        self.image_size = image_size
        self.window = image_size // 2
        self.batches_per_step = config.critic_updates

    def generator_losses(self, image: tf.Tensor, mask: tf.Tensor, outputs: Outputs) -> Figures:
        """Both critics' scores of the completed image, and L1 in the window and of known pixels."""
        config = self.config
        truth, completed = _judged(image, mask, outputs["refined"])
        corners = local.hole_window(mask, self.window)
        figures = self._reconstruction(truth, mask, outputs, corners)
        scores = self.discriminator(
            completed, local.crop_window(completed, corners, self.window), training=True
        )
        of_global, of_local = (wasserstein.wasserstein_generator(score) for score in scores)
        figures["adversarial"] = config.global_critic_weight * of_global + of_local
        figures["generator_loss"] = (
            config.adversarial_weight * figures["adversarial"]
            + config.hole_l1_weight * figures["hole_l1"]
            + config.known_l1_weight * figures["known_l1"]
        )
        return figures

    def _reconstruction(
        self, truth: tf.Tensor, mask: tf.Tensor, outputs: Outputs, corners: tf.Tensor
    ) -> Figures:
        """L1 in the hole's window, discounted away from its border, and L1 of known pixels."""
        weights = local.discount(self.window, self.config.discount)
        window = local.crop_window(truth, corners, self.window)
        losses = {"hole_l1": 0.0, "known_l1": 0.0}
        for name, weight in (("coarse", self.config.coarse_weight), ("refined", 1.0)):
            output = 2 * outputs[name] - 1
            filled = local.crop_window(output, corners, self.window)
            losses["hole_l1"] += weight * reconstruction.l1(window, filled, weights)
            losses["known_l1"] += weight * local.known_l1(truth, output, mask)
        return losses

    def discriminator_losses(
        self, image: tf.Tensor, mask: tf.Tensor, refined: tf.Tensor, *draws: tf.Tensor
    ) -> Figures:
        """Both critics' distance between true and completed images, and their gradient penalty."""
        global_share, local_share = draws
        truth, completed = _judged(image, mask, refined)
        corners = local.hole_window(mask, self.window)
        true_window, filled_window, mask_window = (
            local.crop_window(part, corners, self.window) for part in (truth, completed, mask)
        )
        critics = self.discriminator
        scores = critics(
            tf.concat([truth, completed], axis=0),
            tf.concat([true_window, filled_window], axis=0),
            training=True,
        )
        (real, fake), (local_real, local_fake) = (
            tf.split(tf.cast(part, tf.float32), 2, axis=0) for part in scores
        )
        distance = wasserstein.wasserstein_critic(real, fake)
        distance += wasserstein.wasserstein_critic(local_real, local_fake)
        penalty = wasserstein.gradient_penalty(
            critics.global_critic, truth, completed, mask, global_share
        )
        penalty += wasserstein.gradient_penalty(
            critics.local_critic, true_window, filled_window, mask_window, local_share
        )
        return {
            "discriminator_loss": distance + self.config.gradient_penalty_weight * penalty,
            "gradient_penalty": penalty,
            "d_real": tf.reduce_mean(real) + tf.reduce_mean(local_real),
            "d_fake": tf.reduce_mean(fake) + tf.reduce_mean(local_fake),
        }

    def draws(self, count: int | tf.Tensor) -> tuple[tf.Tensor, ...]:
        """How far from the true image each critic's gradient is looked at, in [0, 1].

        Two of `(count, 1, 1, 1)`, drawn for the global batch as a function of the update's number
        alone: what a sample gets depends neither on how many replicas share the batch nor on
        whether the run was stopped and resumed.
        """
        context = tf.distribute.get_replica_context()
        first = count * context.replica_id_in_sync_group
        update = tf.cast(self.discriminator_optimizer.iterations, tf.int32)
        return tuple(
            tf.random.stateless_uniform(
                (count * context.num_replicas_in_sync, 1, 1, 1), tf.stack([update, purpose])
            )[first : first + count]
            for purpose in (0, 1)
        )


def _judged(image: tf.Tensor, mask: tf.Tensor, refined: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What the critics compare, in [-1, 1]: the true image and the completed one."""
    truth = 2 * image - 1
    return truth, truth * (1 - mask) + (2 * refined - 1) * mask


def build_generator(config: ContextualAttentionConfig) -> ContextualAttentionGenerator:
    """The generator alone, its variables made."""
    generator = ContextualAttentionGenerator(config.base, config.align_corners)
    generator(tf.zeros((1, 64, 64, 3)), tf.zeros((1, 64, 64, 1)))
    return generator


def build(config: ContextualAttentionConfig, image_size: int = 256) -> ContextualAttentionSystem:
    """The system, the variables of all networks made, for training images of `image_size`."""
    system = ContextualAttentionSystem(config, image_size)
    side, window = image_size, system.window
    system.discriminator(tf.zeros((1, side, side, 3)), tf.zeros((1, window, window, 3)))
    return system
