"""Photos of an evaluation: names, choice, checks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from inpainting.data.photos import Photos
from inpainting.errors import InputError
from inpainting.evaluation.photo_set import PhotoSet


def test_names_are_paths_below_the_common_folder(make_inputs):
    assert make_inputs().photos.names == ["a", "b", "c", "d", "more/e"]


def test_a_url_keeps_its_slashes():
    photos = PhotoSet(Photos(["s3://bucket/x/1.jpg", "s3://bucket/y/1.jpg"]), 32, "centre")
    assert photos.names == ["x/1", "y/1"]


def test_a_part_is_spread_evenly(make_inputs):
    assert make_inputs(count=2).photos.names == ["a", "c"]
    assert make_inputs(count=5).photos.names == make_inputs().photos.names


def test_photos_come_at_the_size_asked(make_inputs):
    inputs = make_inputs()
    assert {inputs.photos.load(index).shape for index in range(5)} == {(32, 32, 3)}


def test_fewer_photos_than_asked_are_refused(make_inputs):
    with pytest.raises(InputError, match="--num_photos=6, but there are 5 photos"):
        make_inputs(count=6)


def test_two_photos_of_one_name_are_refused(photo_folder, make_inputs):
    Image.fromarray(np.zeros((50, 50, 3), np.uint8)).save(photo_folder / "a.bmp")
    with pytest.raises(InputError, match=r"two photos are called a: .*a\.bmp and .*a\.png"):
        make_inputs()


def test_a_small_photo_is_refused_before_any_is_read(photo_folder, make_inputs):
    Image.fromarray(np.zeros((50, 31, 3), np.uint8)).save(photo_folder / "z.png")
    with pytest.raises(InputError, match=r"z\.png is 31x50, smaller than the crop of 32x32"):
        make_inputs()
    assert len(make_inputs(crop="resize").photos) == 6


def test_unreadable_photos_are_left_out_and_listed(photo_folder, make_inputs):
    (photo_folder / "b.jpg").write_bytes(b"no picture")
    inputs = make_inputs()
    indices, batches = inputs.batches(range(3))
    assert indices == [0, 2]
    assert list(batches[0].names) == ["a", "c"]
    assert list(inputs.photos.skipped) == [str(photo_folder / "b.jpg")]
    assert inputs.batches([1]) == ([], [])


def test_systems_do_not_see_the_hole(make_inputs):
    _, (batch,) = make_inputs().batches(range(5))
    shown = batch.with_white_holes()
    hole = batch.masks.astype(bool)
    assert (shown[hole] == 255).all()
    assert (shown[~hole] == batch.images[~hole]).all()


def test_the_fitted_photos_as_png_get_the_same_masks(tmp_path, make_inputs):
    _, (batch,) = make_inputs().batches(range(5))
    copies = tmp_path / "copies"
    copies.mkdir()
    for number, image in enumerate(batch.images):
        Image.fromarray(image).save(copies / f"renamed {9 - number}.png")
    inputs = make_inputs()
    inputs.photos = PhotoSet(Photos([str(path) for path in copies.iterdir()]), 32, "centre")
    _, (again,) = inputs.batches(range(5))
    assert (again.masks[::-1] == batch.masks).all()
