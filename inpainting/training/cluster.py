"""Which processes train together, as the environment tells it; TensorFlow is not needed for that.

Three ways of telling are understood, and looked for in this order:

- `TF_CONFIG`, TensorFlow's own: JSON with all workers' addresses and this one's place.
- Slurm: the `SLURM_*` variables of a step that `srun` started with more than one task. The lists of
  nodes are expanded here, in the order in which Slurm numbers its tasks, so no `scontrol` is run.
  (TensorFlow's `SlurmClusterResolver` sorts host names: n10 before n9, where Slurm's ranks go on.)
- torchrun's: `RANK`, `WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT`. They name one address only. Where
  all workers are on that machine nothing more is needed; across machines `WORKER_HOSTS` lists the
  hosts, one a worker in the order of ranks, or one a machine where `LOCAL_WORLD_SIZE` is set.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

from inpainting.errors import InputError

# Slurm gives no port. This range is free of well-known services and below that of clients.
SLURM_PORTS = range(15_000, 25_000)
LOCAL_HOSTS = ("localhost", "127.0.0.1")


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Every worker's address, `host:port`, and which of them is this process.

    Worker 0 is the chief: it alone writes into the run folder.

    Attributes:
        addresses: in the order of the workers' numbers, the same in every process.
        index: this worker's number.
        told_by: the environment that said so, for messages.
        local_index, local_count: this worker's place among those that share its machine's devices;
            0 of 1 where the launcher deals devices out itself.
    """

    addresses: tuple[str, ...]
    index: int
    told_by: str
    local_index: int = 0
    local_count: int = 1

    @property
    def is_chief(self) -> bool:
        return self.index == 0


def find_cluster(environment: Mapping[str, str]) -> Cluster | None:
    """The cluster that `environment` (`os.environ`) tells of; None for a process on its own.

    Raises:
        InputError: it tells of one that cannot be.
    """
    for read in (_from_tf_config, _from_slurm, _from_torchrun):
        cluster = read(environment)
        if cluster is not None:
            return _checked(cluster)
    return None


def _checked(cluster: Cluster) -> Cluster:
    for address in cluster.addresses:
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65_536:
            raise InputError(f"{cluster.told_by}: {address!r} is not an address HOST:PORT")
    twice = {one for one in cluster.addresses if cluster.addresses.count(one) > 1}
    if twice:
        raise InputError(f"{cluster.told_by}: two workers have the address {min(twice)}")
    return cluster


