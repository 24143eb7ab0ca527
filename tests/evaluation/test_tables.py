"""The table in all its formats."""

from __future__ import annotations

import csv
import io

import pytest

from inpainting.evaluation.metrics import PIXEL_METRICS
from inpainting.evaluation.results import Results
from inpainting.evaluation.statistics import Estimate
from inpainting.evaluation.tables import build_table, to_csv, to_latex, to_markdown, to_text

METRICS = [m for m in PIXEL_METRICS if m.name in ("l1", "psnr", "sharpness", "l1_known")]


def estimates(l1: float, psnr: float, sharpness: float | None, known: float = 0.0) -> dict:
    values = {"l1": l1, "psnr": psnr, "sharpness": sharpness, "l1_known": known}
    return {
        name: Estimate(value, value - 0.5, value + 0.5, 7)
        for name, value in values.items()
        if value is not None
    }


def results(**systems: dict) -> Results:
    buckets = {name: {"30-40": row} for name, row in systems.items()}
    return Results("m" * 64, "i" * 64, buckets, METRICS, ["left out: PL (why)"])


@pytest.fixture
def table():
    rows = {"telea": estimates(2.0, 25.0, 0.2), "my_model": estimates(1.996, 24.0, 1.3)}
    return build_table(results(**rows))


def best(table, metric: str) -> list[bool]:
    (row,) = [row for row in table.rows if row.metric.name == metric]
    return [cell.best for cell in row.cells]


def test_the_best_is_by_the_metrics_direction_and_among_the_shown_digits(table):
    assert best(table, "psnr") == [True, False]
    assert best(table, "l1") == [True, True]  # both are shown as 2.00
    assert best(table, "sharpness") == [False, True]  # 0.3 off 1, against 0.8


def test_a_single_value_is_not_called_best():
    rows = {"a": estimates(2, 25, 0.2), "b": estimates(1, 24, None)}
    assert best(build_table(results(**rows)), "sharpness") == [False, False]
    assert best(build_table(results(a=rows["a"])), "l1") == [False]


def test_known_pixels_are_a_note_unless_somebody_changed_them(table):
    assert "l1_known" not in [row.metric.name for row in table.rows]
    assert any("unchanged by every system" in note for note in table.notes)
    changed = build_table(results(a=estimates(1, 2, 3), b=estimates(1, 2, 3, known=0.7)))
    assert "l1_known" in [row.metric.name for row in changed.rows]


def test_text_has_figures_intervals_and_hashes(table):
    text = to_text(table)
    assert "25.00* [24.50, 25.50]" in text
    assert "manifest: sha256 " + "m" * 64 in text
    assert "photos and masks: sha256 " + "i" * 64 in text
    assert "left out: PL (why)" in text
    assert "7 photos" in text


def test_markdown_is_a_pipe_table_with_the_best_in_bold(table):
    lines = to_markdown(table).splitlines()
    assert lines[0] == "| metric | holes % | telea | my_model |"
    assert "| PSNR dB ↑ | 30-40 | **25.00** [24.50, 25.50] | 24.00 [23.50, 24.50] |" in lines
    assert {line.count("|") for line in lines if line.startswith("|")} == {5}


def test_latex_escapes_and_is_bold(table):
    latex = to_latex(table)
    assert r"my\_model" in latex
    assert r"\textbf{25.00} {\scriptsize [24.50, 25.50]}" in latex
    assert r"L1 \% $\downarrow$ & 30--40 &" in latex
    assert latex.count(r"\midrule") == 3


def test_csv_has_the_figures_unrounded(table):
    header, *rows = csv.reader(io.StringIO(to_csv(table)))
    assert header == ["metric", "holes", *(
        f"{name} {part}" for name in ("telea", "my_model") for part in ("mean", "low", "high", "n")
    )]  # fmt: skip
    (row,) = [row for row in rows if row[0] == "l1"]
    assert row == ["l1", "30-40", "2.0", "1.5", "2.5", "7", "1.996", "1.496", "2.496", "7"]


def test_a_missing_value_is_a_dash(table):
    rows = {"a": estimates(2, 25, 0.2), "b": estimates(1, 24, None)}
    line = next(x for x in to_markdown(build_table(results(**rows))).splitlines() if "Sharp" in x)
    assert line.endswith("| - |")
