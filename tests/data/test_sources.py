"""Datasets by name: their splits, lists of names, and what is said when something is missing."""

from __future__ import annotations

import os

import pytest

from inpainting.data.sources import SOURCES, open_photos
from inpainting.errors import InputError


def _names(photos, folder) -> list[str]:
    return [os.path.relpath(path, folder) for path in photos.paths]


def test_sample_is_embedded_and_readable():
    train, validation = (open_photos("sample", None, split) for split in ("train", "val"))
    assert (len(train), len(validation)) == (26, 6)
    assert set(open_photos("sample", None, "all").paths) == {*train.paths, *validation.paths}
    for photos in (train, validation):
        for index in range(len(photos)):
            assert min(photos.read(index).shape[:2]) == 320


def test_every_sample_photograph_is_attributed():
    folder = os.path.dirname(os.path.dirname(open_photos("sample", None, "val").paths[0]))
    with open(os.path.join(folder, "ATTRIBUTION.md"), encoding="utf-8") as file:
        text = file.read()
    for name in _names(open_photos("sample", None, "all"), folder):
        assert f"`{name}`" in text


def test_folders_train_and_val_are_the_splits(make_files):
    folder = make_files("train/a.jpg", "train/b/c.jpg", "val/d.jpg", "e.jpg")
    assert _names(open_photos("folder", folder, "train"), folder) == [
        "train/a.jpg",
        "train/b/c.jpg",
    ]
    assert _names(open_photos("folder", folder, "val"), folder) == ["val/d.jpg"]
    assert len(open_photos("folder", folder, "all")) == 4


def test_one_in_twenty_is_kept_for_validation(make_files):
    folder = make_files(*(f"{number}.jpg" for number in range(400)))
    train, validation = (open_photos("folder", folder, split).paths for split in ("train", "val"))
    assert 8 <= len(validation) <= 35  # 20 expected, of standard deviation 4.4
    assert len(open_photos("folder", folder, "all")) == 400
    assert not set(train) & set(validation)
    assert len(train) + len(validation) == 400
    # A photograph keeps its split when others come.
    make_files(*(f"more/{number}.jpg" for number in range(100)))
    assert set(open_photos("folder", folder, "val").paths) >= set(validation)
    assert set(open_photos("folder", folder, "train").paths) >= set(train)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_both_splits_of_a_small_folder_have_photographs(make_files, count):
    folder = make_files(*(f"{number}.jpg" for number in range(count)))
    train, validation = (open_photos("folder", folder, split).paths for split in ("train", "val"))
    assert train
    assert validation
    assert sorted([*train, *validation]) == open_photos("folder", folder, "all").paths


def test_a_single_photograph_serves_for_both(make_files):
    folder = make_files("only.jpg")
    assert (
        open_photos("folder", folder, "train").paths == open_photos("folder", folder, "val").paths
    )


def test_list_of_names(make_files, write_lines, tmp_path):
    folder = make_files("x/a.jpg", "x/b.jpg", "with space 7.jpg", "c.jpg")
    listed = write_lines("list.txt", "/x/b.jpg 12", "x/a.jpg", "", "with space 7.jpg", "x/a.jpg -1")
    for split in ("train", "val", "all"):
        photos = open_photos("folder", folder, split, listed)
        assert _names(photos, folder) == ["with space 7.jpg", "x/a.jpg", "x/b.jpg"]
    absolute = write_lines("absolute.txt", str(tmp_path / "c.jpg"))
    assert _names(open_photos("folder", folder, "train", absolute), folder) == ["c.jpg"]


def _error(*arguments) -> str:
    with pytest.raises(InputError) as caught:
        open_photos(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_lists_that_do_not_fit(make_files, write_lines, tmp_path):
    folder = make_files("a.jpg")
    other = write_lines("other.txt", "elsewhere/x.jpg", "elsewhere/y.jpg")
    assert "elsewhere/x.jpg" in _error("folder", folder, "train", other)
    words = write_lines("words.txt", "these are", "no names")
    assert "names no photograph" in _error("folder", folder, "train", words)
    assert "cannot read" in _error("folder", folder, "train", str(tmp_path / "missing.txt"))


def test_unknown_dataset_lists_the_names():
    message = _error("places", "/", "train")
    assert message == (
        "unknown dataset 'places': it is one of celeba_hq, folder, places365, sample, shards"
    )


def test_unknown_split():
    with pytest.raises(ValueError, match="split must be one of"):
        open_photos("sample", None, "validation")


@pytest.mark.parametrize("dataset", [name for name in SOURCES if name != "sample"])
def test_missing_and_empty_folders_say_what_is_expected(dataset, tmp_path):
    expected = SOURCES[dataset].expected
    for data_dir in (None, ""):
        assert _error(dataset, data_dir, "train") == (
            f"--dataset={dataset} needs --data_dir: {expected}"
        )
    missing = str(tmp_path / "missing")
    assert _error(dataset, missing, "train") == f"no such folder: {missing}; expected {expected}"
    (tmp_path / "notes.txt").touch()
    for split in ("train", "val", "all"):
        message = _error(dataset, str(tmp_path), split)
        assert message.startswith(f"no photographs for the split {split} in {tmp_path}; expected ")
    file = str(tmp_path / "notes.txt")
    assert _error(dataset, file, "train").startswith(f"no such folder: {file}")


@pytest.mark.parametrize("dataset", ["places365", "celeba_hq"])
def test_where_a_dataset_comes_from_is_said(dataset):
    assert "http" in SOURCES[dataset].expected


def test_sample_with_a_folder_is_a_mistake(tmp_path):
    message = _error("sample", str(tmp_path), "train")
    assert message.startswith(f"--data_dir={tmp_path}, but the dataset sample is embedded")
