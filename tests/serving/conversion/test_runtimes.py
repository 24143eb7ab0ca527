"""ONNX Runtime, OpenVINO and TensorFlow Lite on what `export.py` writes; `make test-export`."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from inpainting.loading import load_generator
from inpainting.serving.conversion.convert import complete
from inpainting.serving.conversion.formats import FORMATS, import_package
from inpainting.serving.export import export
from inpainting.systems import registry

pytestmark = pytest.mark.export
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")
try:
    openvino = import_package("openvino")
except ModuleNotFoundError:
    pytest.skip("needs requirements-export.txt", allow_module_level=True)

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Small enough that converting takes seconds.
SYSTEMS = {
    "recurrent": ("paper", {"base": 2}),
    "prefilled": ("paper", {"base": 2, "prefill": "pyramid"}),
    "gated": ("paper", {"base": 4}),
    "contextual_attention": ("paper", {"base": 4}),
}


@pytest.fixture(scope="module", params=SYSTEMS)
def network(request):
    """A system's generator with random weights."""
    tf.keras.utils.set_random_seed(1)
    name = "recurrent" if request.param == "prefilled" else request.param
    preset, changes = SYSTEMS[request.param]
    return registry.build_generator(name, registry.preset(name, preset, changes))


def sample(rng, width, height, batch=1):
    image = rng.random((batch, height, width, 3), np.float32)
    mask = np.zeros((batch, height, width, 1), np.float32)
    mask[:, height // 4 : height // 2, width // 4 : (2 * width) // 3] = 1
    return image, mask


def check(completed, network, image, mask, tolerance):
    """The network's own fill in the hole; outside, the image's bits."""
    known = mask[..., 0] == 0
    np.testing.assert_array_equal(completed[known], image[known])
    refined = network(image, mask)["refined"].numpy()
    np.testing.assert_allclose(completed[~known], refined[~known], atol=tolerance, rtol=0)
    assert (completed[~known] != image[~known]).mean() > 0.9


@pytest.mark.parametrize("name", FORMATS)
def test_each_system_at_one_size(network, name, tmp_path, rng):
    path = str(tmp_path / FORMATS[name].file)
    FORMATS[name].write(complete(network, (40, 32), FORMATS[name].own_kernels), path)
    image, mask = sample(rng, 40, 32)
    runtime = FORMATS[name].runtimes(path)[0]
    check(runtime.run(image, mask), network, image, mask, runtime.limit / 255)


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_each_system_at_any_size_and_batch(network, name, tmp_path, rng):
    path = str(tmp_path / FORMATS[name].file)
    FORMATS[name].write(complete(network, None, FORMATS[name].own_kernels), path)
    runtime = FORMATS[name].runtimes(path)[0]
    for width, height, batch in ((32, 32, 1), (48, 24, 2), (37, 21, 1), (5, 50, 1)):
        image, mask = sample(rng, width, height, batch)
        completed = runtime.run(image, mask)
        check(completed, network, image, mask, runtime.limit / 255)


def test_onnx_names_its_inputs_and_output(generator, tmp_path):
    version = export(generator, str(tmp_path), detail=False, formats=["onnx"])
    path = pathlib.Path(version) / "converted" / "model.onnx"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = {one.name: (one.type, one.shape[-1]) for one in session.get_inputs()}
    assert inputs == {"image": ("tensor(float)", 3), "mask": ("tensor(float)", 1)}
    assert [one.name for one in session.get_outputs()] == ["completed"]
    rows = json.loads((path.parent / "parity.json").read_text())["rows"]
    assert [row["size"] for row in rows] == ["256x256", "128x192", "131x100", "77x45"]
    assert all(row["unchanged"] and row["maximum"] <= row["limit"] for row in rows)


def test_openvino_reads_names_and_precision(generator, tmp_path, rng):
    version = export(generator, str(tmp_path), size=(24, 16), detail=False, formats=["openvino"])
    folder = pathlib.Path(version) / "converted"
    assert sorted(os.listdir(folder)) == ["openvino.bin", "openvino.xml", "parity.json"]
    model = openvino.Core().read_model(folder / "openvino.xml")
    assert [(one.any_name, list(one.shape)) for one in model.inputs] == [
        ("image", [1, 16, 24, 3]),
        ("mask", [1, 16, 24, 1]),
    ]
    assert [one.any_name for one in model.outputs] == ["completed"]
    rows = json.loads((folder / "parity.json").read_text())["rows"]
    assert [(row["runtime"], row["limit"]) for row in rows] == [
        ("openvino, float32", 1.0),
        ("openvino, as it comes", None),
    ]


def test_int8_writes_a_file_for_each_limit(tmp_path, capsys):
    # Trained weights: how much rounding shows is theirs.
    network = load_generator("places").network
    version = export(network, str(tmp_path), size=(48, 32), detail=False, formats=["openvino_int8"])
    folder = pathlib.Path(version) / "converted"
    assert sorted(os.listdir(folder)) == [
        "openvino_int8.bin",
        "openvino_int8.xml",
        "openvino_int8_fine.bin",
        "openvino_int8_fine.xml",
        "parity.json",
    ]
    rows = json.loads((folder / "parity.json").read_text())["rows"]
    assert [(row["runtime"], row["limit"]) for row in rows] == [
        ("openvino, int8 within 3", 3.0),
        ("openvino, int8 within 1", 1.0),
    ]
    assert all(row["unchanged"] and 0 < row["maximum"] <= row["limit"] for row in rows)
    said = re.findall(r"in int8 within (\d): (\d+) of (\d+) layers", capsys.readouterr().out)
    (coarse, fine), layers = [int(count) for _, count, _ in said], int(said[0][2])
    assert 0 < fine <= coarse <= layers
    for name, count in (("openvino_int8", coarse), ("openvino_int8_fine", fine)):
        operations = openvino.Core().read_model(folder / f"{name}.xml").get_ops()
        kinds = [operation.get_type_name() for operation in operations]
        assert kinds.count("FakeQuantize") > count  # the kernels', and the values' before them


def test_the_command_writes_all_formats_beside_the_version_before(tmp_path):
    """Twice, so that a second version leaves the first as it was."""
    arguments = ["--model=places", "--output=out", "--size=32x32", "--detail=off"]
    first = [*arguments, "--format=onnx"]
    second = [*arguments, "--format=tflite,onnx,openvino"]
    for number, arguments in ((1, first), (2, second)):
        process = subprocess.run(
            [sys.executable, str(ROOT / "export.py"), *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (process.returncode, process.stderr) == (0, "")
        assert process.stdout.splitlines()[-1] == f"exported: out/{number}"
    assert sorted(os.listdir(tmp_path / "out")) == ["1", "2"]
    assert sorted(os.listdir(tmp_path / "out" / "1" / "converted")) == ["model.onnx", "parity.json"]
    assert sorted(os.listdir(tmp_path / "out" / "2" / "converted")) == [
        "model.onnx",
        "model.tflite",
        "openvino.bin",
        "openvino.xml",
        "parity.json",
    ]
    rows = [line for line in process.stdout.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0].lstrip("| ") for row in rows[1:]] == [
        "tflite",
        "onnx",
        "openvino, float32",
        "openvino, as it comes",
    ]
