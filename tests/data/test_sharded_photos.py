"""Reading shards: what plain files give, in every split; and what happens when they are damaged."""

from __future__ import annotations

import itertools
import json
import os
import shutil

import numpy as np
import pytest

from inpainting.data.photos import Photos, list_photos
from inpainting.data.shards.conversion import Options
from inpainting.data.shards.inputs import FileInput
from inpainting.data.shards.prepare import prepare
from inpainting.data.shards.sharded_photos import ShardedPhotos
from inpainting.data.sources import open_photos
from inpainting.errors import InputError
from inpainting.evaluation.photo_set import PhotoSet
from inpainting.image import write_image

COUNT = 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """50 photographs of 33 x 40 pixels and more; every fifth in a folder below."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    (folder / "below").mkdir()
    for number in range(COUNT):
        photo = rng.integers(0, 256, (33 + number % 7, 40, 3), np.uint8)
        name = f"{'below/' * (number % 5 == 0)}{number:02}.png"
        write_image(folder / name, photo)
    return str(folder)


@pytest.fixture(scope="module")
def prepared(folder, tmp_path_factory):
    """The shards of `folder` as one split: 17 photographs or so in each."""
    output = str(tmp_path_factory.mktemp("shards"))
    source = FileInput(Photos(list_photos(folder)), folder)
    prepare(source, "all", output, Options(shard_bytes=75_000))
    assert len([name for name in os.listdir(output) if name.endswith(".tfrecord")]) == 4
    return output


@pytest.fixture
def shards(prepared, tmp_path):
    """A copy of the shards, to be damaged."""
    return shutil.copytree(prepared, tmp_path / "copy")


@pytest.mark.parametrize("split", ["all", "train", "val"])
def test_shards_are_read_as_their_files_would_be(folder, prepared, split):
    files, photos = open_photos("folder", folder, split), open_photos("shards", prepared, split)
    assert isinstance(photos, ShardedPhotos)
    assert len(photos) == len(files) == {"all": 50, "train": 47, "val": 3}[split]
    assert [os.path.relpath(path, prepared) for path in photos.paths] == [
        os.path.relpath(path, folder) for path in files.paths
    ]
    for number in range(len(files)):
        np.testing.assert_array_equal(photos.read(number), files.read(number))
    assert photos.paths[1:3] == [photos.paths[1], photos.paths[2]]
    assert photos.paths[-1] == list(photos.paths)[-1]
    with pytest.raises(IndexError):
        photos.paths[len(photos)]


def test_a_folder_of_shards_is_known_as_such(prepared, folder, tmp_path):
    assert isinstance(open_photos("folder", prepared, "train"), ShardedPhotos)
    write_image(tmp_path / "a.png", np.zeros((40, 40, 3), np.uint8))
    (tmp_path / "manifest.json").write_text('{"of": "another program"}')
    assert not isinstance(open_photos("folder", str(tmp_path), "all"), ShardedPhotos)
    with pytest.raises(InputError, match=r"expected manifest\.json and the files that it names"):
        open_photos("shards", folder, "all")
    with pytest.raises(InputError, match=r"--filelist=list\.txt goes with files"):
        open_photos("shards", prepared, "all", "list.txt")


def test_training_sees_the_same_batches(folder, prepared):
    from inpainting.data.pipeline import training_dataset

    batches = [
        list(itertools.islice(training_dataset(photos, 32, 4, seed=3, start_step=9), 4))
        for photos in (
            open_photos(name, f, "train") for name, f in (("folder", folder), ("shards", prepared))
        )
    ]
    for ours, theirs in zip(*batches):
        for tensor, expected in zip(ours, theirs):
            np.testing.assert_array_equal(tensor.numpy(), expected.numpy())


def test_evaluation_sees_the_same_photos(folder, prepared):
    sets = [PhotoSet(open_photos("folder", f, "all"), 32, "centre", 7) for f in (folder, prepared)]
    assert sets[0].names == sets[1].names
    for number in range(7):
        np.testing.assert_array_equal(sets[0].load(number), sets[1].load(number))


@pytest.mark.parametrize("named", [False, True])
def test_splits_prepared_apart(folder, tmp_path, named):
    """As `train` and `val`; or as one split, of photographs in folders of these names."""
    if named:
        for number, path in enumerate(sorted(list_photos(folder))):
            place = tmp_path / "photos" / ("val" if number % 10 == 0 else "train")
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        folder = str(tmp_path / "photos")
    for split in ["all"] if named else ["train", "val"]:
        source = FileInput(open_photos("folder", folder, split), folder)
        prepare(source, split, str(tmp_path / "out"), Options(shard_bytes=75_000))
    for split in ("train", "val", "all"):
        files = open_photos("folder", folder, split)
        photos = open_photos("shards", str(tmp_path / "out"), split)
        assert len(photos) == len(files)
        assert {photo.tobytes() for photo in map(photos.read, range(len(photos)))} == {
            photo.tobytes() for photo in map(files.read, range(len(files)))
        }


def test_a_split_that_was_not_prepared(folder, tmp_path):
    source = FileInput(open_photos("folder", folder, "train"), folder)
    prepare(source, "train", str(tmp_path / "out"), Options())
    with pytest.raises(InputError, match="has shards for train, none for val: prepare them by"):
        open_photos("shards", str(tmp_path / "out"), "val")


def _truncate(path, size: int) -> None:
    with open(path, "r+b") as file:
        file.truncate(size)


def _flip(path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_truncated_shard_stops(shards):
    path = shards / "all-00001.tfrecord"
    size = path.stat().st_size
    _truncate(path, size - 1)
    with pytest.raises(InputError) as caught:
        open_photos("shards", str(shards), "train")
    assert str(caught.value).startswith(f"{path} is truncated: {size - 1} of {size} bytes, 1 of 47")
    assert "--skip_bad_records" in str(caught.value)


def _record_ends(data: bytes) -> list[int]:
    """By the framing: 8 bytes of length, 4 of checksum, the data, 4 of checksum."""
    ends = [0]
    while ends[-1] < len(data):
        ends.append(ends[-1] + 16 + int.from_bytes(data[ends[-1] : ends[-1] + 8], "little"))
    return ends[1:]


@pytest.mark.parametrize("kept_bytes", [0, 40_000, None])
def test_what_a_shard_lacks_is_left_out(prepared, shards, kept_bytes):
    path = shards / "all-00001.tfrecord"
    ends = _record_ends(path.read_bytes())
    if kept_bytes is None:
        path.unlink()
    else:
        _truncate(path, kept_bytes)
    whole = open_photos("shards", prepared, "all")
    photos = open_photos("shards", str(shards), "all", skip_bad_records=True)
    assert len(photos) == 50 - sum(end > (kept_bytes or 0) for end in ends)
    assert list(photos.skipped) == [str(path)]
    report = photos.skipped_report()
    assert "missing" in report[1] if kept_bytes is None else "truncated" in report[1]
    assert f"{50 - len(photos)} of 50 photographs are lost" in report[1]
    expected = {os.path.basename(path): n for n, path in enumerate(whole.paths)}
    for number, path in enumerate(photos.paths):
        original = whole.read(expected[os.path.basename(path)])
        np.testing.assert_array_equal(photos.read(number), original)


def test_a_damaged_record_stops_when_it_is_read(shards):
    _flip(shards / "all-00002.tfrecord", 500)
    photos = open_photos("shards", str(shards), "all")
    readable = []
    for number in range(len(photos)):
        try:
            readable.append(photos.read_from(number))
        except InputError as error:
            message = str(error)
            damaged = number
    assert len(readable) == 49
    assert message.startswith(f"the record of {photos.paths[damaged]} at byte ")
    assert f"{shards}/all-00002.tfrecord does not have the checksum" in message
    assert "--skip_bad_records" in message
    careless = open_photos("shards", str(shards), "all", skip_bad_records=True)
    np.testing.assert_array_equal(careless.read_from(damaged), photos.read(damaged + 1))
    assert list(careless.skipped) == [photos.paths[damaged]]


def test_a_shard_of_other_photographs_is_noticed(shards):
    """Of the same size, and with checksums that are right in themselves."""
    from google_crc32c import value as crc32c

    from inpainting.data.shards.records import FOOTER, HEADER, frame

    path = shards / "all-00000.tfrecord"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    other = bytearray(data[HEADER : HEADER + length])
    other[-1] ^= 1
    path.write_bytes(frame(bytes(other), crc32c(bytes(other))) + data[HEADER + length + FOOTER :])
    photos = open_photos("shards", str(shards), "all")
    with pytest.raises(InputError, match="does not have the checksum that it was written with"):
        [photos.read(number) for number in range(len(photos))]


def test_smaller_photographs_than_asked_for(prepared):
    with pytest.raises(InputError) as caught:
        open_photos("shards", prepared, "all", least_side=35)
    assert str(caught.value).startswith(
        f"15 of 50 photographs in {prepared} are smaller than 35 pixels, the first is 40x34 (01.png"
    )
    photos = open_photos("shards", prepared, "all", skip_bad_records=True, least_side=35)
    assert len(photos) == 35
    assert min(photos.read(number).shape[0] for number in range(35)) == 35
    assert "15 of 50 photographs" in photos.skipped_report()[1]
    assert len(open_photos("shards", prepared, "all", least_side=33)) == 50
    with pytest.raises(InputError, match=r"no photograph of all in .* can be used"):
        open_photos("shards", prepared, "all", skip_bad_records=True, least_side=41)


def _change(record: dict, *keys, to) -> None:
    for key in keys[:-1]:
        record = record[key]
    record[keys[-1]] = to


TAMPERED = {
    "no JSON": (lambda m: "{", "is not a manifest of shards"),
    "another version": (lambda m: _change(m, "format", to="version 9"), "version 9"),
    "a count": (lambda m: _change(m, "splits", "all", "photographs", to=49), "but its shards have"),
    "counts of a shard": (
        lambda m: _change(m, "splits", "all", "shards", 0, "photographs", to=1),
        "but its shards have",
    ),
    "no shards": (lambda m: _change(m, "splits", "all", "shards", to=None), "expected list"),
    "a missing key": (lambda m: m["splits"]["all"].pop("names"), "no 'names'"),
    "size of a shard": (
        lambda m: _change(m, "splits", "all", "shards", 0, "bytes", to=5),
        "does not match the other files",
    ),
    "name of a shard": (
        lambda m: _change(m, "splits", "all", "shards", 1, "name", to="x.tfrecord"),
        "x.tfrecord is missing",
    ),
    "order of shards": (
        lambda m: m["splits"]["all"]["shards"].reverse(),
        "does not match the other files",
    ),
    "hash of the index": (
        lambda m: _change(m, "splits", "all", "entries", "sha256", to="0" * 64),
        "index.npy does not match",
    ),
}


@pytest.mark.parametrize("how", list(TAMPERED))
def test_a_manifest_that_does_not_match_is_one_clear_line(shards, how):
    change, message = TAMPERED[how]
    path = shards / "manifest.json"
    manifest = json.loads(path.read_text())
    changed = change(manifest)
    path.write_text(changed if isinstance(changed, str) else json.dumps(manifest))
    with pytest.raises(InputError) as caught:
        ShardedPhotos(str(shards), "all")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["all.index.npy", "all.names.txt"])
def test_a_damaged_index_is_noticed(shards, name):
    _flip(shards / name, 200)
    with pytest.raises(InputError, match=f"{name} does not match the other files of its folder"):
        open_photos("shards", str(shards), "all")


def test_shards_behind_a_url(prepared):
    """TensorFlow's own in-memory file system stands for s3:// and gs://."""
    import tensorflow as tf

    tf.io.gfile.makedirs("ram://shards")
    for name in os.listdir(prepared):
        tf.io.gfile.copy(os.path.join(prepared, name), f"ram://shards/{name}")
    ours, theirs = (open_photos("shards", f, "val") for f in ("ram://shards", prepared))
    assert len(ours) == len(theirs)
    for number in range(len(ours)):
        np.testing.assert_array_equal(ours.read(number), theirs.read(number))
    tf.io.gfile.remove("ram://shards/all-00000.tfrecord")
    with tf.io.gfile.GFile("ram://shards/all-00000.tfrecord", "wb") as file:
        file.write(b"cut")
    with pytest.raises(InputError, match="is truncated: 3 of "):
        open_photos("shards", "ram://shards", "val")
    tf.io.gfile.remove("ram://shards/all-00000.tfrecord")
    with pytest.raises(InputError, match=r"ram://shards/all-00000\.tfrecord is missing"):
        open_photos("shards", "ram://shards", "val")
