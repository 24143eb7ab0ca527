"""The examples for clusters: their syntax, and that they say what train.py understands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from inpainting.cli import INTERRUPTED
from inpainting.training.cluster import find_cluster

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def manifests():
    documents = yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


@pytest.fixture(scope="module")
def container(manifests):
    (container,) = manifests["Job"]["spec"]["template"]["spec"]["containers"]
    return container


def _known_flags():
    command = [sys.executable, "train.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(re.findall(r"--(?:\[no\])?(\w+)", done.stdout))


def test_workers_find_each_other(manifests, container):
    """The pods of an Indexed Job are called JOB-INDEX, and by the service JOB-INDEX.SERVICE."""
    service, job = manifests["Service"], manifests["Job"]
    name, count = job["metadata"]["name"], job["spec"]["completions"]
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == {"job-name": name}
    subdomain = job["spec"]["template"]["spec"]["subdomain"]
    assert subdomain == service["metadata"]["name"]
    assert job["spec"]["completionMode"] == "Indexed"
    assert job["spec"]["parallelism"] == count
    environment = {one["name"]: one.get("value") for one in container["env"]}
    (rank,) = (one for one in container["env"] if one["name"] == "RANK")
    assert "job-completion-index" in rank["valueFrom"]["fieldRef"]["fieldPath"]
    hosts = [f"{name}-{index}.{subdomain}" for index in range(count)]
    for index in range(count):
        cluster = find_cluster(environment | {"RANK": str(index)})
        assert cluster.index == index
        assert [address.split(":")[0] for address in cluster.addresses] == hosts
    assert environment["MASTER_ADDR"] == hosts[0]
    (batch,) = (flag for flag in container["command"] if flag.startswith("--batch_size="))
    assert int(batch.split("=")[1]) % count == 0


def test_interrupted_pods_are_started_again(manifests, container):
    pod = manifests["Job"]["spec"]["template"]["spec"]
    rules = manifests["Job"]["spec"]["podFailurePolicy"]["rules"]
    by_code = {
        code: rule["action"]
        for rule in rules
        if "onExitCodes" in rule
        for code in rule["onExitCodes"]["values"]
    }
    assert by_code == {INTERRUPTED: "Ignore", 1: "FailJob", 2: "FailJob"}
    assert pod["restartPolicy"] == "Never"  # Kubernetes asks for it with such rules
    (grace,) = (flag for flag in container["command"] if flag.startswith("--grace_seconds="))
    assert pod["terminationGracePeriodSeconds"] > float(grace.split("=")[1])
    assert "--resume_or_start" in container["command"]
    claimed = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == claimed


def test_flags_are_known(container):
    known = _known_flags()
    script = (ROOT / "deploy" / "slurm.sh").read_text()
    (command,) = re.findall(r"python train\.py .*", script)
    used = [flag for flag in container["command"] if flag.startswith("--")]
    for flag in (*used, *re.findall(r"--\w+", command)):
        assert flag[2:].split("=")[0] in known


def test_slurm_script_is_bash(tmp_path):
    script = ROOT / "deploy" / "slurm.sh"
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert script.read_text().startswith("#!/bin/bash\n")


@pytest.mark.parametrize(
    ("code", "restarts", "again"),
    [(0, 0, False), (2, 0, False), (1, 0, False), (75, 0, True), (137, 3, True), (75, 50, False)],
)
def test_slurm_script_queues_again_what_can_go_on(code, restarts, again, tmp_path):
    """With an `srun` and a `scontrol` that write down how they were called."""
    for name, ending in (("srun", code), ("scontrol", 0)):
        path = tmp_path / name
        path.write_text(f'#!/bin/bash\necho "$@" > {tmp_path}/{name}.called\nexit {ending}\n')
        path.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_JOB_ID": "7",
        "SLURM_RESTART_COUNT": str(restarts),
    }
    script = ROOT / "deploy" / "slurm.sh"
    done = subprocess.run(["bash", script, "--data_dir=two words"], env=environment, check=False)
    assert done.returncode == code
    assert (
        (tmp_path / "srun.called").read_text().endswith("--resume_or_start --data_dir=two words\n")
    )
    called = tmp_path / "scontrol.called"
    assert called.exists() == again
    assert not again or called.read_text() == "requeue 7\n"


def test_models_config_is_tensorflow_servings():
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    text = (ROOT / "deploy" / "models.config").read_text()
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    models = {model.name: model for model in config.model_config_list.config}
    assert {name: model.base_path for name, model in models.items()} == {
        "inpainting": "/models/inpainting",
        "mine": "/models/mine",
    }
    readme = (ROOT / "README.md").read_text()
    for model in models.values():
        assert model.model_platform == "tensorflow"
        assert model.model_version_policy.latest.num_versions == 1
        assert f':{model.base_path}"' in readme  # the folder that the command mounts


def test_batching_config_has_the_fields_of_batching_parameters():
    lines = (ROOT / "deploy" / "batching.config").read_text().splitlines()
    fields = [re.fullmatch(r"(\w+) \{ value: (\d+) \}", line) for line in lines[1:]]
    assert {field[1]: int(field[2]) > 0 for field in fields} == {
        "max_batch_size": True,
        "batch_timeout_micros": True,
        "num_batch_threads": True,
        "max_enqueued_batches": True,
    }