def _from_tf_config(environment: Mapping[str, str]) -> Cluster | None:
    text = environment.get("TF_CONFIG", "")
    if not text.strip():
        return None
    try:
        config = json.loads(text)
    except ValueError as error:
        raise InputError(f"TF_CONFIG is not JSON: {error}") from None
    try:
        jobs: dict[str, Any] = dict(config.get("cluster") or {})
        if not jobs:
            return None
        task, index = config["task"]["type"], int(config["task"]["index"])
        tasks = {job: [str(address) for address in addresses] for job, addresses in jobs.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(
            'TF_CONFIG must be {"cluster": {"worker": [HOST:PORT, ...]}, '
            '"task": {"type": "worker", "index": NUMBER}}'
        ) from None
    strange = set(tasks) - {"chief", "worker"}
    if strange:
        raise InputError(f"TF_CONFIG has tasks of type {min(strange)!r}: only worker and chief are")
    if task not in tasks or not 0 <= index < len(tasks[task]):
        known = ", ".join(f"{job} 0 to {len(tasks[job]) - 1}" for job in sorted(tasks))
        raise InputError(f"TF_CONFIG names no such worker: {task} {index} (there are {known})")
    chiefs = tasks.get("chief", [])
    addresses = (*chiefs, *tasks.get("worker", []))
    if len(addresses) < 2:
        return None
    return Cluster(addresses, index if task == "chief" else len(chiefs) + index, "TF_CONFIG")


def _from_slurm(environment: Mapping[str, str]) -> Cluster | None:
    count = environment.get("SLURM_STEP_NUM_TASKS", "")
    if not count.isdigit() or int(count) < 2:
        return None
    try:
        nodes = expand_hosts(environment["SLURM_STEP_NODELIST"])
        tasks = expand_counts(environment["SLURM_STEP_TASKS_PER_NODE"])
        index, job = int(environment["SLURM_PROCID"]), int(environment["SLURM_JOB_ID"])
    except (KeyError, ValueError) as error:
        raise InputError(f"Slurm's environment cannot be read: {error}") from None
    first = SLURM_PORTS[job * 100 % len(SLURM_PORTS)]
    addresses = tuple(
        f"{node}:{first + place}" for node, here in zip(nodes, tasks) for place in range(here)
    )
    if len(nodes) != len(tasks) or len(addresses) != int(count) or not 0 <= index < int(count):
        raise InputError(
            f"Slurm's environment contradicts itself: {count} tasks, task {index}, nodes "
            f"{environment['SLURM_STEP_NODELIST']}, tasks per node "
            f"{environment['SLURM_STEP_TASKS_PER_NODE']}"
        )
    return Cluster(addresses, index, "Slurm")


def expand_hosts(text: str) -> list[str]:
    """Slurm's list of hosts as hosts: `n[1-2],m5` is n1, n2, m5; `n[08-10]` is n08, n09, n10.

    Raises:
        ValueError: not such a list.
    """
    hosts: list[str] = []
    # At commas outside of brackets.
    for item in re.split(r",(?![^\[]*\])", text):
        match = re.fullmatch(r"([^\[\],\s]+?)?(?:\[([\d,-]+)\])?([^\[\],\s]*)", item)
        if not item or match is None:
            raise ValueError(f"{text!r} is not a list of hosts")
        before, ranges, after = match.groups(default="")
        if not ranges:
            hosts.append(item)
            continue
        for part in ranges.split(","):
            low, _, high = part.partition("-")
            numbers = range(int(low), int(high or low) + 1)
            hosts += [f"{before}{number:0{len(low)}d}{after}" for number in numbers]
    return hosts


def expand_counts(text: str) -> list[int]:
    """Slurm's tasks per node as numbers: `2(x3),1` is 2, 2, 2, 1.

    Raises:
        ValueError: not such a list.
    """
    counts: list[int] = []
    for item in text.split(","):
        match = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", item)
        if match is None:
            raise ValueError(f"{text!r} is not a list of tasks per node")
        counts += [int(match[1])] * int(match[2] or 1)
    return counts


def _from_torchrun(environment: Mapping[str, str]) -> Cluster | None:
    names = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    if not all(environment.get(name) for name in names):
        return None
    try:
        rank, count, port = (int(environment[name]) for name in ("RANK", "WORLD_SIZE", names[3]))
        here = int(environment.get("LOCAL_WORLD_SIZE") or 1)
        local = int(environment.get("LOCAL_RANK") or 0)
    except ValueError as error:
        raise InputError(f"torchrun's environment: {error}") from None
    if count < 2:
        return None
    if not 0 <= rank < count:
        raise InputError(f"torchrun's environment names no such worker: rank {rank} of {count}")
    hosts = _torchrun_hosts(environment, count, here)
    # Beyond MASTER_PORT, on which torchrun itself listens.
    addresses = tuple(
        host if ":" in host else f"{host}:{port + 1 + number}" for number, host in enumerate(hosts)
    )
    return Cluster(addresses, rank, "torchrun's environment", local, here)


def _torchrun_hosts(environment: Mapping[str, str], count: int, here: int) -> list[str]:
    master = environment["MASTER_ADDR"]
    hosts = [host for host in environment.get("WORKER_HOSTS", "").split(",") if host]
    if not hosts and (here == count or master in LOCAL_HOSTS):
        return [master] * count
    if len(hosts) * here == count:
        return [host for host in hosts for _ in range(here)]
    if len(hosts) == count:
        return hosts
    found = f"names {len(hosts)}" if hosts else "is not set"
    raise InputError(
        f"torchrun's environment names {count} workers and one address: WORKER_HOSTS must name "
        f"the hosts of all, HOST,HOST,... in the order of ranks, and {found}"
    )
