"""What one request, and all of them together, may take."""

from __future__ import annotations

import dataclasses
import math

from inpainting.errors import InputError
from inpainting.serving.server.refusal import Refusal

# The networks pad smaller photos to about this side, so a sample is counted as at least this large.
_LEAST_SIDE = 32


@dataclasses.dataclass(frozen=True)
class Limits:
    """The limits of a server.

    Attributes:
        request_megabytes: the body of a request, 10^6 bytes.
        megapixels: all photos of a `:predict` together; the network sees them whole, at about 1 GB
            of memory for each.
        photo_megapixels: the photo of a `/fill`, which is filled crop by crop.
        queue: requests that are read, wait or are computed; more are told to come back.
        timeout_seconds: from a request's first byte to its answer.
        batch_size: samples that are computed at once.
        batch_megapixels: pixels that are joined at most; a request that is larger goes alone.
        batch_delay_ms: how long a request waits for company of its size.

    Raises:
        InputError: one of them is not a number above 0 (the delay: below 0), or infinite.
    """

    request_megabytes: float = 32.0
    megapixels: float = 4.0
    photo_megapixels: float = 100.0
    queue: int = 64
    timeout_seconds: float = 120.0
    batch_size: int = 8
    batch_megapixels: float = 1.0
    batch_delay_ms: float = 2.0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            # Not-a-number is neither below nor above: nothing would ever be beyond such a limit.
            if not math.isfinite(value) or value < 0 or (value == 0 and name != "batch_delay_ms"):
                raise InputError(f"the limit {name} must be above 0, received {value}")

    @property
    def request_bytes(self) -> int:
        return int(self.request_megabytes * 1e6)

    def check_pixels(self, pixels: int) -> None:
        """Raises `Refusal` 413 if the photos of a `:predict` have more pixels than allowed."""
        if pixels > self.megapixels * 1e6:
            raise Refusal(
                413,
                f"the request has {pixels / 1e6:.1f} megapixels (samples under 32 pixels a side "
                f"count as 32), the most is {self.megapixels:g}: send crops or fewer photos, or "
                f"POST /fill, which takes {self.photo_megapixels:g}",
            )

    def check_photo(self, width: int, height: int) -> None:
        """Raises `Refusal` 413 if the photo of a `/fill` has more pixels than allowed."""
        if width * height > self.photo_megapixels * 1e6:
            raise Refusal(
                413,
                f"the photo has {width} x {height} pixels, the most is "
                f"{self.photo_megapixels:g} megapixels",
            )


def sample_pixels(height: int, width: int) -> int:
    """What a sample counts for."""
    return max(height, _LEAST_SIDE) * max(width, _LEAST_SIDE)
