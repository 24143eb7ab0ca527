"""The systems by name: their presets (without TensorFlow) and how they are built (with it)."""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING, Any

from inpainting.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

    from inpainting.systems.base import InpaintingSystem

SYSTEMS = {
    "recurrent": "inpainting.systems.recurrent",
    "contextual_attention": "inpainting.systems.contextual_attention",
    "gated": "inpainting.systems.gated",
}


def _module(system: str, part: str) -> Any:
    if system not in SYSTEMS:
        raise InputError(f"unknown model {system!r}: known are {', '.join(sorted(SYSTEMS))}")
    return importlib.import_module(f"{SYSTEMS[system]}.{part}")


def preset(system: str, name: str, overrides: dict[str, Any] | None = None) -> Any:
    """A system's settings: preset `name` with some fields replaced.

    Raises:
        InputError: the system, the preset or a field is not known, or a value does not fit.
    """
    presets = _module(system, "config").PRESETS
    if name not in presets:
        raise InputError(
            f"unknown preset {name!r} of model {system!r}: known are {', '.join(sorted(presets))}"
        )
    return changed(system, presets[name], overrides or {})


def changed(system: str, config: Any, overrides: dict[str, Any]) -> Any:
    """A system's settings with some fields replaced.

    Raises:
        InputError: a field is not known, or a value does not fit.
    """
    values = {field: _of_kind(system, config, field, value) for field, value in overrides.items()}
    try:
        return dataclasses.replace(config, **values)
    except ValueError as error:
        raise InputError(f"model {system!r}: {error}") from None


def _of_kind(system: str, config: Any, field: str, value: Any) -> Any:
    """`value` as the type that the setting has; a whole number will do for a real one."""
    known = [one.name for one in dataclasses.fields(config)]
    if field not in known:
        raise InputError(f"model {system!r} has no setting {field!r}: it has {', '.join(known)}")
    kind = type(getattr(config, field))
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise InputError(f"model {system!r}: {field} takes {kind.__name__}, received {value!r}")
    return value


def from_dict(system: str, values: dict[str, Any]) -> Any:
    """Settings as `dataclasses.asdict` wrote them; an unknown field is an InputError.

    A field that an older version did not write has its default, which must mean what was done then.
    """
    config_class = type(next(iter(_module(system, "config").PRESETS.values())))
    unknown = set(values) - {field.name for field in dataclasses.fields(config_class)}
    if unknown:
        raise InputError(f"settings of model {system!r} with an unknown field {min(unknown)!r}")
    return config_class(**values)


def build(system: str, config: Any, **options: Any) -> InpaintingSystem:
    """The system, its variables made; call it inside the distribution strategy's scope."""
    return _module(system, "system").build(config, **options)


def build_generator(system: str, config: Any) -> tf.keras.Model:
    """The system's generator alone, its variables made: all that a fill needs."""
    return _module(system, "system").build_generator(config)
