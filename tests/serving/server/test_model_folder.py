"""Hot swap: newer versions take over, broken ones don't, and requests keep theirs."""

from __future__ import annotations

import concurrent.futures
import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.serving.export import export
from inpainting.serving.predictor import Predictor
from inpainting.serving.server.model_folder import ModelFolder
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.server.served_model import Signature

REQUEST = {"inputs": {"image": [[[[9, 9, 9]]]], "mask": [[[[1]]]]}}


class Constant(tf.keras.Model):
    """Fills with one grey: an answer says which version gave it."""

    def __init__(self, level):
        super().__init__()
        self.level = tf.Variable(level / 255)

    def call(self, image, mask, training=None):
        filled = tf.zeros_like(image) + self.level
        return {"coarse": filled, "refined": filled}


@pytest.fixture(scope="module")
def constants(tmp_path_factory):
    """Exported versions that fill with 100, and with 200."""
    folder = tmp_path_factory.mktemp("constants")
    return {level: export(Constant(level), str(folder / str(level))) for level in (100, 200)}


@pytest.fixture
def folder(constants, tmp_path):
    shutil.copytree(constants[100], tmp_path / "model" / "1")
    return tmp_path / "model"


def states(server):
    answer = json.loads(server.ask("/v1/models/m")[2])["model_version_status"]
    return {int(one["version"]): one["state"] for one in answer}


def level_of(server, where="/v1/models/m:predict"):
    status, answer = server.predict(REQUEST, where=where)
    return answer["outputs"][0][0][0][0] if status == 200 else status


@pytest.fixture
def models(folder):
    return ModelFolder(str(folder), "m")


def test_a_new_version_takes_over_and_old_requests_finish(
    models, folder, constants, start, held, until
):
    server = start(models)
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        before = executor.submit(level_of, server)
        until(lambda: held.started == 1)
        os.rename(shutil.copytree(constants[200], folder / "copy"), folder / "2")
        # Trying the new version is held, too; then it takes over.
        until(lambda: held.started == 2)
        assert states(server) == {1: "AVAILABLE"}
        held.set()
        assert before.result(60) == 100
    until(lambda: states(server) == {2: "AVAILABLE"})
    assert level_of(server) == 200
    assert level_of(server, "/v1/models/m/versions/2:predict") == 200
    assert level_of(server, "/v1/models/m/versions/1:predict") == 404


def test_a_broken_version_is_reported_and_the_old_one_kept(folder, constants, start, until):
    models = ModelFolder(str(folder), "m")
    server = start(models)
    (folder / "2").mkdir()
    (folder / "2" / "saved_model.pb").write_bytes(b"half of a file")
    until(lambda: states(server) == {2: "END", 1: "AVAILABLE"})
    assert level_of(server) == 100
    (broken,) = json.loads(server.ask("/v1/models/m/versions/2")[2])["model_version_status"]
    assert broken["status"]["error_code"] == "UNKNOWN"
    assert "cannot be served" in broken["status"]["error_message"]

    shutil.rmtree(folder / "2")  # mended, as by a copy that has come to its end
    shutil.copytree(constants[200], folder / "2")
    until(lambda: states(server) == {2: "AVAILABLE"})
    assert level_of(server) == 200


