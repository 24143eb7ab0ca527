"""The official layouts of Places365."""

from __future__ import annotations

import os

import pytest

from inpainting.data.sources import open_photos

TRAIN = ["a/airfield/00000001.jpg", "a/airfield/00000002.jpg", "z/zen_garden/00000001.jpg"]
VALIDATION = ["Places365_val_00000001.jpg", "Places365_val_00000002.jpg"]


def _within(folder: str, names: list[str]) -> list[str]:
    return [os.path.join(folder, name) for name in names]


def _found(data_dir: str, split: str, root: str) -> list[str]:
    return [os.path.relpath(p, root) for p in open_photos("places365", data_dir, split).paths]


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ("data_256", "val_256"),
        ("data_256_standard", "val_256"),
        ("data_256_challenge", "val_256"),
        ("data_large", "val_large"),
        ("data_large_standard", "val_large"),
        ("data_large_challenge", "val_large"),
        ("places365_standard/train", "places365_standard/val"),
        ("train", "val"),
    ],
)
def test_layouts_without_lists(make_files, train, validation):
    train_names, validation_names = _within(train, TRAIN), _within(validation, VALIDATION)
    root = make_files(*train_names, *validation_names, "test_256/Places365_test_00000001.jpg")
    for data_dir in (root, os.path.join(root, train), os.path.join(root, validation)):
        assert _found(data_dir, "train", root) == train_names
        assert _found(data_dir, "val", root) == validation_names
    assert _found(root, "all", root) == [*train_names, *validation_names]


def test_small_photographs_are_taken_before_large_unless_named(make_files):
    root = make_files(
        *_within("data_256", TRAIN),
        *_within("val_256", VALIDATION),
        *_within("data_large", TRAIN),
        *_within("val_large", VALIDATION),
    )
    assert _found(root, "train", root) == _within("data_256", TRAIN)
    assert _found(root, "val", root) == _within("val_256", VALIDATION)
    large = os.path.join(root, "data_large")
    assert _found(large, "train", root) == _within("data_large", TRAIN)
    assert _found(large, "val", root) == _within("val_large", VALIDATION)


@pytest.mark.parametrize("place", ["", "filelist_places365-standard", "meta"])
def test_official_lists_decide(make_files, write_lines, place):
    root = make_files(*_within("data_256", TRAIN), *_within("val_256", VALIDATION))
    listed = os.path.join(place, "places365_train_standard.txt")
    write_lines(listed, "/a/airfield/00000002.jpg 0", "/z/zen_garden/00000001.jpg 364")
    write_lines(os.path.join(place, "places365_val.txt"), "Places365_val_00000002.jpg 165")
    assert _found(root, "train", root) == _within("data_256", TRAIN[1:])
    assert _found(root, "val", root) == _within("val_256", VALIDATION[1:])


def test_each_training_set_has_its_own_list(make_files, write_lines):
    root = make_files(*_within("data_256_challenge", TRAIN), *_within("val_256", VALIDATION))
    write_lines("places365_train_standard.txt", "/a/airfield/00000001.jpg 0")
    write_lines("places365_train_challenge.txt", *(f"/{name} 0" for name in TRAIN[:2]))
    assert _found(root, "train", root) == _within("data_256_challenge", TRAIN[:2])
