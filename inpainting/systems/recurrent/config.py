"""Settings of the paper's system (J. W. Baik, "Image Inpainting") and its presets."""

from __future__ import annotations

import dataclasses

from inpainting.systems.settings import check_settings


@dataclasses.dataclass(frozen=True)
class RecurrentConfig:
    """Everything that makes one variant of the system; saved with every run.

    Loss weights are those of the paper's total loss; a term of weight 0 is not computed, so that
    training by reconstruction alone pays for neither VGG-19 nor discriminator.
    """

    base: int = 16  # the width c of Table B.6
    padding: str = "SYMMETRIC"  # or REFLECT, with which the published PyTorch weights were trained
    prefill: str = "white"  # or pyramid: the hole enters filled, the network predicts a residual
    recurrent: bool = True  # False: the ablation without buffers
    edge_branch: bool = True  # False: the ablation without the Sobel branch
    masks: str = "mixed"  # how training draws them, a name in inpainting.data.masks.SAMPLERS

    generator_rate: float = 1e-3
    discriminator_rate: float = 4e-3
    schedule: str = "paper"
    beta_1: float = 0.5
    beta_2: float = 0.9

    adversarial_weight: float = 0.01
    l1_weight: float = 5.0
    low_pass_weight: float = 1.0
    high_pass_weight: float = 1.0
    low_pass_perceptual_weight: float = 1.0
    perceptual_weight: float = 1.0
    style_weight: float = 250.0
    feature_matching_weight: float = 1.0
    edge_weight: float = 0.0  # the reference code's Scharr edge loss, not in the paper
    l2_weight: float = 0.0  # the squared difference, not in the paper
    log_l2_weight: float = 0.0  # its logarithm, a sample at a time, not in the paper
    hole_factor: float = 1.0  # how much more a pixel of the hole counts in these; 1 in the paper

    def __post_init__(self) -> None:
        check_settings(self)
        if not 1 <= self.hole_factor < float("inf"):
            raise ValueError(f"hole_factor must be a number from 1 up, got {self.hole_factor}")
        if self.padding not in ("SYMMETRIC", "REFLECT"):
            raise ValueError(f"padding must be SYMMETRIC or REFLECT, got {self.padding!r}")
        if self.prefill not in ("white", "pyramid"):
            raise ValueError(f"prefill must be white or pyramid, got {self.prefill!r}")

    @property
    def uses_vgg(self) -> bool:
        """Whether any loss term needs VGG-19."""
        return any((self.low_pass_perceptual_weight, self.perceptual_weight, self.style_weight))

    @property
    def uses_discriminator(self) -> bool:
        """Whether any loss term needs the discriminator."""
        return any((self.adversarial_weight, self.feature_matching_weight))


PRESETS = {
    "paper": RecurrentConfig(),
    "reference_code": RecurrentConfig(
        base=48,
        padding="REFLECT",
        generator_rate=1e-4,
        discriminator_rate=4e-4,
        schedule="reference_code",
        edge_weight=10.0,
    ),
}
