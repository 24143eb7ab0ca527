"""What each launcher's environment says, against lists written down by hand."""

import json

import pytest

from inpainting.errors import InputError
from inpainting.training.cluster import Cluster, expand_counts, expand_hosts, find_cluster

TWO = ["a:1001", "b:1002"]
TORCHRUN = {"MASTER_ADDR": "m0", "MASTER_PORT": "29500", "WORLD_SIZE": "4", "RANK": "2"}
SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_PROCID": "2",
    "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "n[9-10]",
    "SLURM_STEP_TASKS_PER_NODE": "2,1",
}


def tf_config(cluster, kind="worker", index=0):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


def test_no_launcher_is_no_cluster():
    assert find_cluster({}) is None
    assert find_cluster({"TF_CONFIG": " "}) is None
    assert find_cluster({"TF_CONFIG": "{}"}) is None


@pytest.mark.parametrize(
    "alone",
    [
        tf_config({"worker": ["a:1001"]}),
        TORCHRUN | {"WORLD_SIZE": "1", "RANK": "0"},
        SLURM | {"SLURM_STEP_NUM_TASKS": "1"},
        # Inside `sbatch` but not of `srun`: several tasks were asked for, one process runs.
        {"SLURM_NTASKS": "4", "SLURM_PROCID": "0", "SLURM_JOB_ID": "7"},
    ],
)
def test_one_worker_is_no_cluster(alone):
    assert find_cluster(alone) is None


def test_tf_config():
    assert find_cluster(tf_config({"worker": TWO}, index=1)) == Cluster(tuple(TWO), 1, "TF_CONFIG")


def test_a_chief_comes_before_the_workers():
    jobs = {"worker": TWO, "chief": ["c:1"]}
    assert find_cluster(tf_config(jobs, "chief")).index == 0
    last = find_cluster(tf_config(jobs, "worker", 1))
    assert last.addresses == ("c:1", "a:1001", "b:1002")
    assert last.index == 2
    assert not last.is_chief


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TF_CONFIG": "{worker"}, "TF_CONFIG is not JSON"),
        ({"TF_CONFIG": "[]"}, "TF_CONFIG must be"),
        ({"TF_CONFIG": json.dumps({"cluster": {"worker": TWO}})}, "TF_CONFIG must be"),
        (tf_config({"worker": TWO}, index=2), "names no such worker: worker 2 .*worker 0 to 1"),
        (tf_config({"worker": TWO}, kind="chief"), "names no such worker: chief 0"),
        (tf_config({"worker": TWO, "ps": ["p:1"]}), "tasks of type 'ps'"),
        (tf_config({"worker": ["a", "b:1002"]}), "'a' is not an address"),
        (tf_config({"worker": ["a:1", "a:1"]}), "two workers have the address a:1"),
        (SLURM | {"SLURM_STEP_TASKS_PER_NODE": "2"}, "Slurm's environment contradicts itself"),
        (SLURM | {"SLURM_STEP_NODELIST": "n[9"}, "Slurm's environment cannot be read"),
        (TORCHRUN, "WORKER_HOSTS must name the hosts of all.*is not set"),
        (TORCHRUN | {"WORKER_HOSTS": "m0,m1,m2"}, "names 3"),
        (TORCHRUN | {"RANK": "4"}, "names no such worker: rank 4 of 4"),
        (TORCHRUN | {"MASTER_PORT": "many"}, "torchrun's environment: .*many"),
    ],
)
def test_what_cannot_be_is_one_line(environment, said):
    with pytest.raises(InputError, match=said) as caught:
        find_cluster(environment)
    assert "\n" not in str(caught.value)


def test_slurm_keeps_the_order_of_its_tasks():
    """By name n10 would come before n9, but task 2 runs on n10."""
    cluster = find_cluster(SLURM)
    assert cluster.addresses == ("n9:15700", "n9:15701", "n10:15700")
    assert cluster.addresses[cluster.index].startswith("n10")


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("a", ["a"]),
        ("n[1-2],m5,o[3-4,6]", ["n1", "n2", "m5", "o3", "o4", "o6"]),
        ("gpu-[08-10].local", ["gpu-08.local", "gpu-09.local", "gpu-10.local"]),
    ],
)
def test_lists_of_hosts(text, hosts):
    assert expand_hosts(text) == hosts


def test_tasks_per_node():
    assert expand_counts("3(x2),2,1") == [3, 3, 2, 1]


@pytest.mark.parametrize("text", ["", "a,,b", "n[1", "n[a-b]", "n 1"])
def test_what_is_no_list_of_hosts(text):
    with pytest.raises(ValueError, match="list of hosts"):
        expand_hosts(text)


def test_torchrun_on_one_machine():
    local = {"LOCAL_WORLD_SIZE": "4", "LOCAL_RANK": "2"}
    cluster = find_cluster(TORCHRUN | local)
    assert cluster.addresses == ("m0:29501", "m0:29502", "m0:29503", "m0:29504")
    assert (cluster.index, cluster.local_index, cluster.local_count) == (2, 2, 4)
    loopback = find_cluster(TORCHRUN | {"MASTER_ADDR": "127.0.0.1"})
    assert loopback.addresses[3] == "127.0.0.1:29504"


def test_torchrun_on_two_machines():
    """One host a machine where it is known how many workers each has, else one a worker."""
    two = {"WORKER_HOSTS": "m0,m1", "LOCAL_WORLD_SIZE": "2", "LOCAL_RANK": "0"}
    assert find_cluster(TORCHRUN | two).addresses == (
        "m0:29501",
        "m0:29502",
        "m1:29503",
        "m1:29504",
    )
    four = {"WORKER_HOSTS": "m0,m0,m1,m1:7"}
    assert find_cluster(TORCHRUN | four).addresses[2:] == ("m1:29503", "m1:7")
