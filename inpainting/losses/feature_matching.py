"""The feature-matching loss (the paper's `L_FM`)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from inpainting.losses.reconstruction import l1


def feature_matching(
    features_real: Sequence[tf.Tensor], features_fake: Sequence[tf.Tensor]
) -> tf.Tensor:
    """The sum over the discriminator's features of mean |real - fake|.

    The paper's discriminator gives the outputs of its first two patch-branch layers.

    Args:
        features_real: the features of true images, each `(B, h, w, C)`.
        features_fake: the features of completed images, of the same shapes.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: unequal numbers of features, or none.
    """
    if len(features_real) != len(features_fake) or not features_real:
        raise ValueError(
            "features_real and features_fake must have the same number of features, at least one; "
            f"got {len(features_real)} and {len(features_fake)}"
        )
    return tf.add_n([l1(real, fake) for real, fake in zip(features_real, features_fake)])
