"""Fills and scores the photos batch by batch: nothing of a batch is kept after it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

from inpainting.evaluation.columns import Column
from inpainting.evaluation.fid import FeatureFiles
from inpainting.evaluation.inputs import Batch, Inputs
from inpainting.evaluation.manifest import Expected
from inpainting.evaluation.metric_set import MetricSet
from inpainting.evaluation.metrics import score
from inpainting.evaluation.progress import Progress
from inpainting.evaluation.protocol import sha256_of
from inpainting.evaluation.scores import ScoreFile

Row = dict[str, Optional[float]]


class Runner:
    """One evaluation: photos x buckets x columns.

    Args:
        inputs, columns, metrics: what is filled, by what, and how it is scored.
        batch_size: photos that a column gets at once.
        threads: for the pixel metrics.
    """

    def __init__(
        self,
        inputs: Inputs,
        columns: Sequence[Column],
        metrics: MetricSet,
        batch_size: int,
        threads: int = 1,
    ) -> None:
        self.inputs = inputs
        self.columns = columns
        self.metrics = metrics
        self.batch_size = batch_size
        self._pool = ThreadPoolExecutor(threads)

    def run(
        self,
        scores: ScoreFile,
        fid: FeatureFiles | None = None,
        expected: Expected | None = None,
    ) -> None:
        """Scores whatever `scores` lacks, and adds it there.

        Args:
            scores: of this evaluation.
            fid: where FID's features go, if it is among the metrics.
            expected: a manifest that every photo and mask must be in.

        Raises:
            InputError: a photo is not what it was when `scores` was begun, or not what the
                manifest says.
        """
        total = len(self.inputs.photos)
        with Progress(total, "photos scored") as progress:
            for start in range(0, total, self.batch_size):
                indices = range(start, min(start + self.batch_size, total))
                if not self._done(scores, indices):
                    self._run_batch(scores, indices, fid, expected)
                    scores.flush()
                progress.add(len(indices))

    def _done(self, scores: ScoreFile, indices: Sequence[int]) -> bool:
        return all(
            scores.has(name, bucket.name, indices)
            for bucket in self.inputs.buckets
            for column in self.columns
            for name in column.names
        )

    def _run_batch(
        self,
        scores: ScoreFile,
        indices: Sequence[int],
        fid: FeatureFiles | None,
        expected: Expected | None,
    ) -> None:
        indices, batches = self.inputs.batches(indices)
        if not indices:
            return
        self._add_photos(scores, indices, batches, expected)
        truth = [metric.features(batches[0].images) for metric in self.metrics.features]
        if fid:
            fid.add_truth(indices, batches[0].images)
        for column in self.columns:
            for batch in batches:
                if not all(scores.has(name, batch.bucket.name, indices) for name in column.names):
                    for name, rows in self._score(column, indices, batch, truth, fid).items():
                        for index, row in zip(indices, rows):
                            scores.add(name, batch.bucket.name, index, row)

    def _add_photos(
        self,
        scores: ScoreFile,
        indices: Sequence[int],
        batches: Sequence[Batch],
        expected: Expected | None,
    ) -> None:
        for place, index in enumerate(indices):
            masks = {batch.bucket.name: sha256_of(batch.masks[place]) for batch in batches}
            record = {"pixels": sha256_of(batches[0].images[place]), "masks": masks}
            if expected:
                expected.check_photo(batches[0].names[place], record)
            scores.add_photo(index, record)

    def _score(
        self,
        column: Column,
        indices: Sequence[int],
        batch: Batch,
        truth: Sequence[Any],
        fid: FeatureFiles | None,
    ) -> dict[str, list[Row]]:
        """{system: a row of scores for each photo}."""
        results: dict[str, list[Row]] = {}
        for name, completed in column.fill(batch).items():
            rows: list[Row] = list(self._pool.map(score, batch.images, completed, batch.masks))
            for metric, features in zip(self.metrics.features, truth):
                for row, value in zip(rows, metric.distance(features, completed)):
                    row[metric.metric.name] = value
            if fid:
                fid.add(name, batch.bucket.name, indices, completed)
            results[name] = rows
        if len(column.names) == 2:
            _compare_with_coarse(*(results[name] for name in column.names))
        return results


def _compare_with_coarse(refined: list[Row], coarse: list[Row]) -> None:
    """Adds `refined_worse` (the failure that the paper's Figure 8 shows) to the refined rows."""
    for row, first in zip(refined, coarse):
        row["refined_worse"] = 100.0 if (row["l1"] or 0.0) > (first["l1"] or 0.0) else 0.0
