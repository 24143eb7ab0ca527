"""The comparison of a converted model with its SavedModel, on stand-ins whose answers are known."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from inpainting.serving.conversion.formats import Runtime
from inpainting.serving.conversion.parity import Row, as_table, compare

SIZE = (40, 24)


def grey(image, mask):
    """A fill of plain grey."""
    return np.where(mask > 0.5, np.float32(0.5), image)


def one_row(run, limit=1.0):
    (row,) = compare(grey, Runtime("other", run, limit), [SIZE])
    return row


def test_the_same_answer():
    row = one_row(grey)
    assert (row.runtime, row.size, row.maximum, row.mean) == ("other", "40x24", 0, 0)
    assert row.unchanged
    assert row.failure == ""


def test_differences_are_of_the_hole_in_grey_levels():
    """Every hole pixel one level off in one channel, and one pixel three levels."""
    pixels = []

    def off(image, mask):
        found = grey(image, mask)
        rows, columns = np.nonzero(mask[0, ..., 0])
        pixels.append(len(rows))
        found[0, rows, columns, 0] += 1 / 255
        found[0, rows[0], columns[0], 1] -= 3 / 255
        return found

    row = one_row(off)
    assert row.maximum == pytest.approx(3, rel=1e-4)
    assert row.mean == pytest.approx((pixels[0] + 3) / (3 * pixels[0]), rel=1e-4)
    assert row.unchanged
    assert row.failure == "differs by 3 grey levels, 1 are allowed"
    assert one_row(off, limit=3.1).failure == ""
    assert one_row(off, limit=None).failure == ""


def test_a_last_bit_outside_the_hole_counts():
    def touched(image, mask):
        found = grey(image, mask)
        row, column = np.argwhere(mask[0, ..., 0] == 0)[0]
        found[0, row, column] = np.nextafter(found[0, row, column], np.float32(2))
        return found

    row = one_row(touched)
    assert (row.maximum, row.unchanged) == (0, False)
    assert row.failure == "changes pixels outside the hole"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda image, mask: grey(image, mask)[:, :-1],
        lambda image, mask: np.where(mask > 0.5, np.float32(np.nan), image),
    ],
)
def test_another_shape_or_no_number_is_no_match(wrong):
    row = one_row(wrong)
    assert row.maximum == math.inf
    assert row.failure.startswith("differs by inf")


def test_the_latency_ratio_is_of_medians(monkeypatch):
    """2, 2, 90, 2, 2 seconds against 3, 3, 3, 70, 3; the first call of each is not timed."""
    now = [0.0]
    seconds = {"mine": iter([500, 2, 2, 90, 2, 2]), "other": iter([500, 3, 3, 3, 70, 3])}
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def taking(name):
        def run(image, mask):
            now[0] += next(seconds[name])
            return grey(image, mask)

        return run

    (row,) = compare(taking("mine"), Runtime("other", taking("other"), 1.0), [SIZE])
    assert row.latency_ratio == 1.5


def test_a_photo_larger_than_the_embedded_ones():
    sizes = []

    def seen(image, mask):
        sizes.append((image.shape, mask.shape, image.dtype, set(np.unique(mask))))
        return grey(image, mask)

    compare(grey, Runtime("other", seen, 1.0), [(700, 20)])
    expected = ((1, 20, 700, 3), (1, 20, 700, 1), np.dtype("float32"), {0.0, 1.0})
    assert set(map(str, sizes)) == {str(expected)}


def test_the_table():
    row = Row("onnx", "64x48", 0.012345, 0.001, True, 1.234, 0.255)
    other = Row("openvino, as it comes", "64x48", 2.0, 0.5, False, 0.5, None)
    assert as_table([row, other]).splitlines()[2:] == [
        "| onnx | 64x48 | 0.012 | 0.001 | 0.255 | bit for bit | 1.23 |",
        "| openvino, as it comes | 64x48 | 2 | 0.5 |  | changed | 0.50 |",
    ]
