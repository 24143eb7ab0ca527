"""What trainings of several seeds say together: the paper's table, and which of its claims hold.

The claim tested, cell by cell: the paper's whole model is better than the same model without one
of its parts, trained on the same photographs and masks for as many steps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from inpainting.errors import InputError
from inpainting.evaluation.comparison import Verdict, compare, estimate
from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.protocol import seed_of
from inpainting.evaluation.results import Results
from inpainting.evaluation.tables import ARROWS, build_table, to_markdown

#: The rows of the paper's Table 2; `pl` may have the name of its weights behind it in brackets.
TABLE_2 = ("l1", "l2", "psnr", "ssim", "pl")
#: A training's name in an evaluation: its system, then its seed.
SEPARATOR = "-seed"


class Variant(NamedTuple):
    """A system to train: a registered model, changes of its settings, and what they leave out.

    `claim` names the part (in the plural) that the paper's model gains by, as the paper claims; ""
    where it claims nothing.
    """

    model: str
    changes: Mapping[str, str]
    claim: str


VARIANTS = {
    "paper": Variant("recurrent", {}, ""),
    "no_recurrence": Variant("recurrent", {"recurrent": "False"}, "buffers from pass to pass"),
    "no_sobel_branch": Variant("recurrent", {"edge_branch": "False"}, "the judgements of edges"),
    "no_frequency_losses": Variant(
        "recurrent",
        {"low_pass_weight": "0", "high_pass_weight": "0", "low_pass_perceptual_weight": "0"},
        "the frequency-separation losses",
    ),
    "prefilled": Variant("recurrent", {"prefill": "pyramid"}, ""),
    "gated": Variant("gated", {}, ""),
    "contextual_attention": Variant("contextual_attention", {}, ""),
}


class Ablation:
    """Scores of trainings called SYSTEM-seedN, by system.

    Args:
        path: `scores.jsonl` of a finished evaluation.
        variants, seeds: what was trained, each variant with each seed.
        metrics: those to report, in order; metrics without any value are left out.

    Raises:
        InputError: a training has no scores there.
    """

    def __init__(
        self, path: str, variants: Sequence[str], seeds: Sequence[int], metrics: Sequence[Metric]
    ) -> None:
        self.variants = list(variants)
        self.seeds = list(seeds)
        found: dict[tuple[str, str], dict[str, dict[str, float | None]]] = {}
        with open(path, encoding="utf-8") as stream:
            for entry in map(json.loads, stream):
                if "scores" in entry:
                    key = (entry["system"], entry["bucket"])
                    found.setdefault(key, {})[entry["photo"]] = entry["scores"]
        self.buckets = sorted({bucket for _, bucket in found})
        photos = sorted({photo for scores in found.values() for photo in scores})
        for name in (training(v, s) for v in variants for s in seeds):
            if not any(system == name for system, _ in found):
                raise InputError(f"{path} has no scores of {name}")
        self._values = {
            (variant, bucket): np.array(
                [
                    [
                        [
                            _number(found[training(variant, seed), bucket][photo].get(metric.name))
                            for metric in metrics
                        ]
                        for photo in photos
                    ]
                    for seed in seeds
                ]
            )
            for variant in variants
            for bucket in self.buckets
        }
        present = [
            any(np.isfinite(values[..., column]).any() for values in self._values.values())
            for column in range(len(metrics))
        ]
        self.metrics = [metric for metric, there in zip(metrics, present) if there]
        self._values = {key: values[..., present] for key, values in self._values.items()}

    def table(self, notes: Sequence[str], manifest: str, inputs: str) -> str:
        """The paper's layout as Markdown: metrics x buckets, a column a system, with intervals."""
        systems = {
            variant: {
                bucket: {
                    metric.name: found
                    for metric, found in zip(
                        self.metrics,
                        estimate(self._values[variant, bucket], seed_of("ablation", bucket)),
                    )
                }
                for bucket in self.buckets
            }
            for variant in self.variants
        }
        results = Results(manifest, inputs, systems, self.metrics, notes)
        return to_markdown(build_table(results))

    def verdicts(self, variant: str, bucket: str, ours: str = "paper") -> dict[str, Verdict]:
        """`ours` against `variant` in a bucket, by metric name."""
        return compare(
            self._values[ours, bucket],
            self._values[variant, bucket],
            self.metrics,
            seed_of("ablation", bucket),
        )

    def claims(self) -> str:
        """A Markdown table: each claim of the paper, cell by cell, with the gain's interval."""
        tested = [name for name in self.variants if VARIANTS[name].claim]
        if "paper" not in self.variants or not tested:
            return "No claim is tested: that takes the paper's model and one without a part.\n"
        lines = ["| gain of the whole model | holes % | " + " | ".join(tested) + " |",
                 "| --- | --- |" + " --- |" * len(tested)]  # fmt: skip
        found = {
            (name, bucket): self.verdicts(name, bucket)
            for name in tested
            for bucket in self.buckets
        }
        for metric in self.metrics:
            for bucket in self.buckets:
                cells = [_cell(metric, found[name, bucket].get(metric.name)) for name in tested]
                label = f"{metric.label} {ARROWS[metric.better]}"
                lines.append(f"| {label} | {bucket} | " + " | ".join(cells) + " |")
        legend = [f"- {name}: the claim is that {VARIANTS[name].claim} make the fill better"
                  for name in tested]  # fmt: skip
        return "\n".join([*lines, "", *legend]) + "\n"


def training(variant: str, seed: int) -> str:
    """The name of a training in an evaluation and of its folder."""
    return f"{variant}{SEPARATOR}{seed}"


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _cell(metric: Metric, verdict: Verdict | None) -> str:
    if verdict is None or verdict.gain.mean is None:
        return "-"
    mean, low, high = (f"{value:+.{metric.decimals}f}" for value in verdict.gain[:3])
    return f"**{verdict.text}** {mean} [{low}, {high}]"
