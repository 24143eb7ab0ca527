"""What training by several processes needs beside the strategy: who writes, and who has gone.

Every worker runs the same callbacks at the same steps, as TensorFlow asks for: what reads a
variable may have to talk to all replicas. The chief writes into the run folder, each other worker
into a folder of its own that is removed at the end.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator

import tensorflow as tf

from inpainting.cli import INTERRUPTED
from inpainting.errors import InputError
from inpainting.training.callbacks import LeaveOnSignal, Logs
from inpainting.training.checkpoints import CheckpointStore, checkpoint_prefixes, restore
from inpainting.training.stop import StopSignals
from inpainting.training.strategy import Agreement, is_chief, worker_count

# How TensorFlow says that another worker does not answer. A process that ends closes its
# connections, which the others' next collective operation reports at once; one whose machine is
# gone is reported by the coordination service, after 10 s without a heartbeat.
_LOST = re.compile(r"Collective ops is aborted|heartbeat|coordination service|Socket closed", re.I)


@contextlib.contextmanager
def worker_folder(strategy: tf.distribute.Strategy, run_dir: str) -> Iterator[str]:
    """The folder that this process writes into: `run_dir`, or another worker's temporary one.

    Only the chief's progress is printed.
    """
    if is_chief(strategy):
        yield run_dir
        return
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        nowhere = stack.enter_context(open(os.devnull, "w"))
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        yield os.path.join(folder, "run")


@contextlib.contextmanager
def leave_with_the_others(strategy: tf.distribute.Strategy, run_dir: str) -> Iterator[None]:
    """Ends the process with one line and code 75 where another worker has gone.

    At once and without Python's own end, in which TensorFlow would wait for the one that is gone.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if worker_count(strategy) == 1 or not _LOST.search(str(error)):
            raise
        own = strategy.cluster_resolver.task_id
        line = lost_line(str(error), own, worker_count(strategy), run_dir)
        os.write(2, f"{line}\n".encode())
        os._exit(INTERRUPTED)


def lost_line(error: str, own: int, count: int, run_dir: str) -> str:
    """What worker `own` tells the user, from TensorFlow's many lines."""
    named = [int(text) for text in re.findall(r"/job:worker(?:/replica:0)?/task:(\d+)", error)]
    others = [index for index in named if index != own]
    who = f"worker {others[0]} of {count}" if others else f"another of the {count} workers"
    return (
        f"{who} has gone and the rest cannot go on; start all workers again with: "
        f"python train.py --resume --run_dir={run_dir}"
    )


def restore_together(
    strategy: tf.distribute.Strategy, store: CheckpointStore, read_dir: str
) -> int:
    """Restores in every worker the newest checkpoint that the chief can read; returns its step.

    Raises:
        InputError: no checkpoint is whole, or another worker does not see the chief's run folder.
    """
    # TensorFlow makes this variable when it first restores, and the workers must make it together:
    # a variable's first value is the chief's, sent to all.
    _ = store.checkpoint.save_counter
    start = store.restore_latest() if is_chief(strategy) else 0
    step = Agreement(strategy)(start)[0]
    if not is_chief(strategy):
        names = {os.path.basename(prefix): prefix for prefix in checkpoint_prefixes(read_dir)}
        if f"step-{step}" not in names:
            raise InputError(f"no checkpoint step-{step} in {read_dir}, which all workers must see")
        restore(store.checkpoint, names[f"step-{step}"])
    return step


class LeaveTogether(LeaveOnSignal):
    """`LeaveOnSignal` for several workers: all leave after the same step, whichever was told to.

    Otherwise those that were told later would wait for those that have left. Every step the workers
    tell each other what they have heard: one small collective operation.
    """

    def __init__(
        self,
        start_step: int,
        steps: int,
        stop: StopSignals,
        store: CheckpointStore,
        agree: Agreement,
    ) -> None:
        super().__init__(start_step, steps, stop, store)
        self.agree = agree

    def on_step(self, step: int, logs: Logs) -> None:
        if not any(self.agree(int(self.stop.heard))):
            return
        self.stop.name = self.stop.name or "a signal to another worker"
        super().on_step(step, logs)
