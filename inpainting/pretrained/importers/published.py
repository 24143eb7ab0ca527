"""Accounting for a published file: each of its arrays goes to one variable, and none is left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]


class Published:
    """The arrays of one published file and what becomes of them.

    `take` promises an array to a variable; nothing changes until `finish` has seen that every
    promise can be kept and nothing is left over.

    Arguments:
        arrays: by the names that the file gives them.
        source: the file, for messages.
        system: the system that it should fit, for messages.
    """

    def __init__(self, arrays: Arrays, source: str, system: str) -> None:
        self.arrays = arrays
        self.source = source
        self.system = system
        self._taken: set[str] = set()
        self._missing: list[str] = []
        self._misfits: list[str] = []
        self._promises: list[tuple[tf.Variable, np.ndarray]] = []

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def take(
        self,
        name: str,
        variable: tf.Variable,
        shape: Iterable[int] | None = None,
        convert: Callable[[np.ndarray], np.ndarray] = np.asarray,
    ) -> None:
        """Promises array `name` to `variable`.

        Args:
            name: in the file.
            variable: receives the array.
            shape: what the array's shape must be in the file; by default the variable's.
            convert: brings an array of that shape to the variable's.
        """
        expected: Shape = tuple(variable.shape if shape is None else shape)
        if name not in self.arrays:
            self._missing.append(f"{name} {expected}")
            return
        self._taken.add(name)
        array = self.arrays[name]
        if array.shape != expected:
            self._misfits.append(f"{name} is {array.shape} and not {expected}")
        elif not np.isfinite(array).all():
            self._misfits.append(f"{name} holds values that are not finite")
        else:
            self._promises.append((variable, convert(array)))

    def derive(self, variable: tf.Variable, array: np.ndarray) -> None:
        """Promises `variable` an array that was worked out from those of the file."""
        self._promises.append((variable, array))

    def leave(self, names: Iterable[str]) -> None:
        """Accounts for arrays that are not needed: copies of others, an optimizer's state."""
        self._taken.update(name for name in names if name in self.arrays)

    def finish(self) -> None:
        """Assigns all that was promised.

        Raises:
            InputError: an array is missing, has another shape, is not finite, or is left over; the
                message lists all of them, and no variable has been changed.
        """
        left = [
            f"{name} {array.shape}"
            for name, array in sorted(self.arrays.items())
            if name not in self._taken
        ]
        found = {"missing": self._missing, "of another kind": self._misfits, "left over": left}
        problems = [f"{kind}: {', '.join(names)}" for kind, names in found.items() if names]
        if problems:
            raise InputError(f"{self.source} does not fit {self.system}; {'; '.join(problems)}")
        for variable, array in self._promises:
            variable.assign(array)
