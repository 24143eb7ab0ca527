"""The command, as a user runs it: its files, its one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def run(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "evaluate.py"), *flags]
    environment = {**os.environ, "KERAS_HOME": str(folder / "keras"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def on_photos(photo_folder: Path, *flags: str) -> list[str]:
    return ["--dataset=folder", f"--data_dir={photo_folder}", "--image_size=32", *flags]


def test_twice_the_same_command_gives_the_same_bytes(tmp_path, photo_folder):
    flags = on_photos(photo_folder, "--model=telea,ns,mean", "--mask_range=10-20,30-40")
    printed, files = [], []
    for _ in range(2):
        result = run(tmp_path, *flags)
        assert result.returncode == 0, result.stderr
        printed.append(result.stdout)
        (output,) = (tmp_path / "evaluations").iterdir()
        files.append({p: p.read_bytes() for p in output.rglob("*") if p.is_file()})
    assert printed[0] == printed[1]
    assert files[0] == files[1]
    content = json.loads((output / "results.json").read_text())
    assert content["manifest"] in printed[0]
    assert list(content["systems"]) == ["telea", "ns", "mean"]
    checked = run(tmp_path, *flags, "--output=other", f"--manifest={output}/manifest.json")
    assert f"equal to {output}/manifest.json" in checked.stdout


def test_photos_and_masks_are_written_for_other_programs(tmp_path, photo_folder):
    flags = on_photos(photo_folder, "--mask_range=10-20")
    result = run(tmp_path, *flags, "--write_inputs=given")
    assert result.stdout == "5 photos with their masks are in given\n", result.stderr
    assert not (tmp_path / "evaluations").exists()
    assert Image.open(tmp_path / "given/10-20/masks/more/e.png").size == (32, 32)
    scored = run(tmp_path, *flags, "--from_outputs=lazy=given/10-20/images", "--output=out")
    assert scored.returncode == 0, scored.stderr
    assert "lazy" in scored.stdout


def test_resume_and_help(tmp_path, photo_folder):
    flags = on_photos(photo_folder, "--model=telea", "--mask_range=10-20", "--output=out")
    first = run(tmp_path, *flags)
    scores = tmp_path / "out" / "scores.jsonl"
    lines = scores.read_text().splitlines(keepends=True)
    scores.write_text("".join(lines[:5]) + lines[5][:20])  # as a kill leaves it
    refused = run(tmp_path, *flags)
    assert refused.returncode == 2
    assert "--resume" in refused.stderr
    resumed = run(tmp_path, *flags, "--resume")
    assert resumed.stdout == first.stdout
    assert "--mask_range" in run(tmp_path, "--help").stdout


BAD = {
    "fewer photos than asked": (["--num_photos=9"], "--num_photos=9, but there are 5 photos"),
    "a photo smaller than the crop": (["--image_size=41"], "a.png is 60x40, smaller than the crop"),
    "no bucket": (["--mask_range=40-30"], "--mask_range '40-30' is not LOW-HIGH"),
    "an unreachable bucket": (["--mask_range=30.01-30.02"], "holds no number of pixels"),
    "no such column": (["--model=nothing"], "nothing does not exist"),
    "a column twice": (["--model=ns,ns"], "two columns are called ns"),
    "no such folder of outputs": (["--from_outputs=nothing"], "--from_outputs=nothing is not a"),
    "outputs missing": (["--from_outputs=photos"], "--from_outputs=photos lacks 15 of 15 pictures"),
    "no mask folder": (["--mask_dir=nothing"], "--mask_dir=nothing is not a folder"),
    "no masks": (["--mask_dir=empty"], "--mask_dir=empty has no mask files"),
    "masks of no bucket": (["--mask_dir=bars"], "--mask_dir=bars cannot fill bucket 10-20 %"),
    "no manifest": (["--manifest=nothing"], "--manifest=nothing cannot be read"),
    "unknown metric": (["--cases_by=nothing"], "--cases_by=nothing is none of l1, "),
    "tiny pictures": (["--image_size=10"], "--image_size must be 11 or more, got 10"),
    "no batch": (["--batch_size=0"], "--batch_size must be 1 or more, got 0"),
    "unknown dataset": (["--dataset=imagenet"], "unknown dataset 'imagenet'"),
    "no such data": (["--data_dir=nothing"], "no such folder: nothing"),
    "an argument": (["extra"], "unexpected argument 'extra'"),
    "unknown flag": (["--mode=telea"], "Unknown command line flag 'mode'"),
    "unknown crop": (["--crop=left"], "crop"),
    "no LPIPS file": (["--lpips_weights=nothing"], "--lpips_weights=nothing cannot be read"),
}


# All in one process, for starting it takes longer than finding the mistake.
TRY_ALL = """
import contextlib, io, json, sys
from absl import flags
import evaluate
from inpainting import cli

outcomes = {}
for name, arguments in json.load(sys.stdin).items():
    for flag in flags.FLAGS:
        flags.FLAGS[flag].unparse()
    flags.FLAGS.unparse_flags()
    printed, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
        try:
            cli.run(evaluate.main, ["evaluate.py", *arguments])
        except SystemExit as end:
            outcomes[name] = [end.code, printed.getvalue(), said.getvalue()]
print(json.dumps(outcomes))
"""


@pytest.fixture(scope="module")
def outcomes(work_folder) -> dict[str, list]:
    """Exit code, stdout and stderr of every case of BAD."""
    (work_folder / "empty").mkdir()
    (work_folder / "bars").mkdir()
    Image.new("L", (8, 8), 255).save(work_folder / "bars" / "all_hole.png")
    cases = {
        name: on_photos(work_folder / "photos", "--model=telea", *flags)
        for name, (flags, _) in BAD.items()
    }
    result = subprocess.run(
        [sys.executable, "-c", TRY_ALL],
        input=json.dumps(cases),
        cwd=work_folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert not (work_folder / "evaluations").exists()
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line_and_nothing_is_written(name, outcomes):
    code, printed, said = outcomes[name]
    assert (code, printed) == (2, "")
    assert BAD[name][1] in said
    assert said.startswith("error: ")
    assert len(said.strip().splitlines()) == 1


def test_nothing_to_evaluate_is_one_clear_line(tmp_path, photo_folder):
    result = run(tmp_path, *on_photos(photo_folder))
    assert result.returncode == 2
    assert result.stderr.startswith("error: nothing to evaluate: no run in runs/ has a checkpoint")


def test_a_duplicate_name_is_one_clear_line(tmp_path, photo_folder):
    Image.new("RGB", (50, 50)).save(photo_folder / "a.bmp")
    result = run(tmp_path, *on_photos(photo_folder, "--model=telea"))
    assert result.returncode == 2
    assert "error: two photos are called a:" in result.stderr


def test_the_embedded_photographs_have_the_hash_that_the_documentation_gives(tmp_path):
    """It holds on every machine; where it doesn't, photos are decoded or masks drawn otherwise."""
    result = run(tmp_path, "--model=mean", "--figures=0")
    (line,) = [x for x in result.stdout.splitlines() if x.startswith("photos and masks: sha256 ")]
    assert line in (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_classical_columns_do_without_tensorflow(tmp_path, photo_folder):
    flags = on_photos(photo_folder, "--model=telea", "--mask_range=10-20", "--figures=1")
    code = (
        "import sys, evaluate; from inpainting import cli\n"
        "try: cli.run(evaluate.main, sys.argv)\n"
        "except SystemExit as end: print(end.code, 'tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *flags],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.stdout.splitlines()[-1] == "0 False", result.stderr
