"""Writing an evaluation's files: whole or not at all, and one clear line where it can't be."""

from __future__ import annotations

import os

from inpainting.errors import InputError
from inpainting.image import write_bytes


def make_folder(folder: str) -> str:
    """Makes the folder where it isn't there, and returns it.

    Raises:
        InputError: it cannot be made, or not be written to.
    """
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise InputError(f"the folder {folder} is not writable")
    return folder


def write_text(folder: str, name: str, text: str) -> None:
    """Writes `folder/name`; an earlier file of that name is replaced only by a whole one.

    Raises:
        InputError: it cannot be written there.
    """
    write_bytes(os.path.join(folder, name), text.encode())
