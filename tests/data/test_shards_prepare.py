"""Making shards: what goes in, what is skipped, and that the bytes depend on the input alone."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import json
import os
import tarfile

import numpy as np
import pytest
from PIL import Image

from inpainting.data.photos import Photos, list_photos
from inpainting.data.shards import journal, prepare, shard_writer
from inpainting.data.shards.conversion import Options
from inpainting.data.shards.inputs import FileInput, TarInput
from inpainting.data.sources import open_photos
from inpainting.errors import InputError

SMALL_SHARDS = Options(shard_bytes=20_000)  # three of the fixture's photographs of some 6 kB


@pytest.fixture
def folder(tmp_path):
    """Nine PNGs of noise, 40 x 48, in three folders."""
    for number in range(9):
        _save(tmp_path / "photos" / "cab"[number % 3] / f"{number}.png", _noise(number))
    return str(tmp_path / "photos")


def _noise(seed: int, height: int = 40, width: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _save(path, pixels: np.ndarray, **options) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path.read_bytes()


def _files(folder: str) -> FileInput:
    return FileInput(Photos(list_photos(folder)), folder)


def _prepare(source, output, options=SMALL_SHARDS, workers=1, split="all") -> str:
    return prepare.prepare(source, split, str(output), options, workers)


def _contents(output) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in output.iterdir()}


def _manifest(output, split="all") -> dict:
    return json.loads((output / "manifest.json").read_bytes())["splits"][split]


def _features(output, split="all") -> list[dict]:
    """All records, as TensorFlow reads and parses them."""
    import tensorflow as tf

    text, number = tf.io.FixedLenFeature([], tf.string), tf.io.FixedLenFeature([], tf.int64)
    keys = {f"image/{key}": text for key in ("encoded", "format", "filename", "sha256")}
    keys |= {f"image/{key}": number for key in ("height", "width")}
    shards = [str(output / shard["name"]) for shard in _manifest(output, split)["shards"]]
    records = tf.data.TFRecordDataset(shards)
    return [
        {key[6:]: value.numpy() for key, value in tf.io.parse_single_example(r, keys).items()}
        for r in records
    ]


def test_tensorflow_reads_shards_with_the_files_as_they_were(folder, tmp_path):
    assert _prepare(_files(folder), tmp_path / "out") == (
        f"all: {tmp_path}/out has 9 photographs in 3 shards, 0.1 MB"
    )
    names = ["a/1.png", "a/4.png", "a/7.png", "b/2.png", "b/5.png", "b/8.png"]
    names += ["c/0.png", "c/3.png", "c/6.png"]
    records = _features(tmp_path / "out")
    assert [record["filename"].decode() for record in records] == names
    for name, record in zip(names, records):
        with open(os.path.join(folder, name), "rb") as file:
            assert record["encoded"] == file.read()
        assert (record["format"], record["height"], record["width"]) == (b"png", 40, 48)
        assert record["sha256"].decode() == hashlib.sha256(record["encoded"]).hexdigest()


def test_manifest_counts_and_hashes(folder, tmp_path):
    output = tmp_path / "out"
    _prepare(_files(folder), output)
    manifest = _manifest(output)
    assert (manifest["photographs"], manifest["smallest_side"]) == (9, 40)
    assert [shard["photographs"] for shard in manifest["shards"]] == [3, 3, 3]
    for file in (*manifest["shards"], manifest["entries"], manifest["names"]):
        data = (output / file["name"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    assert all(shard["bytes"] <= 20_000 for shard in manifest["shards"])
    assert set(os.listdir(output)) == {
        *(f"all-{number:05}.tfrecord" for number in range(3)),
        *("manifest.json", "all.index.npy", "all.names.txt"),
    }


def test_a_photograph_larger_than_a_shard_has_its_own(folder, tmp_path):
    _prepare(_files(folder), tmp_path / "out", Options(shard_bytes=1))
    assert len(_manifest(tmp_path / "out")["shards"]) == 9


@pytest.mark.parametrize(("encode", "lossless"), [("jpeg", False), ("png", True), ("webp", False)])
def test_encoding_anew_and_reducing(tmp_path, encode, lossless):
    grey = np.full((90, 61, 3), 128, np.uint8)
    ramp = np.linspace(0, 255, 33 * 50 * 3).reshape(33, 50, 3).astype(np.uint8)
    photos = {"large": grey, "small": ramp}
    for name, pixels in photos.items():
        _save(tmp_path / "photos" / f"{name}.bmp", pixels)
    options = Options(encode=encode, shorter_side=40)
    _prepare(_files(str(tmp_path / "photos")), tmp_path / "out", options)
    large, small = _features(tmp_path / "out")
    for record in (large, small):
        image = Image.open(io.BytesIO(record["encoded"]))
        assert record["format"].decode() == image.format.lower() == encode
        assert image.size == (record["width"], record["height"])
        assert image.mode == "RGB"
    assert (large["height"], large["width"]) == (59, 40)  # 90 * 40 / 61 = 59.02
    assert (small["height"], small["width"]) == (33, 50)  # never enlarged
    difference = np.asarray(Image.open(io.BytesIO(small["encoded"]))).astype(int) - photos["small"]
    assert np.abs(difference).max() < 20
    assert (np.abs(difference).max() == 0) == lossless


def test_quality_changes_the_size(folder, tmp_path):
    sizes = []
    for quality in (20, 90):
        output = tmp_path / str(quality)
        _prepare(_files(folder), output, Options(encode="jpeg", quality=quality))
        sizes.append(_manifest(output)["shards"][0]["bytes"])
    assert sizes[0] < 0.7 * sizes[1]


def test_rotated_photographs_are_kept_as_bytes_and_encoded_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    data = _save(tmp_path / "photos" / "a.jpg", _noise(0), exif=exif)
    source = _files(str(tmp_path / "photos"))
    _prepare(source, tmp_path / "kept")
    (kept,) = _features(tmp_path / "kept")
    assert kept["encoded"] == data
    assert (kept["height"], kept["width"]) == (40, 48)
    _prepare(source, tmp_path / "anew", Options(encode="png"))
    (anew,) = _features(tmp_path / "anew")
    assert (anew["height"], anew["width"]) == (48, 40)
    photos = [open_photos("shards", str(tmp_path / name), "all") for name in ("kept", "anew")]
    np.testing.assert_array_equal(photos[0].read(0), photos[1].read(0))


def test_what_is_skipped_and_why(folder, tmp_path):
    (tmp_path / "photos" / "a" / "0-first.jpg").write_bytes(b"not a picture either")
    place = tmp_path / "photos" / "d"
    whole = _save(place / "0-truncated.png", _noise(10))
    (place / "0-truncated.png").write_bytes(whole[:3000])
    (place / "1-text.jpg").write_bytes(b"not a picture")
    (place / "2-empty.png").touch()
    _save(place / "3-small.png", _noise(11, 31, 99))
    _save(place / "4-same-pixels.bmp", _noise(3))
    (place / "notes.txt").write_text("no photograph by its name, so not looked at")
    os.symlink("nowhere", place / "5-broken-link.png")
    output = tmp_path / "out"
    said = _prepare(_files(folder), output)
    manifest = _manifest(output)
    assert [(line["name"], line["kind"]) for line in manifest["skipped"]] == [
        ("a/0-first.jpg", "not an image"),
        ("d/0-truncated.png", "truncated or damaged"),
        ("d/1-text.jpg", "not an image"),
        ("d/2-empty.png", "empty"),
        ("d/3-small.png", "too small"),
        ("d/4-same-pixels.bmp", "duplicate"),
        ("d/5-broken-link.png", "unreadable"),
    ]
    reasons = [line["reason"] for line in manifest["skipped"]]
    assert reasons[4] == "d/3-small.png has a shorter side of 31 pixels, below 32"
    assert reasons[5] == "d/4-same-pixels.bmp has the pixels of c/3.png"
    assert "No such file" in reasons[6]
    assert manifest["photographs"] == 9
    assert sum(manifest["skipped_counts"].values()) == 7
    assert "7 skipped (1 duplicate, 1 empty, 2 not an image, 1 too small" in said


def test_nothing_usable_is_one_clear_line(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"text")
    with pytest.raises(InputError, match=r"none of the 1 photographs can be used: a\.jpg is not"):
        _prepare(_files(str(tmp_path)), tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_the_number_of_workers_does_not_matter(folder, tmp_path):
    (tmp_path / "photos" / "a" / "damaged.png").write_bytes(b"text")
    for workers in (1, 2):
        _prepare(_files(folder), tmp_path / str(workers), workers=workers)
    assert _contents(tmp_path / "1") == _contents(tmp_path / "2")


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_gives_what_its_folder_gives(folder, tmp_path, mode):
    with tarfile.open(tmp_path / "photos.tar", mode) as tar:
        tar.add(folder, ".", filter=_sortable)
    _prepare(TarInput(str(tmp_path / "photos.tar")), tmp_path / "tar")
    _prepare(_files(folder), tmp_path / "folder")
    ours, theirs = _contents(tmp_path / "tar"), _contents(tmp_path / "folder")
    manifests = [json.loads(content.pop("manifest.json")) for content in (ours, theirs)]
    assert ours == theirs
    for manifest in manifests:
        del manifest["splits"]["all"]["input"]
    assert manifests[0] == manifests[1]


def _sortable(member):
    member.mtime = 0
    return member


def test_a_tar_in_another_order_reads_the_same(folder, tmp_path):
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:
        for path in sorted(list_photos(folder), reverse=True):
            tar.add(path, os.path.relpath(path, folder))
    _prepare(TarInput(str(tmp_path / "photos.tar")), tmp_path / "tar")
    photos, files = open_photos("shards", str(tmp_path / "tar"), "all"), Photos(list_photos(folder))
    assert len(photos) == len(files) == 9
    for number in range(9):
        np.testing.assert_array_equal(photos.read(number), files.read(number))


def _add(tar: tarfile.TarFile, name: str, data: bytes, kind=tarfile.REGTYPE) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname = kind, len(data), "x.png"
    tar.addfile(member, io.BytesIO(data))


def test_what_else_a_tar_can_hold(tmp_path):
    photos = [_save(tmp_path / f"{n}.png", _noise(n)) for n in range(3)]
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        _add(tar, "./x.png", photos[0])
        _add(tar, "notes.txt", b"text")
        _add(tar, "._x.png", b"of a Mac")
        _add(tar, ".cache/y.png", photos[1])
        _add(tar, "folder.png", b"", tarfile.DIRTYPE)
        _add(tar, "link.png", b"", tarfile.SYMTYPE)
        _add(tar, "x.png", photos[1])
        _add(tar, "/../z.png", photos[2])
    _prepare(TarInput(str(tmp_path / "x.tar")), tmp_path / "out")
    assert (tmp_path / "out" / "all.names.txt").read_text() == "x.png\nz.png\n"
    assert [(line["name"], line["kind"]) for line in _manifest(tmp_path / "out")["skipped"]] == [
        ("link.png", "unreadable"),
        ("x.png", "same name"),
    ]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda data: data[:20_000],
            r"damaged, at photograph 3 or after it: unexpected end",
        ),
        (lambda data: data[:-10_240], r"no end of the archive"),
        (
            lambda data: data.replace(b"5.png", b"5?png"),
            r"damaged, at photograph 4 or",
        ),
        (lambda data: b"no tar" * 1000, r"is not a tar"),
        (lambda data: b"", r"is not a tar"),
    ],
)
def test_a_damaged_tar_stops(folder, tmp_path, damage, message):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path in sorted(list_photos(folder)):
            tar.add(path, os.path.basename(path))
    (tmp_path / "photos.tar").write_bytes(damage(stream.getvalue()))
    with pytest.raises(InputError, match=message):
        _prepare(TarInput(str(tmp_path / "photos.tar")), tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_second_time_there_is_nothing_to_do(folder, tmp_path):
    output = tmp_path / "out"
    _prepare(_files(folder), output)
    before = {path: path.stat().st_mtime_ns for path in output.iterdir()}
    assert _prepare(_files(folder), output) == (
        f"all: nothing to do, {output} has 9 photographs in 3 shards, 0.1 MB"
    )
    assert {path: path.stat().st_mtime_ns for path in output.iterdir()} == before


def test_other_options_and_other_input_are_refused(folder, tmp_path):
    output = tmp_path / "out"
    _prepare(_files(folder), output)
    before = _contents(output)
    with pytest.raises(InputError, match=r"prepared with --encode=keep and --quality=None"):
        _prepare(_files(folder), output, Options(encode="jpeg", shard_bytes=20_000))
    with pytest.raises(InputError, match=r"prepared with --shard_size=0\.02: "):
        _prepare(_files(folder), output, Options(shard_bytes=30_000))
    os.utime(os.path.join(folder, "a", "1.png"), (0, 0))
    with pytest.raises(InputError, match="prepared with another input: give another --output"):
        _prepare(_files(folder), output)
    assert _contents(output) == before


def test_a_missing_shard_is_noticed(folder, tmp_path):
    _prepare(_files(folder), tmp_path / "out")
    (tmp_path / "out" / "all-00001.tfrecord").unlink()
    with pytest.raises(InputError, match=r"all-00001\.tfrecord is missing: remove"):
        _prepare(_files(folder), tmp_path / "out")


def test_two_splits_in_one_folder(folder, tmp_path):
    for split in ("train", "val"):
        source = FileInput(open_photos("folder", folder, split), folder)
        _prepare(source, tmp_path / "out", split=split)
    assert {path.name[:3] for path in (tmp_path / "out").iterdir()} == {"man", "tra", "val"}
    counts = [_manifest(tmp_path / "out", split)["photographs"] for split in ("train", "val")]
    assert counts == [8, 1]


def test_two_processes_do_not_write_at_once(folder, tmp_path):
    (tmp_path / "out").mkdir()
    descriptor = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(InputError, match="another process is preparing shards in"):
        _prepare(_files(folder), tmp_path / "out")
    os.close(descriptor)
    assert "9 photographs" in _prepare(_files(folder), tmp_path / "out")


class _Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def _kill_before(monkeypatch, place, name: str, calls: int) -> None:
    """`place.name` ends the process when it is called for that time."""
    original = getattr(place, name)
    count = iter(range(1, 1000))

    def killed(*arguments):
        if next(count) == calls:
            raise _Killed
        return original(*arguments)

    monkeypatch.setattr(place, name, killed)


MOMENTS = {
    "first photograph": (shard_writer.ShardWriter, "add", 1),
    "in the second shard": (shard_writer.ShardWriter, "add", 5),
    "before the second part of the index": (shard_writer, "write_bytes", 2),
    "between shard and journal": (journal.Journal, "add", 2),
    "while the journal is replaced": (journal, "write_bytes", 3),
    "before the last shard is closed": (shard_writer.ShardWriter, "close", 3),
    "before the index": (prepare, "sorted_index", 1),
    "within the index": (prepare, "write_bytes", 2),
    "before the manifest": (prepare, "write_manifest", 1),
    "after the manifest": (journal.Journal, "remove", 1),
}


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_killed_at_any_moment_it_ends_in_the_same_bytes(folder, tmp_path, monkeypatch, moment):
    (tmp_path / "photos" / "b" / "3-damaged.png").write_bytes(b"text")
    _save(tmp_path / "photos" / "c" / "9-duplicate.png", _noise(1))
    _prepare(_files(folder), tmp_path / "whole")
    with monkeypatch.context() as patch:
        _kill_before(patch, *MOMENTS[moment])
        with pytest.raises(_Killed):
            _prepare(_files(folder), tmp_path / "killed")
    _prepare(_files(folder), tmp_path / "killed")
    assert _contents(tmp_path / "killed") == _contents(tmp_path / "whole")


def _begin(folder: str, output, monkeypatch) -> None:
    """Two shards are finished, the third is not."""
    with monkeypatch.context() as patch:
        _kill_before(patch, shard_writer.ShardWriter, "close", 3)
        with pytest.raises(_Killed):
            _prepare(_files(folder), output)


def test_finished_shards_are_kept(folder, tmp_path, monkeypatch, capsys):
    _begin(folder, tmp_path / "out", monkeypatch)
    shards = sorted((tmp_path / "out").glob("*.tfrecord"))
    assert [shard.name for shard in shards] == ["all-00000.tfrecord", "all-00001.tfrecord"]
    before = [shard.stat().st_mtime_ns for shard in shards]
    _prepare(_files(folder), tmp_path / "out")
    assert [shard.stat().st_mtime_ns for shard in shards] == before
    assert "all: going on after 2 shards with 6 photographs" in capsys.readouterr().err


@pytest.mark.parametrize("spoilt", ["all-00001.tfrecord", ".all.part/all-00000.tfrecord.npz"])
def test_finished_files_that_are_damaged_are_made_again(
    folder, tmp_path, monkeypatch, capsys, spoilt
):
    _prepare(_files(folder), tmp_path / "whole")
    _begin(folder, tmp_path / "out", monkeypatch)
    data = bytearray((tmp_path / "out" / spoilt).read_bytes())
    data[100] ^= 1
    (tmp_path / "out" / spoilt).write_bytes(data)
    _prepare(_files(folder), tmp_path / "out")
    assert "shards are damaged and made again" in capsys.readouterr().err
    assert _contents(tmp_path / "out") == _contents(tmp_path / "whole")


def test_a_begun_preparation_of_other_options_is_refused(folder, tmp_path, monkeypatch):
    _begin(folder, tmp_path / "out", monkeypatch)
    with pytest.raises(InputError, match=r"begun preparation of all with --min_side=32: "):
        _prepare(_files(folder), tmp_path / "out", Options(shard_bytes=20_000, min_side=33))


def test_a_full_disk_is_one_clear_line_and_can_be_gone_on_from(folder, tmp_path, monkeypatch):
    _prepare(_files(folder), tmp_path / "whole")
    flush = os.fsync
    calls = iter(range(100))

    def full(descriptor):
        if next(calls) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match=r"^cannot write .*: No space left on device$"):
            _prepare(_files(folder), tmp_path / "out")
    _prepare(_files(folder), tmp_path / "out")
    assert _contents(tmp_path / "out") == _contents(tmp_path / "whole")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"encode": "gif"}, "--encode=gif is none of keep, jpeg, png, webp"),
        ({"encode": "png", "quality": 90}, "--quality goes with --encode=jpeg or webp, not png"),
        ({"encode": "jpeg", "quality": 0}, "--quality must be 1 to 100, got 0"),
        ({"shorter_side": 256}, "--shorter_side needs --encode=jpeg, png or webp"),
        ({"encode": "png", "shorter_side": -1}, "--shorter_side must be 0 or more, got -1"),
        ({"min_side": 0}, "--min_side must be 1 or more, got 0"),
        ({"shard_bytes": 0}, "--shard_size must be more than 0"),
    ],
)
def test_options_out_of_range(values, message):
    with pytest.raises(InputError) as caught:
        Options(**values)
    assert str(caught.value) == message
