"""The whole system on the embedded photographs: train, evaluate, export, fill, in some minutes.

`make demo` runs this. Each stage is the command that a user would give, printed before it runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = "demo"
# About three minutes of training on two cores. 1,000 times as many steps at 256 px are a real run.
TRAINING = [
    "train.py",
    "--dataset=sample",
    "--image_size=64",
    "--batch_size=4",
    "--steps=400",
    "--vgg_weights=random",
    # The published code's rate: at the paper's 0.004 the discriminator stops learning at once.
    "--set=discriminator_rate=0.0004",
    "--log_every=20",
    "--checkpoint_every=200",
    "--grid_every=200",
    f"--run_dir={DEMO}/run",
]
EVALUATION = [
    "evaluate.py",
    "--dataset=sample",
    "--image_size=64",
    "--mask_range=10-20,20-30,30-40",
    "--vgg_weights=random",
    f"--checkpoint={DEMO}/run",
    f"--output={DEMO}/evaluation",
]
EXPORT = ["export.py", f"--checkpoint={DEMO}/run", f"--output={DEMO}/export"]
FILL = [
    "tools/fill_grid.py",
    f"--model={DEMO}/export",
    "--image_size=64",
    f"--output={DEMO}/fills.png",
]
SHIPPED_FILL = [
    "tools/fill_grid.py",
    "--model=places",
    "--detail=on",
    "--image_size=256",
    f"--output={DEMO}/places.png",
]


def stage(title: str, command: list[str]) -> None:
    """Runs one command; leaves with its exit code if it fails."""
    print(f"\n== {title}\n$ python {' '.join(command)}", flush=True)
    code = subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode
    if code:
        print(f"the demo stops: '{title}' ended with exit code {code}", file=sys.stderr)
        sys.exit(code)


def main() -> None:
    began = time.monotonic()
    shutil.rmtree(os.path.join(ROOT, DEMO), ignore_errors=True)
    stage("train the paper's model on 26 photographs", TRAINING)
    stage("evaluate it on 6 others, in three mask-rate buckets", EVALUATION)
    stage("export it as a SavedModel", EXPORT)
    stage("fill the 6 photographs in a fresh process that loads the SavedModel", FILL)
    stage("fill them by the weights that come with the project", SHIPPED_FILL)
    minutes = (time.monotonic() - began) / 60
    print(f"\nThe demo took {minutes:.1f} minutes. Look at:")
    print(f"  {DEMO}/fills.png            rows: input, coarse, refined, completed, truth")
    print(f"  {DEMO}/places.png           the same by the shipped weights, at 256 px")
    print(f"  {DEMO}/evaluation/          the table and its figures")
    print(f"  {DEMO}/run/logs/train.jsonl the losses; tensorboard --logdir {DEMO}/run/logs")
    print(f"  {DEMO}/export/1/            the SavedModel")


if __name__ == "__main__":
    main()
