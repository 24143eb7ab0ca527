"""Exported models answer with detail, or without where that was asked for."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from inpainting.detail.detail import add_detail
from inpainting.image import to_float, to_uint8
from inpainting.serving.export import export


@pytest.mark.parametrize("detail", [True, False])
def test_the_answer_holds_the_detail_pass(generator, tmp_path, rng, detail):
    folder = export(generator, str(tmp_path), detail=detail)
    with open(f"{folder}/assets.extra/model_card.json", encoding="utf-8") as card:
        assert json.load(card)["detail"] is detail
    image = rng.integers(0, 256, (2, 50, 44, 3), dtype=np.uint8)
    mask = np.zeros((2, 50, 44, 1), np.uint8)
    mask[0, 20:40, 20:40] = mask[1, 5:15, 6:30] = 1
    signatures = tf.saved_model.load(folder).signatures
    completed = signatures["serving_default"](image=image, mask=mask)["completed"].numpy()
    floats, holes = to_float(image), mask.astype(np.float32)
    fill = signatures["generate"](image=floats, mask=holes)["refined"]
    detailed = add_detail(floats, holes, fill).numpy()
    assert np.abs(detailed - fill)[mask[..., 0] == 1].max() > 0.05
    expected = np.where(mask == 1, to_uint8(detailed if detail else fill.numpy()), image)
    np.testing.assert_array_equal(completed, expected)
