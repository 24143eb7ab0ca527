"""The report: one HTML file that carries its pictures in itself and asks nothing of the network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from inpainting.evaluation.figures import SavedFigure
from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.tables import ARROWS, Cell, Row, Table

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem;
       padding: 0 1rem; overflow-wrap: anywhere; color: #1c1c1c; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid #444; }
tr.first td { border-top: 1px solid #ccc; }
td.best { font-weight: 700; }
small { color: #666; font-weight: 400; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; height: auto; }
figcaption { color: #444; max-width: 50rem; margin-bottom: .5rem; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem 1.5rem; }
"""


def to_html(
    table: Table,
    metrics: Sequence[Metric],
    figures: Sequence[SavedFigure],
    settings: dict[str, str],
) -> str:
    """The whole report.

    Args:
        table: as in the other formats.
        metrics: their definitions are listed.
        figures: drawn in as JPEG; the PNG files beside the report are exact.
        settings: what to repeat the run with, shown as given.
    """
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Inpainting evaluation</title><style>{_STYLE}</style></head><body>",
        "<h1>Inpainting evaluation</h1>",
        _table(table),
        "<ul>" + "".join(f"<li>{_note(note)}</li>" for note in table.notes) + "</ul>",
        "<h2>Figures</h2>" if figures else "",
        *map(_figure, figures),
        "<h2>Metrics</h2>",
        _definitions({f"{m.label} ({m.name}) {ARROWS[m.better]}": m.definition for m in metrics}),
        "<h2>Settings</h2>",
        _definitions(settings),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _table(table: Table) -> str:
    header = "".join(f"<th>{escape(name)}</th>" for name in ["", "holes %", *table.systems])
    rows, previous = [], None
    for row in table.rows:
        rows.append(_row(row, row.metric != previous))
        previous = row.metric
    body = "\n".join(rows)
    return (
        f'<div class="wide"><table><thead><tr>{header}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(row: Row, first: bool) -> str:
    label = f"{row.metric.label} {ARROWS[row.metric.better]}" if first else ""
    kind = ' class="first"' if first else ""
    cells = "".join(map(_cell, row.cells))
    return f"<tr{kind}><td>{escape(label)}</td><td>{escape(row.bucket)}</td>{cells}</tr>"


def _cell(cell: Cell) -> str:
    kind = ' class="best"' if cell.best else ""
    interval = f" <small>[{cell.interval}]</small>" if cell.interval else ""
    return f"<td{kind}>{cell.text}{interval}</td>"


def _note(note: str) -> str:
    text, found, sha256 = note.partition("sha256 ")
    return escape(text + found) + (f"<code>{escape(sha256)}</code>" if sha256 else "")


def _figure(figure: SavedFigure) -> str:
    data = base64.b64encode(figure.jpeg).decode()
    caption = escape(figure.caption)
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<img alt="{escape(figure.name)}" src="data:image/jpeg;base64,{data}"></figure>'
    )


def _definitions(entries: dict[str, str]) -> str:
    items = (f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in entries.items())
    return "<dl>" + "".join(items) + "</dl>"
