"""One table in the paper's layout (rows metric x bucket, columns systems) in five formats.

`build_table` makes the neutral table; `to_text`, `to_markdown`, `to_latex` and `to_csv` write it;
JSON is `Results.to_json`. The best of a row is bold, or starred in plain text: among the shown
digits, so that equal figures are all marked.
"""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.results import Results
from inpainting.evaluation.statistics import Estimate

ARROWS = {"higher": "\u2191", "lower": "\u2193", "one": "\u21921"}
_LATEX_ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$", "one": r"$\rightarrow 1$"}
_LATEX_SPECIAL = {character: "\\" + character for character in "&%$#_{}"}
_LATEX_SPECIAL |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


class Cell(NamedTuple):
    """A figure as shown: "27.32", its interval "26.10, 28.41" ("" without one), whether best."""

    text: str
    interval: str
    best: bool
    estimate: Estimate | None


class Row(NamedTuple):
    """A metric in a bucket; one cell a system."""

    metric: Metric
    bucket: str
    cells: list[Cell]


class Table(NamedTuple):
    """The neutral table; `notes` go below it."""

    systems: list[str]
    rows: list[Row]
    notes: list[str]


def build_table(results: Results) -> Table:
    """Rounds, marks the best, and leaves out rows that say nothing (known pixels all unchanged)."""
    systems = list(results.systems)
    buckets = list(next(iter(results.systems.values()), {}))
    rows, notes = [], list(results.notes)
    for metric in results.metrics:
        found = [
            [results.systems[system][bucket].get(metric.name) for system in systems]
            for bucket in buckets
        ]
        if metric.name == "l1_known" and not any(e and e.mean for row in found for e in row):
            notes.append("pixels outside the hole: returned unchanged by every system")
        else:
            rows += [_row(metric, bucket, row) for bucket, row in zip(buckets, found)]
    counts = {e.n for row in rows for cell in row.cells if (e := cell.estimate)}
    size = f"{max(counts, default=0)} photos" + (
        f" ({min(counts)} at least where a metric has no value for some)" if len(counts) > 1 else ""
    )
    notes.insert(0, f"{size}; [95 % bootstrap interval]; best of a row marked")
    notes.append(f"photos and masks: sha256 {results.inputs_sha256}")
    notes.append(f"manifest: sha256 {results.manifest_sha256}")
    return Table(systems, rows, notes)


def _row(metric: Metric, bucket: str, estimates: list[Estimate | None]) -> Row:
    shown = [None if e is None or e.mean is None else f"{e.mean:.{metric.decimals}f}"
             for e in estimates]  # fmt: skip
    merits = [_merit(metric, float(text)) for text in shown if text is not None]
    best = max(merits) if len(merits) > 1 else None
    cells = [
        Cell("-", "", False, None) if text is None
        else Cell(text, _interval(metric, estimate), _merit(metric, float(text)) == best, estimate)
        for text, estimate in zip(shown, estimates)
    ]  # fmt: skip
    return Row(metric, bucket, cells)


def _merit(metric: Metric, value: float) -> float:
    return {"higher": value, "lower": -value, "one": -abs(value - 1.0)}[metric.better]


def _interval(metric: Metric, estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:.{metric.decimals}f}, {estimate.high:.{metric.decimals}f}"


def _label(metric: Metric) -> str:
    return f"{metric.label} {ARROWS[metric.better]}"


def _plain(cell: Cell) -> str:
    interval = f" [{cell.interval}]" if cell.interval else ""
    return cell.text + ("*" if cell.best else " ") + interval


def to_text(table: Table) -> str:
    """For a terminal: aligned columns, the best starred, a line between metrics."""
    header = ["", "holes %", *table.systems]
    lines = [[_label(row.metric), row.bucket, *map(_plain, row.cells)] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(header, *lines)]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    text = [_aligned(header, widths), rule]
    previous = None
    for row, line in zip(table.rows, lines):
        text.append(_aligned(["" if row.metric == previous else line[0], *line[1:]], widths))
        previous = row.metric
    return "\n".join([*text, rule, *table.notes]) + "\n"


def _aligned(cells: list[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()


def to_markdown(table: Table) -> str:
    """A pipe table, the best in bold, the notes as a list."""
    header = ["metric", "holes %", *(name.replace("|", "\\|") for name in table.systems)]
    lines = [header, ["---", "---", *["---:"] * len(table.systems)]]
    for row in table.rows:
        lines.append([_label(row.metric), row.bucket, *map(_markdown_cell, row.cells)])
    text = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([*text, "", *(f"- {note}" for note in table.notes)]) + "\n"


def _markdown_cell(cell: Cell) -> str:
    figure = f"**{cell.text}**" if cell.best else cell.text
    return figure + (f" [{cell.interval}]" if cell.interval else "")


def to_latex(table: Table) -> str:
    """A `tabular` for the `booktabs` package, the best in bold, the notes as comments."""
    lines = [f"% {note}" for note in table.notes]
    lines += [r"\begin{tabular}{ll" + "r" * len(table.systems) + "}", r"\toprule"]
    lines += [" & ".join(["", r"Holes \%", *map(_escaped, table.systems)]) + r" \\"]
    previous = None
    for row in table.rows:
        label = ""
        if row.metric != previous:
            lines.append(r"\midrule")
            label = f"{_escaped(row.metric.label)} {_LATEX_ARROWS[row.metric.better]}"
        previous = row.metric
        bucket = row.bucket.replace("-", "--")
        lines.append(" & ".join([label, bucket, *map(_latex_cell, row.cells)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_cell(cell: Cell) -> str:
    figure = rf"\textbf{{{cell.text}}}" if cell.best else cell.text
    return figure + (rf" {{\scriptsize [{cell.interval}]}}" if cell.interval else "")


def _escaped(text: str) -> str:
    return "".join(_LATEX_SPECIAL.get(character, character) for character in text)


def to_csv(table: Table) -> str:
    """Metric, bucket, then mean, low, high and n of each system, unrounded; no notes."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    parts = ("mean", "low", "high", "n")
    writer.writerow(["metric", "holes", *(f"{s} {part}" for s in table.systems for part in parts)])
    for row in table.rows:
        figures = [cell.estimate or Estimate(None, None, None, 0) for cell in row.cells]
        writer.writerow([row.metric.name, row.bucket, *(v for figure in figures for v in figure)])
    return stream.getvalue()
