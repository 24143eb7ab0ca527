"""The weights that come with the project, by name.

Each is a run folder `inpainting/pretrained/NAME/` with the generator alone in its checkpoint, and
a `model_card.json`: what it was trained on, under which licences, how, and the SHA-256 of its
weights, which is checked on every load.
"""

from __future__ import annotations

import json
import os
from typing import Any

from inpainting.errors import InputError

CARD = "model_card.json"
FOLDER = os.path.dirname(os.path.abspath(__file__))


def shipped_names() -> list[str]:
    """The names that `--model` and `inpainting.load` take for shipped weights."""
    found = (name for name in os.listdir(FOLDER) if shipped_folder(name))
    return sorted(found)


def shipped_folder(name: str) -> str | None:
    """The run folder of shipped weights; None where there are none of that name."""
    if not name.isidentifier():
        return None
    folder = os.path.join(FOLDER, name)
    return folder if os.path.isfile(os.path.join(folder, CARD)) else None


def read_card(name: str, weights_hash: str) -> dict[str, Any]:
    """The model card of shipped weights.

    Raises:
        InputError: the weights that were loaded are not those of the card.
    """
    with open(os.path.join(FOLDER, name, CARD), encoding="utf-8") as file:
        card = json.load(file)
    if card["weights_hash"] != weights_hash:
        raise InputError(
            f"the shipped weights {name!r} are damaged: SHA-256 {weights_hash}, "
            f"expected {card['weights_hash']}"
        )
    return card
