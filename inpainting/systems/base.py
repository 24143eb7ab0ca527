"""What an inpainting system is: the contract that training, evaluation and export rely on.

A system is a folder in `inpainting/systems/` with
- `config.py` (no TensorFlow): a frozen dataclass of its settings and `PRESETS`, a dict from preset
  name to such settings. The settings have `uses_vgg`, whether a loss needs VGG-19, and `masks`, how
  training draws them (a name in `inpainting.data.masks.SAMPLERS`);
- `system.py`: `build(config, image_size) -> InpaintingSystem` for square training images of that
  side, with a third argument `vgg` where `uses_vgg`; and `build_generator(config)`;
and its line in `registry.SYSTEMS`. Everything else (data, strategy, checkpoints, logs, metrics,
signatures) is the harness's and is not written again.

Shapes, everywhere: image float32 RGB `(B, H, W, 3)` in [0, 1]; mask float32 `(B, H, W, 1)`,
exactly 0 or 1, 1 = hole, each sample its own. H and W are any size from 1 up.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from inpainting.errors import InputError

Outputs = dict[str, tf.Tensor]


class InpaintingSystem(tf.keras.Model):
    """Generator, critics, losses and optimizers of one system, trained by `fit`.

    A subclass sets `generator` (a Keras model whose call(image, mask, training) returns
    `{"coarse": ..., "refined": ...}`, both full frames in [0, 1]) and implements
    `train_step((image, mask))`: one discriminator and one generator update. What `train_step`
    returns (named losses and figures) is logged as it is. Losses are means over the replica's
    samples; `scale_for_replicas` is the one place where they are divided by the global batch.

    Attributes:
        batches_per_step: how many batches one `train_step` is given, joined along the first axis;
            more than one where the discriminator is updated several times a step. Sample i belongs
            to batch i modulo this number: any number of replicas takes a like share of each.
        hinge: whether the figures `d_real` and `d_fake` are decisions of a hinge loss, for which
            `inpainting.training.health` has limits.
    """

    generator: tf.keras.Model
    batches_per_step: int = 1
    hinge: bool = False

    @property
    def distribute_reduction_method(self) -> str:
        """What `fit` takes of the replicas' figures: the first's, for means are equal on all.

        Keras's own way takes their sum across machines.
        """
        return "first"

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool = False) -> Outputs:
        """The generator alone: (image, mask) -> `{"coarse", "refined"}`."""
        image, mask = inputs
        return self.generator(image, mask, training=training)

    def use_micro_batches(self, count: int) -> None:
        """From now on `train_step` takes each batch in `count` equal parts, one after the other.

        Raises:
            InputError: the system cannot.
        """
        if count > 1:
            raise InputError(
                f"--micro_batches={count}: the system {self.name} takes its batches whole "
                "(only systems that extend AdversarialSystem add up gradients)"
            )

    def checkpoint_items(self) -> dict[str, Any]:
        """Trackable objects that a checkpoint keeps: networks and optimizers, by name.

        `generator` is always among them, so that a fill needs nothing else of a checkpoint.
        """
        raise NotImplementedError

    def learning_rates(self, step: int) -> dict[str, float]:
        """The learning rate of each optimizer at `step`, by the optimizer's name."""
        raise NotImplementedError


def scale_for_replicas(loss: tf.Tensor) -> tf.Tensor:
    """A replica's mean loss, divided so that summed gradients are those of the global batch.

    Every replica gets an equal share b = B / R of the global batch B. The optimizer sums
    gradients over the R replicas, so each replica's mean over b samples is divided by R.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return loss / tf.cast(replicas, loss.dtype)


def apply_and_measure(
    optimizer: tf.keras.optimizers.Optimizer,
    gradients: list[tf.Tensor],
    variables: list[tf.Variable],
) -> tf.Tensor:
    """Sums gradients over the replicas, applies them, and returns their global norm.

    Summed here rather than inside the optimizer, so that the norm is that of the global batch.

    Where `optimizer` scales losses (see `inpainting.training.precision`), gradients are those of
    the scaled loss. It makes no update, and halves its scale, where they left float16's range; the
    norm of that step is given as 0, unless the scale cannot fall any further.
    """
    context = tf.distribute.get_replica_context()
    scales_losses = isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer)
    if scales_losses:
        may_overflow = optimizer.loss_scale > 1
        gradients = optimizer.get_unscaled_gradients(gradients)
    summed = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
    norm = tf.linalg.global_norm(summed)
    if scales_losses:
        skipped = may_overflow & ~tf.math.is_finite(norm)
        norm = tf.where(skipped, tf.zeros_like(norm), norm)
    optimizer.apply_gradients(zip(summed, variables), skip_gradients_aggregation=True)
    return norm
