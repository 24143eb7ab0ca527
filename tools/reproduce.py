"""Trains the paper's model and the same without each of its parts, and says which claims hold.

    python tools/reproduce.py --data_dir=MY_PHOTOS --output=runs/reproduction --seeds=0,1,2
    python tools/reproduce.py --output=runs/trial --steps=50 --seeds=0 --variants=paper,prefilled

All trainings see the same photographs, crops and masks, step by step. Seed by seed, one training
after the other; killed, the same command goes on where it was. The table in the paper's layout and
the verdicts go to OUTPUT/reproduction.md. docs/reproduction.md has what came out here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from inpainting import cli
from inpainting.errors import InputError
from inpainting.evaluation.ablation import TABLE_2, VARIANTS, Ablation, training
from inpainting.evaluation.files import make_folder, write_text

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

flags.DEFINE_list(
    "variants",
    ["paper", "no_recurrence", "no_sobel_branch", "no_frequency_losses", "prefilled"],
    f"What is trained, of {', '.join(VARIANTS)}.",
)
flags.DEFINE_list("seeds", ["0", "1", "2"], "A training of each variant for each of these.")
flags.DEFINE_integer("steps", 1000, "Updates of each network in each training.")
flags.DEFINE_integer("batch_size", 8, "Photographs a step.")
flags.DEFINE_integer("image_size", 64, "Side of the training crops and of the scored photographs.")
flags.DEFINE_string("dataset", "", "sample, folder, ...; folder where --data_dir is given.")
flags.DEFINE_string("data_dir", "", "The folder of the photographs to train on.")
flags.DEFINE_string("eval_data_dir", "", "A folder to score on; by default the dataset's val.")
flags.DEFINE_string("mask_range", "10-20,20-30,30-40", "Mask rates in per cent, LOW-HIGH.")
flags.DEFINE_string("vgg_weights", "imagenet", "Of the losses and of PL: imagenet, random, a file.")
flags.DEFINE_multi_string("set", [], "A setting of every recurrent variant, as NAME=VALUE.")
flags.DEFINE_string("output", "runs/reproduction", "The folder for all of it.")
FLAGS = flags.FLAGS


def check_flags() -> list[int]:
    """The seeds; raises `InputError` for variants or seeds that cannot be."""
    unknown = [name for name in FLAGS.variants if name not in VARIANTS]
    if unknown:
        raise InputError(f"--variants: {unknown[0]} is none of {', '.join(VARIANTS)}")
    if not FLAGS.variants or not FLAGS.seeds:
        raise InputError("--variants and --seeds must name one at least")
    try:
        seeds = [int(seed) for seed in FLAGS.seeds]
    except ValueError:
        raise InputError(f"--seeds={','.join(FLAGS.seeds)}: expected whole numbers") from None
    if len(set(seeds)) < len(seeds) or len(set(FLAGS.variants)) < len(FLAGS.variants):
        raise InputError("--variants and --seeds may name each only once")
    return seeds


def call(command: list[str], what: str) -> None:
    """Runs one of the project's commands; leaves with its exit code if it fails."""
    print(f"\n== {what}\n$ python {' '.join(command)}", flush=True)
    code = subprocess.run([sys.executable, *command], cwd=os.getcwd(), check=False).returncode
    if code:
        print(f"{what} ended with exit code {code}; the same command goes on", file=sys.stderr)
        sys.exit(code)


def source(data_dir: str, dataset: str) -> list[str]:
    return [f"--dataset={dataset or ('folder' if data_dir else 'sample')}",
            f"--data_dir={os.path.abspath(data_dir) if data_dir else ''}"]  # fmt: skip


def train(variant: str, seed: int, progress: str) -> str:
    """Trains, goes on with, or finds trained; returns the run folder."""
    run_dir = os.path.join(FLAGS.output, "runs", training(variant, seed))
    if os.path.exists(os.path.join(run_dir, "checkpoints", f"step-{FLAGS.steps}.index")):
        return run_dir
    model, changes, _ = VARIANTS[variant]
    settings = [f"{name}={value}" for name, value in changes.items()]
    if model == "recurrent":
        settings = [*FLAGS.set, *settings]
    command = [
        os.path.join(ROOT, "train.py"),
        f"--model={model}",
        *source(FLAGS.data_dir, FLAGS.dataset),
        f"--image_size={FLAGS.image_size}",
        f"--batch_size={FLAGS.batch_size}",
        f"--steps={FLAGS.steps}",
        f"--seed={seed}",
        f"--vgg_weights={FLAGS.vgg_weights}",
        f"--checkpoint_every={max(FLAGS.steps // 4, 1)}",
        "--keep_checkpoints=1",
        f"--log_every={max(FLAGS.steps // 20, 1)}",
        "--grid_every=0",
        f"--run_dir={run_dir}",
        *(f"--set={setting}" for setting in settings),
    ]
    if os.path.exists(os.path.join(run_dir, "checkpoints", "checkpoint")):
        command.append("--resume")
    call(command, f"training {progress}: {variant}, seed {seed}")
    return run_dir


def evaluate(runs: dict[str, str]) -> str:
    """Scores all runs on the same photographs and masks; returns the evaluation's folder."""
    output = os.path.join(FLAGS.output, "evaluation")
    call(
        [
            os.path.join(ROOT, "evaluate.py"),
            *source(FLAGS.eval_data_dir or FLAGS.data_dir, "" if FLAGS.eval_data_dir
                    else FLAGS.dataset),
            f"--model={','.join(f'{name}={path}' for name, path in runs.items())}",
            f"--image_size={FLAGS.image_size}",
            f"--mask_range={FLAGS.mask_range}",
            f"--vgg_weights={FLAGS.vgg_weights}",
            "--figures=1",
            f"--output={output}",
            "--resume",
        ],
        f"scoring {len(runs)} trainings",
    )  # fmt: skip
    return output


def main(arguments: list[str]) -> None:
    if arguments:
        raise InputError(f"unexpected argument {arguments[0]!r}: reproduce.py takes flags only")
    seeds = check_flags()
    make_folder(FLAGS.output)
    runs: dict[str, str] = {}
    total = len(seeds) * len(FLAGS.variants)
    for seed in seeds:
        for variant in FLAGS.variants:
            name = training(variant, seed)
            runs[name] = train(variant, seed, f"{len(runs) + 1} of {total}")
    folder = evaluate(runs)
    from inpainting.evaluation.metric_set import MetricSet

    metrics = MetricSet(FLAGS.vgg_weights, "", "", FLAGS.image_size).per_photo
    ablation = Ablation(
        os.path.join(folder, "scores.jsonl"),
        FLAGS.variants,
        seeds,
        [metric for metric in metrics if metric.name.split("[")[0] in TABLE_2],
    )
    with open(os.path.join(folder, "results.json"), encoding="utf-8") as stream:
        results = json.load(stream)
    note = (
        f"{FLAGS.steps} steps of {FLAGS.batch_size} at {FLAGS.image_size} px, seeds "
        f"{', '.join(FLAGS.seeds)}, VGG-19 {FLAGS.vgg_weights}; intervals over seeds and photos"
    )
    table = ablation.table([note], results["manifest"], results["inputs"])
    text = f"{table}\n{ablation.claims()}"
    write_text(FLAGS.output, "reproduction.md", text)
    print(f"\n{text}\nThis is in {os.path.join(FLAGS.output, 'reproduction.md')}")


if __name__ == "__main__":
    cli.run(main)
