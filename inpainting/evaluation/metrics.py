"""Full-reference metrics of one filled photograph, as pure functions on NumPy arrays.

Conventions of this file:

- `truth` and `completed` are float `(H, W, 3)` in [0, 1]; `mask` is `(H, W)` of 0 and 1, 1 = hole.
  `evaluate.py` passes the completed picture after its rounding to 8 bits: that is the picture
  which a user gets and the only one that another program's folder of pictures can be compared by.
- Metrics named `..._hole` average over the hole's pixels, the others over the whole picture. The
  known pixels of a fill are exact, so a whole-picture figure shrinks with the mask rate.
- "5x5 mean" is the low-pass filter of the paper (J. W. Baik, "Image Inpainting"). It repeats the
  picture's edge pixels by reflection (`abc|cba`) here, so that each hole pixel counts, where the
  paper's loss takes the `VALID` part.
- All arithmetic is float64. A metric without a value for a photo (`sharpness` in a hole which is
  nowhere 5 px wide) is None; means leave such photos out and report how many counted.

SSIM has no hole-only variant: its windows mix hole and known pixels at the hole's edge.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

#: PSNR of two equal pictures would be infinite; the squared error is floored at this value, which
#: caps PSNR at 100 dB. One grey level in one channel of one pixel of a 2048x2048 photo is above it.
SQUARED_ERROR_FLOOR = 1e-10

#: Below this mean |I - 5x5 mean| (one grey level) the photo itself is flat inside the hole and a
#: ratio to it says nothing about the fill.
FLAT = 1.0 / 255.0


#: SSIM's window is so many pixels high and wide, the least that a picture can have.
SSIM_WINDOW = 11


class Metric(NamedTuple):
    """How a metric is named, shown and judged: `better` is "lower", "higher" or "one" (near 1)."""

    name: str
    label: str
    better: str
    decimals: int
    definition: str


#: What a table shows, in its order. The definitions are part of a run's manifest: changing a
#: function below without changing its definition here would make unequal figures look comparable.
PIXEL_METRICS = (
    Metric("l1", "L1 %", "lower", 2, "100 mean |d|, whole, d = completed - truth in [0, 1]"),
    Metric("l1_hole", "L1 % (hole)", "lower", 2, "100 mean |d|, hole pixels"),
    Metric("l2", "L2 %", "lower", 3, "100 mean d^2, whole picture"),
    Metric("l2_hole", "L2 % (hole)", "lower", 3, "100 mean d^2, hole pixels"),
    Metric("psnr", "PSNR dB", "higher", 2, "-10 log10(max(mean d^2, 1e-10)), whole picture"),
    Metric("psnr_hole", "PSNR dB (hole)", "higher", 2, "-10 log10(max(mean d^2, 1e-10)), hole"),
    Metric(
        "ssim", "SSIM", "higher", 4,
        "Gaussian 11x11, sigma 1.5, K 0.01 0.03, population covariance, "
        "mean of 3 channels, 5 px border cropped",
    ),
    Metric("relative", "Relative error", "lower", 4, "sum |d| / sum (truth + completed), whole"),
    Metric("relative_hole", "Relative error (hole)", "lower", 4, "the same over hole pixels"),
    Metric("low_band", "Low-band error %", "lower", 2, "100 mean |F(d)|, hole, F = 5x5 mean"),
    Metric("high_band", "High-band error %", "lower", 2, "100 mean |d - F(d)|, hole pixels"),
    Metric(
        "sharpness", "Sharpness", "one", 3,
        "mean |I - F(I)| of the completed picture over that of the truth, hole pixels whose 5x5 "
        "window is all hole; none where the truth's is below 1/255",
    ),
    Metric(
        "boundary", "Boundary error %", "lower", 2,
        "100 mean |d|, hole pixels with a known one in the 17x17 square around them",
    ),
    Metric("l1_known", "L1 % (known)", "lower", 3, "100 mean |d|, pixels outside the hole"),
    Metric(
        "refined_worse", "Refined worse %", "lower", 1,
        "100 if the refined picture's l1 is above the coarse one's, else 0",
    ),
)  # fmt: skip


def l1(difference: np.ndarray) -> float:
    """Mean absolute error in per cent: `100 mean |d|` over the pixels `(..., 3)` given.

    Source: "mean l1 error" of Yu et al. 2018 (contextual attention), Table 1.
    """
    return 100.0 * float(np.mean(np.abs(difference)))


def l2(difference: np.ndarray) -> float:
    """Mean squared error in per cent: `100 mean d^2` over the pixels `(..., 3)` given.

    Source: "mean l2 error" of Yu et al. 2018 (contextual attention), Table 1. It is a squared
    error without a root, as its size beside that table's PSNR shows.
    """
    return 100.0 * float(np.mean(np.square(difference)))


def psnr(difference: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB for a peak of 1, at most 100: see SQUARED_ERROR_FLOOR.

    Equal to `skimage.metrics.peak_signal_noise_ratio(..., data_range=1)` below that cap.
    """
    return -10.0 * float(np.log10(max(np.mean(np.square(difference)), SQUARED_ERROR_FLOOR)))


