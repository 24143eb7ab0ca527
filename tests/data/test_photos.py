"""Lists of files: what is listed, in which order, and what is skipped."""

from __future__ import annotations

import os

import numpy as np
import pytest

from inpainting.data.photos import MaskFiles, Photos, list_photos, read_lines
from inpainting.errors import InputError
from inpainting.image import write_image


def test_photographs_of_every_depth_and_suffix_are_listed(make_files):
    names = ["b.jpg", "a/c.JPEG", "a/b/d.png", "e.webp", "f.bmp", "with space/g h.jpg"]
    others = ["notes.txt", ".hidden.jpg", ".cache/x.jpg", "a/._c.jpg", "jpg", "h.jpg.part"]
    folder = make_files(*names, *others)
    os.symlink(os.path.join(folder, "a"), os.path.join(folder, "a", "b", "back"))
    listed = list_photos(folder)
    assert sorted(listed) == sorted(os.path.join(folder, name) for name in names)


def test_a_linked_folder_is_followed(make_files, tmp_path_factory):
    folder = make_files("one.jpg")
    other = tmp_path_factory.mktemp("other")
    (other / "two.jpg").touch()
    os.symlink(other, os.path.join(folder, "link"))
    assert len(list_photos(folder)) == 2


def test_paths_are_sorted_and_not_repeated():
    photos = Photos(["b", "a", "c", "a"])
    assert photos.paths == ["a", "b", "c"]
    assert len(photos) == 3


def test_photograph_is_read(photo_folder):
    photos = Photos(list_photos(photo_folder))
    photo = photos.read(3)
    assert photo.shape == (40, 48, 3)
    assert photo.dtype == np.uint8
    assert np.all(photo[..., 0] == 30)
    assert photos.skipped_report() == []


def _spoil(folder: str, *numbers: int) -> None:
    for number in numbers:
        with open(os.path.join(folder, f"{number:03}.png"), "r+b") as file:
            file.truncate(60)


def test_unreadable_photographs_are_skipped_counted_and_listed(photo_folder):
    _spoil(photo_folder, 2, 3, 5)
    photos = Photos(list_photos(photo_folder))
    with pytest.raises(InputError, match=r"002\.png"):
        photos.read(2)
    assert list(photos.skipped) == [photos.paths[2]]
    assert photos.read_from(1)[0, 0, 0] == 10
    assert photos.read_from(2)[0, 0, 0] == 40  # past 3, which is unreadable as well
    assert photos.read_from(5)[0, 0, 0] == 0  # on from the beginning
    report = photos.skipped_report()
    assert report[0] == "skipped 3 of 6 files:"
    assert [line.split(" is ")[0] for line in report[1:]] == [photos.paths[i] for i in (2, 3, 5)]


def test_what_is_unreadable_is_not_opened_again(photo_folder, monkeypatch):
    _spoil(photo_folder, 2)
    photos = Photos(list_photos(photo_folder))
    photos.read_from(2)
    opened = []
    read = Photos.read
    monkeypatch.setattr(Photos, "read", lambda self, i: opened.append(i) or read(self, i))
    photos.read_from(2)
    assert opened == [3]


def test_nothing_readable_is_one_clear_line(photo_folder):
    _spoil(photo_folder, *range(6))
    photos = Photos(list_photos(photo_folder))
    for _ in range(2):
        with pytest.raises(InputError, match=r"^none of the 6 files can be used: .*000\.png") as e:
            photos.read_from(4)
        assert "\n" not in str(e.value)


def test_masks_without_a_hole_are_skipped(tmp_path):
    hole = np.zeros((5, 6), np.uint8)
    hole[1:3, 2:5] = 255
    for name, mask in {"a": hole * 0, "b": hole, "c": hole * 0 + 255}.items():
        write_image(tmp_path / f"{name}.png", mask)
    masks = MaskFiles(list_photos(str(tmp_path)))
    np.testing.assert_array_equal(masks.read_from(0), hole // 255)
    np.testing.assert_array_equal(masks.read_from(2), hole // 255)
    assert [path[-5:] for path in masks.skipped] == ["a.png", "c.png"]
    inverted = MaskFiles(list_photos(str(tmp_path)), invert=True)
    np.testing.assert_array_equal(inverted.read(1), 1 - hole // 255)


def test_lines_of_a_list(write_lines, tmp_path):
    assert read_lines(write_lines("list.txt", "  a.jpg ", "", "b.jpg\t")) == ["a.jpg", "b.jpg"]
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="is not a text file"):
        read_lines(str(tmp_path / "binary"))
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        read_lines(str(tmp_path / "missing"))


def test_photographs_behind_a_url(photo_folder):
    """TensorFlow's own in-memory file system stands for s3:// and gs://."""
    import tensorflow as tf

    from inpainting.data.sources import open_photos

    with open(os.path.join(photo_folder, "004.png"), "rb") as file:
        data = file.read()
    tf.io.gfile.makedirs("ram://bucket/sub")
    for name, content in {"a.png": data, "sub/b.png": data[:60], "notes.txt": b""}.items():
        with tf.io.gfile.GFile(f"ram://bucket/{name}", "wb") as file:
            file.write(content)
    photos = open_photos("folder", "ram://bucket", "all")
    assert photos.paths == ["ram://bucket/a.png", "ram://bucket/sub/b.png"]
    assert photos.read(0)[0, 0, 0] == 40
    with pytest.raises(InputError, match=r"b\.png is truncated or damaged"):
        photos.read(1)
    with pytest.raises(InputError, match="cannot read ram://bucket/missing"):
        Photos(["ram://bucket/missing.png"]).read(0)
    assert read_lines("ram://bucket/notes.txt") == []
    with pytest.raises(InputError, match="no such folder: ram://nowhere"):
        open_photos("folder", "ram://nowhere", "all")
