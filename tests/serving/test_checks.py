from __future__ import annotations

import json

import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.pretrained.shipped import shipped_names
from inpainting.serving.checks import folder_warnings, hole_warnings, trained_size


def disc(radius):
    y, x = np.mgrid[:200, :300]
    return (y - 100) ** 2 + (x - 150) ** 2 <= radius**2


def test_a_usual_hole_is_not_remarked_on():
    assert hole_warnings(disc(30), "m.png", 128) == []


@pytest.mark.parametrize(("radius", "warns"), [(31, False), (33, True)])
def test_a_hole_thicker_than_half_the_trained_size_is_told(radius, warns):
    found = hole_warnings(disc(radius), "m.png", 128)
    assert bool(found) == warns
    if warns:
        assert found[0].startswith("m.png has a hole 65 pixels thick, beyond what the model")
    assert hole_warnings(disc(radius), "m.png", None) == []


def test_a_long_thin_hole_is_not_thick():
    hole = np.zeros((200, 300), bool)
    hole[50:90] = True
    assert hole_warnings(hole, "m.png", 128) == []


def test_a_mask_that_is_mostly_hole_was_perhaps_inverted():
    (line,) = hole_warnings(~disc(40), "m.png", None)
    assert line.startswith("m.png is mostly hole (92 %)")
    assert "--invert_mask" in line
    assert hole_warnings(np.arange(10).reshape(1, 10) < 6, "m.png", None) == []


def test_specks_of_a_lossy_mask_are_told():
    hole = disc(20)
    hole[5:65:3, 3] = True
    (line,) = hole_warnings(hole, "m.png", 128)
    assert line.startswith("m.png has 20 specks of at most 4 pixels among 21 regions")
    hole[5, 3] = False
    assert hole_warnings(hole, "m.png", 128) == []


def test_what_a_folder_holds_besides_is_told_in_one_line(tmp_path):
    for name in ("a.png", "b.HEIC", "c.heic", "README", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "masks").mkdir()
    (tmp_path / "more").mkdir()
    known = [str(tmp_path / "a.png"), str(tmp_path / "masks") + "/"]
    assert folder_warnings(str(tmp_path), known) == [
        f"{tmp_path} holds 4 more, no photos that can be read, left out: .heic README folders"
    ]
    assert folder_warnings(str(tmp_path / "masks"), known) == []


def test_trained_size_is_read_wherever_a_model_may_be(tmp_path):
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.json").write_text(json.dumps({"image_size": 96}))
    (run / "checkpoints" / "step-7.index").write_text("")
    assert trained_size(str(run)) == 96
    assert trained_size(str(run / "checkpoints" / "step-7")) == 96

    for version, size in ((2, 64), (10, 160)):
        folder = tmp_path / "saved" / str(version) / "assets.extra"
        folder.mkdir(parents=True)
        (folder / "model_card.json").write_text(json.dumps({"image_size": size}))
    assert trained_size(str(tmp_path / "saved")) == 160
    assert trained_size(str(tmp_path / "saved" / "2")) == 64

    assert trained_size(str(tmp_path)) is None
    (run / "config.json").write_text("{")
    assert trained_size(str(run)) is None


def test_shipped_weights_say_their_size():
    for name in shipped_names():
        assert trained_size(name) >= 32


def test_a_model_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r"--model .*none does not exist: expected .*places"):
        trained_size(str(tmp_path / "none"))