def test_an_empty_graph_is_told_as_such(folder):
    (folder / "1" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot be served: saved_model\.pb is empty"):
        ModelFolder(str(folder), "m")


def test_a_version_whose_weights_are_cut_off_is_not_served(folder, constants):
    models = ModelFolder(str(folder), "m")
    shutil.copytree(constants[200], folder / "2")
    (data,) = (folder / "2" / "variables").glob("*.data*")
    data.write_bytes(b"")
    models.update()
    assert models.current.version == 1
    assert set(models.states()) == {1, 2}
    failed = models._metrics.failed_loads._value.get()
    models.update()  # not looked at again as long as nothing changes
    assert models._metrics.failed_loads._value.get() == failed == 1


def test_a_version_that_disappears_gives_way_to_what_is_left(folder, constants):
    shutil.copytree(constants[200], folder / "12")
    models = ModelFolder(str(folder), "m")
    assert models.current.version == 12
    os.rename(folder / "12", folder / "away")
    models.update()
    assert models.current.version == 1
    shutil.rmtree(folder)
    models.update()
    assert models.current.version == 1  # the last one stays


def test_an_old_version_is_freed(folder, constants):
    import weakref

    models = ModelFolder(str(folder), "m")
    old = weakref.ref(models.current)
    shutil.copytree(constants[200], folder / "2")
    models.update()
    assert models.current.version == 2
    assert old() is None


def test_names_and_versions_are_compared_and_never_opened(folder):
    models = ModelFolder(str(folder), "m")
    assert models.get("m").version == models.get("m", 1).version == 1
    for name, version in (("", None), ("M", None), ("../m", None), ("m", 0), ("m", -1), ("m", 2)):
        with pytest.raises(Refusal) as caught:
            models.get(name, version)
        assert caught.value.status == 404


def test_without_a_version_it_does_not_start(folder, tmp_path):
    with pytest.raises(InputError, match="holds no version of a model"):
        ModelFolder(str(tmp_path), "m")
    with pytest.raises(InputError, match="is one version"):
        ModelFolder(str(folder / "1"), "m")
    with pytest.raises(InputError, match="cannot read folder"):
        ModelFolder(str(tmp_path / "none"), "m")
    (tmp_path / "broken" / "1").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be served"):
        ModelFolder(str(tmp_path / "broken"), "m")


def test_a_small_export_of_another_kind_is_refused(tmp_path):
    """No signatures of ours: one line, no stack trace."""
    module = tf.Module()
    module.f = tf.function(lambda x: x, input_signature=[tf.TensorSpec((None,), np.float32)])
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=module.f)
    os.makedirs(tmp_path / "1" / "assets.extra")
    (tmp_path / "1" / "assets.extra" / "model_card.json").write_text("{}")
    with pytest.raises(InputError, match=r"cannot be served: .*generate"):
        ModelFolder(str(tmp_path), "m")


def with_warmup(level, folder, monkeypatch):
    """A version with records for photos of 7 x 5 pixels, and the shapes that it is asked with."""
    export(Constant(level), str(folder), warmup=[(7, 5)])
    asked, call = [], Signature.__call__

    def remember(self, inputs):
        asked.append((inputs["image"].dtype.name, inputs["image"].shape))
        return call(self, inputs)

    monkeypatch.setattr(Signature, "__call__", remember)
    return asked


def test_warm_up_records_are_answered_before_a_version_is_served(tmp_path, monkeypatch):
    asked = with_warmup(100, tmp_path, monkeypatch)
    filled, fill = [], Predictor.__call__

    def remember(self, image, mask):
        filled.append(image.shape)
        return fill(self, image, mask)

    monkeypatch.setattr(Predictor, "__call__", remember)
    ModelFolder(str(tmp_path), "m")
    # serving_default, serve_bytes (which the server decodes) and generate, after the first try.
    size = (1, 5, 7, 3)
    assert asked[1:] == [("uint8", size), ("uint8", size), ("float32", size)]
    assert filled == [(5, 7, 3)]  # what /fill is answered with


def test_a_model_of_one_size_refuses_others_in_one_line(tmp_path):
    export(Constant(100), str(tmp_path), size=(7, 5))
    model = ModelFolder(str(tmp_path), "m").current
    mask = np.arange(35).reshape(5, 7) % 5 == 0
    image = np.zeros((5, 7, 3), np.uint8)
    filled = model.predictor(image, mask, feather=0, detail=False)
    np.testing.assert_array_equal(filled[mask], 100)
    with pytest.raises(InputError, match="7 x 5 pixels"):
        model.predictor(image[:4], mask[:4])


def test_a_version_that_fails_its_warm_up_is_not_served(tmp_path, monkeypatch):
    with_warmup(100, tmp_path, monkeypatch)
    path = tmp_path / "1" / "assets.extra" / "tf_serving_warmup_requests"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match=r"SavedModel .* cannot be served"):
        ModelFolder(str(tmp_path), "m")
