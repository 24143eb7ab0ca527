"""What a run is, as data: saved as `config.json` in the run folder and compared on resume."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from inpainting.errors import InputError
from inpainting.files import exists, join, read_bytes
from inpainting.systems import registry

CONFIG_FILE = "config.json"
VGG_PRECISIONS = ("float32", "bfloat16")
# What may change between the parts of one run without changing its result.
_FREE_TO_CHANGE = {
    "checkpoint_every",
    "grid_every",
    "keep_checkpoints",
    "log_every",
    "micro_batches",
    "strategy",
    "validate_every",
    "validate_photos",
    "workers",
}


STRATEGIES = ("auto", "mirrored", "multi_worker", "one_device")
PRECISIONS = ("off", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """A training run: system and settings, data, and how long.

    `batch_size` is the global batch over all replicas; `image_size` the side in pixels of the
    square crops that the network is trained on. `start_from` is a run folder or a checkpoint whose
    networks this run starts with (fine-tuning); empty for untrained ones. `ema` is the decay of the
    generator's moving average, 0 for none. `micro_batches` parts of each replica's batch are in
    memory one at a time; `mixed_precision` is what the networks compute in. Defaults mean what was
    done before a setting was there.
    """

    model: str
    preset: str
    system: Any  # the system's own dataclass
    dataset: str = "sample"
    data_dir: str = ""
    filelist: str = ""
    mask_dir: str = ""
    start_from: str = ""
    steps: int = 200_000
    batch_size: int = 8
    image_size: int = 256
    seed: int = 0
    vgg_weights: str = "imagenet"
    vgg_precision: str = "float32"
    checkpoint_every: int = 1000
    keep_checkpoints: int = 3
    log_every: int = 20
    grid_every: int = 1000
    workers: int = 2
    skip_bad_records: bool = False
    ema: float = 0.0
    validate_every: int = 0
    validate_photos: int = 32
    strategy: str = "auto"
    micro_batches: int = 1
    mixed_precision: str = "off"

    def __post_init__(self) -> None:
        for name in (
            "steps",
            "batch_size",
            "checkpoint_every",
            "log_every",
            "workers",
            "micro_batches",
        ):
            if getattr(self, name) < 1:
                raise InputError(f"--{name} must be 1 or more, got {getattr(self, name)}")
        if self.keep_checkpoints < 1:
            raise InputError(f"--keep_checkpoints must be 1 or more, got {self.keep_checkpoints}")
        for name in ("grid_every", "validate_every"):
            if getattr(self, name) < 0:
                raise InputError(f"--{name} must be 0 (never) or more, got {getattr(self, name)}")
        if self.validate_photos < 1:
            raise InputError(f"--validate_photos must be 1 or more, got {self.validate_photos}")
        if not 0 <= self.ema < 1:
            raise InputError(f"--ema must be from 0 (none) to below 1, got {self.ema}")
        if self.vgg_precision not in VGG_PRECISIONS:
            raise InputError(
                f"--vgg_precision must be {' or '.join(VGG_PRECISIONS)}, got {self.vgg_precision!r}"
            )
        if self.image_size < 32:
            raise InputError(f"--image_size must be 32 or more, got {self.image_size}")
        for name, known in (("strategy", STRATEGIES), ("mixed_precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise InputError(
                    f"--{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )
        if self.seed < 0:
            raise InputError(f"--seed must be 0 or more, got {self.seed}")

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    def differences(self, other: RunConfig) -> list[str]:
        """Settings in which `other` would be another run, as `name: ours -> theirs`."""
        ours, theirs = _flat(dataclasses.asdict(self)), _flat(dataclasses.asdict(other))
        return [
            f"{name}: {ours.get(name)} -> {theirs.get(name)}"
            for name in sorted(set(ours) | set(theirs))
            if name not in _FREE_TO_CHANGE and ours.get(name) != theirs.get(name)
        ]


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in values.items() if name != "system"}
    return flat | {f"system.{name}": value for name, value in values["system"].items()}


def read_config(run_dir: str) -> RunConfig:
    """The configuration in a run folder.

    Raises:
        InputError: there is none, or it is not one of ours.
    """
    path = join(run_dir, CONFIG_FILE)
    if not exists(path):
        raise InputError(f"{run_dir} is not a run folder: it has no {CONFIG_FILE}")
    try:
        values = json.loads(read_bytes(path))
        values["system"] = registry.from_dict(values["model"], values["system"])
        return RunConfig(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a run's configuration: {error}") from None
