"""Settings of DeepFill v1 and its preset."""

from __future__ import annotations

import dataclasses

from inpainting.systems.settings import check_settings


@dataclasses.dataclass(frozen=True)
class ContextualAttentionConfig:
    """Everything that makes one variant of the system; saved with every run."""

    base: int = 32  # channels of the first layer
    align_corners: bool = True  # shrink as TensorFlow 1 did, when weights were published
    masks: str = "box"  # how training draws them, a name in data.masks.SAMPLERS

    generator_rate: float = 1e-4
    discriminator_rate: float = 1e-4
    schedule: str = "constant"
    beta_1: float = 0.5
    beta_2: float = 0.9
    critic_updates: int = 5  # before each update of the generator

    adversarial_weight: float = 0.001
    global_critic_weight: float = (
        1.0  # of the generator's adversarial loss; the local critic's is 1
    )
    gradient_penalty_weight: float = 10.0
    # Of L1 inside the hole's window and of L1 over the known pixels, on a scale of -1 to 1; in
    # both, the coarse result counts `coarse_weight` times the refined one.
    hole_l1_weight: float = 1.2
    known_l1_weight: float = 1.2
    coarse_weight: float = 1.2
    discount: float = 0.9  # of L1 inside the window, for each pixel away from its border

    uses_vgg = False  # whether any loss term needs VGG-19

    def __post_init__(self) -> None:
        check_settings(self)
        if self.critic_updates < 1:
            raise ValueError(f"critic_updates must be 1 or more, got {self.critic_updates}")
        if not 0 < self.discount <= 1:
            raise ValueError(f"discount must be above 0 and at most 1, got {self.discount}")


# As its authors trained it; where paper and published code differ, the code.
PRESETS = {"paper": ContextualAttentionConfig()}
