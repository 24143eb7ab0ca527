"""Which claims of the paper hold, on scores made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.evaluation.ablation import VARIANTS, Ablation, training
from inpainting.evaluation.metrics import PIXEL_METRICS

METRICS = [metric for metric in PIXEL_METRICS if metric.name in ("l1", "psnr", "sharpness")]
SEEDS = (0, 1)
PHOTOS = 12


@pytest.fixture
def scores(tmp_path):
    """The whole model is 0.5 dB better than without recurrence and equal without Sobel branch."""
    generator = np.random.default_rng(0)
    path = tmp_path / "scores.jsonl"
    base = 20 + generator.normal(size=(len(SEEDS), PHOTOS))
    noise = generator.normal(scale=0.5, size=base.shape)
    shift = {"paper": 0 * base, "no_recurrence": 0 * base - 0.5, "no_sobel_branch": noise}
    lines = [{"settings": {}}]
    for variant, change in shift.items():
        for seed in SEEDS:
            for photo in range(PHOTOS):
                psnr = (base + change)[seed, photo]
                scores = {"psnr": psnr, "l1": 10 ** (-psnr / 20), "sharpness": None}
                lines.append(
                    {"system": training(variant, seed), "bucket": "10-20",
                     "photo": f"{photo}.jpg", "scores": scores}
                )  # fmt: skip
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


def test_verdicts_cell_by_cell(scores):
    ablation = Ablation(str(scores), ["paper", "no_recurrence", "no_sobel_branch"], SEEDS, METRICS)
    found = ablation.verdicts("no_recurrence", "10-20")
    assert found["psnr"].text == found["l1"].text == "holds"
    assert found["psnr"].gain.mean == pytest.approx(0.5)
    assert ablation.verdicts("no_sobel_branch", "10-20")["psnr"].text == "not decided"
    claims = ablation.claims().splitlines()
    row = next(line for line in claims if line.startswith("| PSNR dB"))
    assert "**holds** +0.50 [+0.50, +0.50]" in row
    assert "**not decided**" in row


def test_the_table_has_the_means_and_leaves_out_what_no_photo_has(scores):
    ablation = Ablation(str(scores), ["paper", "no_recurrence"], SEEDS, METRICS)
    table = ablation.table(["a note"], "m", "i")
    entries = [json.loads(line) for line in scores.read_text().splitlines()[1:]]
    mean = np.mean([e["scores"]["psnr"] for e in entries if e["system"].startswith("paper")])
    assert f"**{mean:.2f}**" in table
    assert "Sharpness" not in table
    assert "a note" in table


def test_without_the_paper_s_model_no_claim_is_tested(scores):
    assert "No claim" in Ablation(str(scores), ["no_recurrence"], SEEDS, METRICS).claims()


def test_a_training_without_scores_is_named(scores):
    with pytest.raises(InputError, match="no scores of prefilled-seed0"):
        Ablation(str(scores), ["paper", "prefilled"], SEEDS, METRICS)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_a_registered_system_with_settings_it_has(name):
    from inpainting.systems import registry

    model, changes, _ = VARIANTS[name]
    fields = registry.preset(model, "paper", {}).__dataclass_fields__
    assert set(changes) <= set(fields)
