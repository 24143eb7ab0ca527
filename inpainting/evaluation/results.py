"""From scores to results: means with their intervals, for tables, the report and `results.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from inpainting.evaluation.fid import FeatureFiles
from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.protocol import Bucket, seed_of
from inpainting.evaluation.scores import ScoreFile
from inpainting.evaluation.statistics import Estimate, bootstrap


class Results(NamedTuple):
    """What tables, report and `results.json` are made of.

    Attributes:
        manifest_sha256: of the manifest.
        inputs_sha256: of the manifest's part about photos, masks and buckets: columns of two
            tables compare if this is equal.
        systems: {system: {bucket: {metric: Estimate}}}, in the order of the run.
        metrics: those that some system has a value for.
        notes: one line each, for below every table: what is left out and why.
    """

    manifest_sha256: str
    inputs_sha256: str
    systems: dict[str, dict[str, dict[str, Estimate]]]
    metrics: Sequence[Metric]
    notes: Sequence[str]

    def to_json(self) -> str:
        """The content of `results.json`."""
        systems = {
            system: {
                bucket: {name: estimate._asdict() for name, estimate in estimates.items()}
                for bucket, estimates in buckets.items()
            }
            for system, buckets in self.systems.items()
        }
        content = {
            "manifest": self.manifest_sha256,
            "inputs": self.inputs_sha256,
            "notes": list(self.notes),
            "systems": systems,
        }
        return json.dumps(content, indent=1) + "\n"


def estimate_all(
    scores: ScoreFile,
    systems: Sequence[str],
    buckets: Sequence[Bucket],
    metrics: Sequence[Metric],
    seed: int,
    fid: FeatureFiles | None = None,
) -> dict[str, dict[str, dict[str, Estimate]]]:
    """{system: {bucket: {metric: Estimate}}}, without metrics that a system has no value for.

    Photos are put in the order of their hashes first: draws and sums are then the same whatever
    the photos are called.
    """
    order = sorted(scores.photo_records, key=lambda index: scores.photo_records[index]["pixels"])
    names = [bucket.name for bucket in buckets]
    distances = fid.distances(systems, names, order) if fid and len(order) > 1 else {}
    results: dict[str, dict[str, dict[str, Estimate]]] = {}
    for system in systems:
        results[system] = {}
        for bucket in names:
            estimates = bootstrap(
                scores.values(system, bucket)[order], seed_of("bootstrap", seed, bucket)
            )
            results[system][bucket] = {
                metric.name: estimate for metric, estimate in zip(metrics, estimates) if estimate.n
            }
            if fid and (system, bucket) in distances:
                distance = round(distances[system, bucket], 6)
                results[system][bucket][fid.name] = Estimate(distance, None, None, len(order))
    return results
