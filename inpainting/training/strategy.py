"""The distribution strategy: one device, all of this machine's, or those of several machines."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.training.cluster import Cluster, find_cluster
from inpainting.training.config import STRATEGIES

# make_share(share=(index, count)): a worker's share of every batch, see `training_dataset`.
MakeShare = Callable[..., tf.data.Dataset]


def make_strategy(
    batch_size: int, name: str = "mirrored", micro_batches: int = 1
) -> tf.distribute.Strategy:
    """The strategy called `name`; for several workers, call it before TensorFlow does anything.

    `auto` is `multi_worker` where the environment tells of several (see `find_cluster`), `mirrored`
    where TensorFlow sees several devices, and else `one_device`. With `multi_worker` the call
    returns once all workers have come.

    Raises:
        InputError: an unknown name, `multi_worker` in an environment without workers, workers that
            cannot meet, or a global batch that the replicas and micro-batches don't divide.
    """
    if name not in STRATEGIES:
        raise InputError(f"--strategy={name}: known are {', '.join(STRATEGIES)}")
    cluster = find_cluster(os.environ) if name in ("auto", "multi_worker") else None
    if cluster is not None:
        _check_batch(batch_size, len(cluster.addresses), micro_batches, "workers")
        strategy = _multi_worker(cluster)
    elif name == "multi_worker":
        raise InputError(
            "--strategy=multi_worker, but neither TF_CONFIG nor Slurm nor torchrun's environment "
            "tells of several workers"
        )
    else:
        strategy = _local(name)
    _check_batch(batch_size, strategy.num_replicas_in_sync, micro_batches, "devices")
    return strategy


def _check_batch(batch_size: int, replicas: int, micro_batches: int, kind: str) -> None:
    if batch_size % (replicas * micro_batches):
        parts = f" in {micro_batches} micro-batches each" if micro_batches > 1 else ""
        raise InputError(
            f"--batch_size={batch_size} cannot be split evenly over {replicas} {kind}{parts}"
        )


def _local(name: str) -> tf.distribute.Strategy:
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in devices]
    if name == "one_device" or (name == "auto" and len(names) == 1):
        return tf.distribute.OneDeviceStrategy(names[0])
    return tf.distribute.MirroredStrategy(names)


def _multi_worker(cluster: Cluster) -> tf.distribute.Strategy:
    print(
        f"worker {cluster.index} of {len(cluster.addresses)} at {cluster.addresses[cluster.index]} "
        f"({cluster.told_by}): waiting for the others",
        flush=True,
    )
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and len(gpus) % cluster.local_count == 0:
        tf.config.set_visible_devices(gpus[cluster.local_index :: cluster.local_count], "GPU")
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(cluster.addresses)}),
        task_type="worker",
        task_id=cluster.index,
        rpc_layer="grpc",
    )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(resolver)
    except tf.errors.OpError as error:
        address = cluster.addresses[cluster.index]
        raise InputError(
            f"worker {cluster.index} at {address} cannot meet the others: {reason(error)}"
        ) from None


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes into the run folder."""
    return bool(strategy.extended.should_checkpoint)


def worker_count(strategy: tf.distribute.Strategy) -> int:
    """How many processes train together."""
    resolver = strategy.cluster_resolver
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) or resolver is None:
        return 1
    return int(resolver.cluster_spec().num_tasks("worker"))


def distribute(strategy: tf.distribute.Strategy, make_share: MakeShare) -> Any:
    """A dataset of global batches, of which each worker makes its own share and no more.

    Replica r of R gets samples r B / R to (r + 1) B / R of each batch of B, as it would were all
    replicas devices of one machine: the union is the batch that a single process makes.
    """

    def make(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = context.num_replicas_in_sync // context.num_input_pipelines
        dataset = make_share(share=(context.input_pipeline_id, context.num_input_pipelines))
        if here == 1:
            return dataset
        size = next(iter(tf.nest.flatten(dataset.element_spec))).shape[0]
        return dataset.rebatch(size // here)

    return strategy.distribute_datasets_from_function(make)


class Agreement:
    """Numbers that all workers tell each other; every worker has to call it at the same points."""

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self._strategy = strategy
        self._alone = worker_count(strategy) == 1

        @tf.function(input_signature=[tf.TensorSpec((), tf.int64)], autograph=False)
        def gather(number: tf.Tensor) -> tf.Tensor:
            def tell(own: tf.Tensor) -> tf.Tensor:
                return tf.distribute.get_replica_context().all_gather(own[tf.newaxis], axis=0)

            told = strategy.run(tell, args=(number,))
            return strategy.experimental_local_results(told)[0]

        self._gather = gather

    def __call__(self, number: int) -> list[int]:
        """What each replica's worker said, in their order; the chief's first."""
        if self._alone:
            return [number]
        return [int(one) for one in self._gather(tf.constant(number, tf.int64)).numpy()]
