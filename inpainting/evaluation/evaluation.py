"""A whole evaluation: scores, results, and the folder of files that they are published in.

| file | what |
|---|---|
| results.json | means, intervals and counts, the manifest's hash |
| table.md, table.tex, table.csv, table.txt | the table |
| manifest.json | what the figures depend on; `--manifest` checks another run against it |
| report.html | the table, the figures, the definitions, in one file |
| figures/ | the figures as PNG |
| scores.jsonl | every photo's scores; what `--resume` goes on with |
| features/ | FID's features, if it was asked for |
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from inpainting.errors import InputError
from inpainting.evaluation import tables
from inpainting.evaluation.fid import FeatureFiles
from inpainting.evaluation.figures import draw_figures, save_figures
from inpainting.evaluation.files import make_folder, write_text
from inpainting.evaluation.manifest import Expected, build_manifest, canonical, sha256_of_json
from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.report import to_html
from inpainting.evaluation.results import Results, estimate_all
from inpainting.evaluation.runner import Runner
from inpainting.evaluation.scores import ScoreFile


class Evaluation:
    """Runs, and writes what came out.

    Args:
        runner: photos, masks, columns, metrics.
        output: the folder; "" for `evaluations/` and a hash of all settings, so that a repeated
            run finds its own folder and another one does not overwrite it.
        seed: of the bootstrap.
        resume: go on with what `output` holds.
        expected: a manifest to agree with.

    Raises:
        InputError: see `ScoreFile` and `Expected`; or `output` cannot be written to.
    """

    def __init__(
        self,
        runner: Runner,
        output: str,
        seed: int,
        resume: bool = False,
        expected: Expected | None = None,
    ) -> None:
        self.runner = runner
        self.seed = seed
        self.expected = expected
        inputs, metrics = runner.inputs.record, runner.metrics.record
        self.systems = {name: column.record for column in runner.columns for name in column.names}
        if expected:
            expected.check_settings(inputs, metrics)
            expected.check_systems(self.systems)
        names = runner.inputs.photos.names
        settings = {"inputs": inputs, "metrics": metrics, "photos": sha256_of_json(names)}
        whole = sha256_of_json({**settings, "systems": self.systems})
        self.output = make_folder(output or os.path.join("evaluations", whole[:8]))
        self.scores = ScoreFile(
            os.path.join(self.output, "scores.jsonl"),
            settings,
            self.systems,
            names,
            [metric.name for metric in runner.metrics.per_photo],
            resume,
        )

    def run(self) -> Results:
        """Scores all photos and computes the results; writes results.json and manifest.json."""
        inception = self.runner.metrics.inception
        folder = os.path.join(self.output, "features")
        fid = FeatureFiles(folder, inception) if inception else None
        self.runner.run(self.scores, fid, self.expected)
        if not self.scores.photo_records:
            raise InputError(f"none of the {len(self.runner.inputs.photos)} photos can be read")
        self.scores.finish()
        manifest = build_manifest(
            self.runner.inputs.record,
            self.runner.metrics.record,
            list(self.scores.photo_records.values()),
            self.systems,
            any(r["kind"] == "model" for r in self.systems.values())
            or self.runner.metrics.uses_networks,
        )
        notes = list(self.runner.metrics.notes)
        if self.expected:
            notes += self.expected.check_all(manifest)
        skipped = len(self.runner.inputs.photos.skipped)
        if skipped:
            notes.append(f"unreadable photos left out: {skipped}")
        estimates = estimate_all(
            self.scores, list(self.systems), self.runner.inputs.buckets,
            self.runner.metrics.per_photo, self.seed, fid,
        )  # fmt: skip
        results = Results(
            sha256_of_json(manifest),
            sha256_of_json(manifest["inputs"]),
            estimates,
            _with_values(self.runner.metrics.all, estimates),
            notes,
        )
        write_text(self.output, "manifest.json", canonical(manifest))
        write_text(self.output, "results.json", results.to_json())
        return results

    def publish(self, results: Results, photos: int, cases_by: Metric) -> tables.Table:
        """Writes tables, figures with `photos` photos each (0 for none) and the report."""
        table = tables.build_table(results)
        for name, write in (
            ("table.txt", tables.to_text),
            ("table.md", tables.to_markdown),
            ("table.tex", tables.to_latex),
            ("table.csv", tables.to_csv),
        ):
            write_text(self.output, name, write(table))
        figures = []
        if photos:
            drawn = draw_figures(self.runner, self.scores, cases_by, photos)
            figures = save_figures(drawn, os.path.join(self.output, "figures"))
        settings = {**self.runner.inputs.record, "bootstrap seed": self.seed, **self.systems}
        shown = {name: str(value) for name, value in settings.items()}
        write_text(self.output, "report.html", to_html(table, results.metrics, figures, shown))
        return table


def _with_values(metrics: Sequence[Metric], estimates: dict[str, dict[str, dict]]) -> list[Metric]:
    found = {name for buckets in estimates.values() for row in buckets.values() for name in row}
    return [metric for metric in metrics if metric.name in found]
