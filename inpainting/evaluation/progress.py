"""Progress of long work: a bar on a terminal, a line now and then when piped."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any


class Progress:
    """Counts up to `total` on stderr, which keeps stdout the same at every run.

    Piped, a line appears at most every `interval` seconds, and none for work shorter than that.
    """

    def __init__(self, total: int, label: str, interval: float = 10.0) -> None:
        self.total = total
        self.label = label
        self.interval = interval
        self.done = 0
        self._spoke = time.monotonic()
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=label, leave=False, file=sys.stderr)

    def add(self, count: int) -> None:
        """`count` more items are done."""
        self.done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._spoke >= self.interval:
            self._spoke = time.monotonic()
            print(f"{self.label}: {self.done} of {self.total}", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
