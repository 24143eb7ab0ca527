"""The column NAME+detail: what add_detail makes of the network's own pictures."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from inpainting import image as images
from inpainting import loading
from inpainting.detail.detail import add_detail
from inpainting.evaluation.columns import make_columns
from inpainting.evaluation.inputs import Batch
from inpainting.evaluation.protocol import Bucket


class Stub:
    """Fills with grey and counts how often it is asked."""

    name, weights_hash = "stub", "00"

    def __init__(self):
        self.record = {"step": 7}
        self.calls = 0

    def generate(self, image, mask):
        self.calls += 1
        grey = tf.fill(tf.shape(image), 0.5)
        return {"coarse": 0 * grey, "refined": image * (1 - mask) + mask * grey}


def make_batch():
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 256, (2, 48, 48, 3), dtype=np.uint8)
    masks = np.zeros((2, 48, 48), np.uint8)
    masks[:, 16:40, 4:20] = 1
    return Batch(["a", "b"], photos, masks, Bucket("10-20", 10, 20))


def test_a_model_is_scored_with_detail_beside_without(monkeypatch):
    stub = Stub()
    monkeypatch.setattr(loading, "load_generator", lambda path: stub)
    model, detailed = make_columns(["mine=x"], [], None, batch_size=2, threads=1, detail=True)
    assert (model.names, detailed.names) == (["mine", "mine (coarse)"], ["mine+detail"])
    assert "detail" not in model.record
    assert detailed.record["weights_sha256"] == "00"
    assert detailed.record["detail"]["spacing"] == 8

    batch = make_batch()
    plain, filled = model.fill(batch)["mine"], detailed.fill(batch)["mine+detail"]
    assert stub.calls == 1
    hole = batch.masks == 1
    assert (plain[hole] == 128).all()
    assert (filled[~hole] == batch.images[~hole]).all()
    mask = batch.masks[..., np.newaxis].astype(np.float32)
    grey = np.full((*mask.shape[:3], 3), 0.5, np.float32)
    expected = add_detail(images.to_float(batch.images), mask, grey)
    assert np.abs(filled - images.to_uint8(expected.numpy()).astype(int)).max() <= 1
    assert (filled[hole] != 128).any()
    detailed.fill(make_batch())
    assert stub.calls == 2


def test_without_detail_there_is_no_such_column(monkeypatch):
    monkeypatch.setattr(loading, "load_generator", lambda path: Stub())
    (column,) = make_columns(["x"], [], None, batch_size=2, threads=1)
    assert column.names == ["stub", "stub (coarse)"]