def ssim(truth: np.ndarray, completed: np.ndarray) -> float:
    """Structural similarity, the mean of the three channels' values.

    Wang et al., "Image quality assessment: from error visibility to structural similarity",
    IEEE TIP 2004, equation 13, with its Gaussian window (11x11, sigma 1.5), K1 = 0.01, K2 = 0.03.
    Equal to scikit-image's `structural_similarity(truth, completed, channel_axis=2, data_range=1,
    gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`, which averages the positions
    whose window lies wholly inside the picture.

    Raises:
        ValueError: a picture is below 11 px high or wide.
    """
    if min(truth.shape[:2]) < SSIM_WINDOW:
        raise ValueError(f"truth of shape {truth.shape} is below SSIM's 11x11 window")
    truth = truth.astype(np.float64)
    completed = completed.astype(np.float64)
    mean_t, mean_c = _gaussian(truth), _gaussian(completed)
    variance_t = _gaussian(truth * truth) - mean_t * mean_t
    variance_c = _gaussian(completed * completed) - mean_c * mean_c
    covariance = _gaussian(truth * completed) - mean_t * mean_c
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_t * mean_c + c1) / (mean_t**2 + mean_c**2 + c1)
    structure = (2 * covariance + c2) / (variance_t + variance_c + c2)
    return float(np.mean((luminance * structure)[5:-5, 5:-5]))


def relative_error(truth: np.ndarray, completed: np.ndarray) -> float:
    """EdgeConnect's relative error, `sum |d| / sum (truth + completed)`; 0 for two black pictures.

    Source: Nazeri et al. 2019, the "l1" of Table 1 as its published evaluation script computes it
    from a pair of pictures.
    """
    total = float(np.sum(truth) + np.sum(completed))
    return float(np.sum(np.abs(completed - truth))) / total if total > 0 else 0.0


def band_errors(difference: np.ndarray, hole: np.ndarray) -> tuple[float, float]:
    """Low-band and high-band error in per cent over the hole: `100 mean |F(d)|`, `|d - F(d)|`.

    F is the 5x5 mean. It is linear, so F(d) is the difference of the two low-pass pictures which
    the paper's L_lpf takes, and `d - F(d)` that of the remainders.
    """
    low = low_pass(difference)
    return l1(low[hole]), l1((difference - low)[hole])


def sharpness(truth: np.ndarray, completed: np.ndarray, mask: np.ndarray) -> float | None:
    """How much fine detail the fill has: mean |I - F(I)| of the fill over that of the photo.

    Taken inside the hole, 2 px in from its edge, so that no window F (the 5x5 mean) sees a known
    pixel. 1 is as sharp as the photo, 0 is perfectly smooth, above 1 is noise or artefacts. None
    where the hole has no such pixel, or the photo is flat there (below one grey level).
    """
    inner = _eroded(mask, 2)
    if not inner.any():
        return None
    detail = float(np.mean(np.abs(truth - low_pass(truth))[inner]))
    if detail < FLAT:
        return None
    return float(np.mean(np.abs(completed - low_pass(completed))[inner])) / detail


def boundary_error(difference: np.ndarray, mask: np.ndarray) -> float:
    """Mean absolute error in per cent in the ring of 8 px inside the hole's edge.

    The ring is each hole pixel with a known pixel in the 17x17 square around it: there a seam or
    a shift of colour shows. The picture's own border is no edge of the hole. For a picture that
    is all hole, which has no edge, it is the hole's error.
    """
    ring = mask.astype(bool) & ~_eroded(mask, 8)
    return l1(difference[ring] if ring.any() else difference)


def score(truth: np.ndarray, completed: np.ndarray, mask: np.ndarray) -> dict[str, float | None]:
    """All metrics of one photo that need neither network nor coarse picture, by name.

    Args:
        truth, completed: uint8 or float in [0, 1], `(H, W, 3)`.
        mask: `(H, W)` of 0 and 1, with at least one 1.

    Raises:
        ValueError: shapes differ, the mask has no hole, or the picture is below 11 px.
    """
    if truth.shape != completed.shape or truth.shape[:2] != mask.shape:
        raise ValueError(
            f"truth {truth.shape}, completed {completed.shape} and mask {mask.shape} differ in size"
        )
    hole = mask.astype(bool)
    if not hole.any():
        raise ValueError("mask has no hole, so there is nothing to score")
    truth, completed = as_float(truth), as_float(completed)
    difference = completed - truth
    low, high = band_errors(difference, hole)
    return {
        "l1": l1(difference),
        "l1_hole": l1(difference[hole]),
        "l2": l2(difference),
        "l2_hole": l2(difference[hole]),
        "psnr": psnr(difference),
        "psnr_hole": psnr(difference[hole]),
        "ssim": ssim(truth, completed),
        "relative": relative_error(truth, completed),
        "relative_hole": relative_error(truth[hole], completed[hole]),
        "low_band": low,
        "high_band": high,
        "sharpness": sharpness(truth, completed, mask),
        "boundary": boundary_error(difference, mask),
        "l1_known": None if hole.all() else l1(difference[~hole]),
    }


def as_float(picture: np.ndarray) -> np.ndarray:
    """uint8 over 255, anything else unchanged, as float64."""
    scale = 255.0 if picture.dtype == np.uint8 else 1.0
    return picture.astype(np.float64) / scale


def low_pass(picture: np.ndarray) -> np.ndarray:
    """The paper's 5x5 mean, the same size as `picture` `(H, W, 3)`, edge pixels reflected."""
    return cv2.blur(picture, (5, 5), borderType=cv2.BORDER_REFLECT)


def _gaussian(picture: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(picture, (SSIM_WINDOW, SSIM_WINDOW), 1.5, borderType=cv2.BORDER_REFLECT)


def _eroded(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The hole pixels with no known pixel in the (2 pixels + 1) square around them."""
    square = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return cv2.erode(mask.astype(np.uint8), square).astype(bool)
