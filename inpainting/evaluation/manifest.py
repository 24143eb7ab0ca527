"""The manifest: everything that a table's figures depend on, in one file with one hash.

`manifest.json` is canonical JSON (keys sorted, indented by one blank), so that its SHA-256 as a
file is the one printed below the tables. Photos are listed by the hash of their pixels and ordered
by it; their names and folders are not part of it, nor is any path of the machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import PIL

from inpainting.errors import InputError

Manifest = dict[str, Any]


def build_manifest(
    inputs: Mapping[str, Any],
    metrics: Mapping[str, Any],
    photos: Sequence[Mapping[str, Any]],
    systems: Mapping[str, Any],
    uses_networks: bool,
) -> Manifest:
    """The manifest of a run.

    Args:
        inputs: protocol version, image size, crop rule, bucket names, record of the masks.
        metrics: name -> definition, and the record of its weights where it has any.
        photos: {"pixels": sha256, "masks": {bucket: sha256}} each, in any order.
        systems: name -> record.
        uses_networks: whether a system or a metric ran in TensorFlow, whose version then counts.
    """
    listed = sorted([photo["pixels"], photo["masks"]] for photo in map(dict, photos))
    return {
        "inputs": {**inputs, "photos": listed},
        "metrics": dict(metrics),
        "systems": dict(systems),
        "versions": _versions(uses_networks),
    }


def canonical(content: Any) -> str:
    """The one text of a JSON value: what is hashed, and what `manifest.json` holds."""
    return json.dumps(content, sort_keys=True, indent=1) + "\n"


def sha256_of_json(content: Any) -> str:
    """SHA-256 of the canonical text."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


class Expected:
    """A manifest that a run has to agree with (`--manifest FILE`).

    Differences in inputs, metrics or the weights of a system of the same name are errors; systems
    that only one side has and other versions of libraries are not, and are told as notes.

    Raises:
        InputError: the file is missing or no manifest.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            with open(path, encoding="utf-8") as stream:
                self.manifest: Manifest = json.load(stream)
            listed = self.manifest["inputs"]["photos"]
            self._photos = {sha256_of_json(photo) for photo in listed}
            for part in ("metrics", "systems", "versions"):
                dict(self.manifest[part])
        except OSError as error:
            raise InputError(f"--manifest={path} cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise InputError(f"--manifest={path} is not a manifest of evaluate.py") from None

    def check_settings(self, inputs: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
        """Raises `InputError` that names the first difference, before any photo is read."""
        self._compare("inputs", inputs, set(self.manifest["inputs"]) - {"photos"} | set(inputs))
        self._compare("metrics", metrics, set(self.manifest["metrics"]) | set(metrics))

    def check_systems(self, systems: Mapping[str, Any]) -> None:
        """Raises `InputError` if a system of a name in the manifest is another one.

        Settings that only one side knows are no difference: systems get new ones with time.
        """
        for name in sorted(set(self.manifest["systems"]) & set(systems)):
            there, here = self.manifest["systems"][name], systems[name]
            if not _agree(there, json.loads(json.dumps(here))):
                raise InputError(
                    f"--manifest={self.path} has another system (or version of it) called {name}: "
                    f"there {_short(there)}, here {_short(here)}"
                )

    def check_photo(self, name: str, record: Mapping[str, Any]) -> None:
        """Raises `InputError` if the photo with these masks is not in the manifest."""
        if sha256_of_json([record["pixels"], record["masks"]]) not in self._photos:
            pixels = {photo[0] for photo in self.manifest["inputs"]["photos"]}
            what = "has other masks than" if record["pixels"] in pixels else "is not a photo of"
            raise InputError(f"{name} {what} --manifest={self.path}")

    def check_all(self, manifest: Manifest) -> list[str]:
        """Notes on what may differ; raises `InputError` if photos of the manifest are missing."""
        here, there = manifest["inputs"]["photos"], self.manifest["inputs"]["photos"]
        if here != there:
            raise InputError(
                f"--manifest={self.path} lists {len(there)} photos, and {len(here)} were scored"
            )
        notes = []
        for part in ("systems", "versions"):
            changed = _differing(self.manifest[part], manifest[part])
            if changed:
                notes.append(f"{part} differ from {self.path}: {', '.join(changed)}")
        return notes or [f"equal to {self.path}"]

    def _compare(self, part: str, found: Mapping[str, Any], names: set[str]) -> None:
        wanted = self.manifest[part]
        for name in sorted(names):
            ours = json.loads(json.dumps(found.get(name)))
            if ours != wanted.get(name):
                raise InputError(
                    f"--manifest={self.path} differs in {part}, {name}: "
                    f"there {_short(wanted.get(name))}, here {_short(ours)}"
                )


def _agree(there: Any, here: Any) -> bool:
    """Whether two JSON values are equal where both say something."""
    if isinstance(there, dict) and isinstance(here, dict):
        return all(_agree(there[name], here[name]) for name in there.keys() & here.keys())
    return bool(there == here)


def _differing(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted({*there, *here}) if there.get(name) != here.get(name)]


def _short(value: Any | None) -> str:
    text = "nothing" if value is None else json.dumps(value, sort_keys=True)
    return text if len(text) <= 200 else text[:200] + "..."


def _versions(uses_networks: bool) -> dict[str, str]:
    """Of the libraries that decode, scale, fill and score."""
    versions = {"numpy": np.__version__, "opencv": cv2.__version__, "pillow": PIL.__version__}
    if uses_networks:
        import tensorflow as tf

        versions["tensorflow"] = tf.__version__
    return versions
