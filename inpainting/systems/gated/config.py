"""Settings of DeepFill v2 and its preset."""

from __future__ import annotations

import dataclasses

from inpainting.systems.settings import check_settings


@dataclasses.dataclass(frozen=True)
class GatedConfig:
    """Everything that makes one variant of the system; saved with every run."""

    base: int = 24  # channels of the first layer; the published code counts gates too: 48
    align_corners: bool = True  # shrink as TensorFlow 1 did, when weights were published
    masks: str = "box_and_strokes"  # how training draws them, a name in data.masks.SAMPLERS

    generator_rate: float = 1e-4
    discriminator_rate: float = 1e-4
    schedule: str = "constant"
    beta_1: float = 0.5
    beta_2: float = 0.999

    adversarial_weight: float = 1.0
    l1_weight: float = 1.0  # of the coarse and of the refined result, on a scale of -1 to 1

    uses_vgg = False  # whether any loss term needs VGG-19

    def __post_init__(self) -> None:
        check_settings(self)


# As its authors trained it; where paper and published code differ, the code.
PRESETS = {"paper": GatedConfig()}
