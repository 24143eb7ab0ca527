"""A whole evaluation with classical columns: determinism, resuming, files."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InputError
from inpainting.evaluation.columns import make_columns
from inpainting.evaluation.evaluation import Evaluation
from inpainting.evaluation.manifest import Expected
from inpainting.evaluation.metric_set import MetricSet
from inpainting.evaluation.metrics import PIXEL_METRICS
from inpainting.evaluation.runner import Runner

SSIM = next(metric for metric in PIXEL_METRICS if metric.name == "ssim")


class CoarseAndRefined:
    """A column of two pictures: the refined one is the truth for photo a, and black for others."""

    def __init__(self) -> None:
        self.names = ["net", "net (coarse)"]
        self.record = {"kind": "stub"}
        self.filled: list[str] = []

    def fill(self, batch):
        self.filled += [f"{name} {batch.bucket.name}" for name in batch.names]
        hole = batch.masks[..., None] == 1
        coarse = np.where(hole, np.uint8(128), batch.images)
        black = np.where(hole, np.uint8(0), batch.images)
        is_a = np.array([name == "a" for name in batch.names])[:, None, None, None]
        return {"net": np.where(is_a, batch.images, black), "net (coarse)": coarse}


def make_runner(inputs, models=("telea", "mean"), batch_size=2, stub=None) -> Runner:
    columns = make_columns(models, [], inputs, batch_size, threads=2)
    metrics = MetricSet("none", "", "", inputs.photos.size)
    return Runner(inputs, [*columns, *([stub] if stub else [])], metrics, batch_size, threads=2)


def evaluate(runner: Runner, output: Path, **options):
    evaluation = Evaluation(runner, str(output), seed=0, **options)
    return evaluation, evaluation.run()


def test_two_runs_are_equal_to_the_byte_whatever_the_batch_size(tmp_path, make_inputs):
    for name, batch_size in (("one", 2), ("two", 5)):
        runner = make_runner(make_inputs("10-20,30-40"), batch_size=batch_size)
        evaluation, results = evaluate(runner, tmp_path / name)
        evaluation.publish(results, 1, SSIM)
    files = [p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert {"results.json", "manifest.json", "report.html", "table.tex", "table.csv"} <= {
        path.name for path in files
    }
    for path in files:
        if path.name != "scores.jsonl":  # its order is that of the batches
            assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_other_names_of_the_photos_give_the_same_results(tmp_path, photo_folder, make_inputs):
    _, results = evaluate(make_runner(make_inputs()), tmp_path / "one")
    (photo_folder / "a.png").rename(photo_folder / "zebra.png")
    _, renamed = evaluate(make_runner(make_inputs()), tmp_path / "two")
    assert renamed == results


def test_results_have_the_documented_shape(tmp_path, make_inputs):
    _, results = evaluate(make_runner(make_inputs("10-20,30-40")), tmp_path)
    content = json.loads((tmp_path / "results.json").read_text())
    manifest = (tmp_path / "manifest.json").read_bytes()
    assert content["manifest"] == hashlib.sha256(manifest).hexdigest() == results.manifest_sha256
    assert list(content["systems"]) == ["telea", "mean"]
    assert list(content["systems"]["telea"]) == ["10-20", "30-40"]
    figure = content["systems"]["telea"]["30-40"]["psnr"]
    assert set(figure) == {"mean", "low", "high", "n"}
    assert figure["low"] < figure["mean"] < figure["high"]
    assert figure["n"] == 5
    better = [content["systems"][name]["30-40"]["l1"]["mean"] for name in ("telea", "mean")]
    assert better[0] < better[1]


def test_means_are_those_of_the_photos_scores(tmp_path, make_inputs):
    _, results = evaluate(make_runner(make_inputs()), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    scores = [line["scores"]["ssim"] for line in lines if line.get("bucket") and
              line["system"] == "mean"]  # fmt: skip
    assert len(scores) == 5
    assert results.systems["mean"]["10-20"]["ssim"].mean == pytest.approx(np.mean(scores), abs=1e-6)


def test_the_share_of_photos_whose_refined_picture_is_worse(tmp_path, make_inputs):
    _, results = evaluate(make_runner(make_inputs(), (), stub=CoarseAndRefined()), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    found = {n: {x["photo"]: x["scores"] for x in lines if x.get("system") == n and "photo" in x}
             for n in ("net", "net (coarse)")}  # fmt: skip
    worse = [100.0 * (found["net"][p]["l1"] > found["net (coarse)"][p]["l1"]) for p in "abcd"]
    assert worse[0] == 0.0
    assert [found["net"][photo]["refined_worse"] for photo in "abcd"] == worse
    assert 0 < results.systems["net"]["10-20"]["refined_worse"].mean < 100
    assert "refined_worse" not in results.systems["net (coarse)"]["10-20"]


def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path, make_inputs):
    class Interrupted(CoarseAndRefined):
        def fill(self, batch):
            if "c" in batch.names:
                raise KeyboardInterrupt
            return super().fill(batch)

    first = Interrupted()
    evaluation = Evaluation(make_runner(make_inputs(), ["telea"], 1, first), str(tmp_path / "x"), 0)
    with pytest.raises(KeyboardInterrupt):
        evaluation.run()
    evaluation.scores.flush()
    assert first.filled == ["a 10-20", "b 10-20"]
    second = CoarseAndRefined()
    resumed = make_runner(make_inputs(), ["telea"], 1, second)
    with pytest.raises(InputError, match="unfinished"):
        Evaluation(resumed, str(tmp_path / "x"), 0)
    _, results = evaluate(resumed, tmp_path / "x", resume=True)
    assert second.filled == ["c 10-20", "d 10-20", "more/e 10-20"]
    whole = make_runner(make_inputs(), ["telea"], 1, CoarseAndRefined())
    assert evaluate(whole, tmp_path / "y")[1] == results


def test_a_column_can_be_added_to_a_finished_run(tmp_path, make_inputs):
    evaluate(make_runner(make_inputs(), ["telea"]), tmp_path / "x")
    _, results = evaluate(make_runner(make_inputs(), ["telea", "ns"]), tmp_path / "x", resume=True)
    assert evaluate(make_runner(make_inputs(), ["telea", "ns"]), tmp_path / "y")[1] == results


def test_the_default_folder_is_the_settings_own(tmp_path, make_inputs, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = [
        Evaluation(make_runner(make_inputs(), [model]), "", seed=0).output
        for model in ("telea", "ns")
    ]
    assert folders[0] != folders[1]
    assert all(re.fullmatch("evaluations/[0-9a-f]{8}", folder) for folder in folders)


def test_an_equal_manifest_is_confirmed_and_another_photo_stops_the_run(
    tmp_path, photo_folder, make_inputs
):
    evaluate(make_runner(make_inputs()), tmp_path / "x")
    path = str(tmp_path / "x" / "manifest.json")
    expected = Expected(path)
    _, results = evaluate(make_runner(make_inputs()), tmp_path / "y", expected=expected)
    assert f"equal to {path}" in results.notes
    photo = np.asarray(Image.open(photo_folder / "c.png")).copy()
    photo[30, 30] ^= 255
    Image.fromarray(photo).save(photo_folder / "c.png")
    with pytest.raises(InputError, match=r"^c is not a photo of --manifest"):
        evaluate(make_runner(make_inputs()), tmp_path / "z", expected=Expected(path))
    with pytest.raises(InputError, match="differs in inputs, buckets"):
        evaluate(make_runner(make_inputs("30-40")), tmp_path / "w", expected=Expected(path))


def test_unreadable_photos_are_counted_below_the_table(tmp_path, photo_folder, make_inputs):
    (photo_folder / "b.jpg").write_bytes(b"")
    _, results = evaluate(make_runner(make_inputs()), tmp_path)
    assert "unreadable photos left out: 1" in results.notes
    assert results.systems["telea"]["10-20"]["l1"].n == 4


def test_no_readable_photo_is_an_error(tmp_path, photo_folder, make_inputs):
    for path in photo_folder.rglob("*.*"):
        path.write_bytes(b"x")
    with pytest.raises(InputError, match="none of the 5 photos can be read"):
        evaluate(make_runner(make_inputs()), tmp_path / "x")


def test_figures_and_report_carry_everything_in_themselves(tmp_path, make_inputs):
    evaluation, results = evaluate(make_runner(make_inputs(), stub=CoarseAndRefined()), tmp_path)
    evaluation.publish(results, 2, SSIM)
    figures = {path.stem for path in (tmp_path / "figures").iterdir()}
    cases = {
        f"{kind}_{name}_10-20" for kind in ("worst", "best") for name in ("telea", "mean", "net")
    }
    assert figures == {"fills_10-20", "bands_10-20"} | cases
    report = (tmp_path / "report.html").read_text()
    assert report.count("data:image/jpeg;base64,") == len(figures)
    assert results.manifest_sha256 in report
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)|url\(|@import|<script""", report)
    # The best case of `net` is photo a, its refined picture being the truth: SSIM 1.
    (caption,) = re.findall(r"The best of net by its SSIM[^<]*", report)
    assert ": a, " in caption


def test_an_output_that_is_a_file_is_refused(tmp_path, make_inputs):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot make the folder"):
        Evaluation(make_runner(make_inputs()), str(tmp_path / "file"), seed=0)
