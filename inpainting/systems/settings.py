"""What the settings of all systems must keep to."""

from __future__ import annotations

import dataclasses
from typing import Any

from inpainting.data.masks import check_sampler


def check_settings(settings: Any) -> None:
    """Checks what all systems have: mask sampler, base, loss weights, rates, Adam's moments.

    Args:
        settings: a system's settings, a dataclass with `masks` and `base`.

    Raises:
        ValueError: an unknown sampler; a base that is odd or below 2; a `..._weight` below 0 or a
            `..._rate` not above 0, or infinite; a `beta_...` outside [0, 1).
    """
    check_sampler(settings.masks)
    if settings.base < 2 or settings.base % 2:
        raise ValueError(f"base must be an even number from 2 up, got {settings.base}")
    for field in dataclasses.fields(settings):
        name, value = field.name, getattr(settings, field.name)
        if name.endswith("_weight") and not 0 <= value < float("inf"):
            raise ValueError(f"{name} must be a finite number from 0 up, got {value}")
        if name.endswith("_rate") and not 0 < value < float("inf"):
            raise ValueError(f"{name} must be a finite number above 0, got {value}")
        if name.startswith("beta_") and not 0 <= value < 1:
            raise ValueError(f"{name} must be from 0 to below 1, got {value}")
