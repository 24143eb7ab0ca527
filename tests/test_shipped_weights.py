"""The weights that come with the project: they load by name, fill, and say what they are."""

import pathlib

import numpy as np
import pytest

import inpainting
from inpainting.loading import load_generator
from inpainting.pretrained.shipped import shipped_folder, shipped_names


def test_names():
    assert shipped_names() == ["faces", "places"]


def test_all_of_them_are_small():
    folders = [shipped_folder(name) for name in shipped_names()]
    files = [path for folder in folders for path in pathlib.Path(folder).rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 20e6


@pytest.mark.parametrize("name", shipped_names())
def test_the_card_names_data_licences_and_figures(name):
    record = load_generator(name).record  # checks the hash
    assert record["training_data"]["photographs"] > 0
    assert all(part["licence"] for part in record["training_data"]["sources"])
    assert set(record["figures"]["systems"]) >= {name, "telea", "ns"}


@pytest.mark.parametrize("name", shipped_names())
def test_a_smooth_sky(name):
    """A gradient with a hole comes back within a few grey levels; the rest bit for bit."""
    ramp = np.linspace(60, 200, 96, dtype=np.uint8)
    rows = np.tile(ramp[:, None], (1, 128))
    image = np.stack([rows, np.full_like(rows, 150), 255 - rows // 2], axis=-1)
    mask = np.zeros((96, 128), np.uint8)
    mask[30:60, 40:80] = 1
    hidden = np.where(mask[..., None] == 1, np.uint8(255), image)
    filled = inpainting.load(name)(hidden, mask)
    np.testing.assert_array_equal(filled[mask == 0], image[mask == 0])
    assert np.abs(filled.astype(int) - image)[mask == 1].mean() < 6
