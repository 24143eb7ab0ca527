"""Files behind s3:// and gs://, against servers on loopback that also fail when told to."""

from __future__ import annotations

import json
import logging

import pytest

from inpainting import files
from inpainting.errors import InputError

EVERYTHING = """
import json
data = bytes(range(256)) * 5000
open(f"{folder}/file", "wb").write(data)
open(f"{folder}/empty", "wb").write(b"")
files.upload(f"{folder}/file", url + "/a/b/file")
files.upload(f"{folder}/empty", url + "/a/empty")
files.download(url + "/a/b/file", f"{folder}/again/file")
said = {
    "whole": files.read_bytes(url + "/a/b/file") == data,
    "again": open(f"{folder}/again/file", "rb").read() == data,
    "range": files.read_bytes(url + "/a/b/file", 1000, 300) == data[1000:1300],
    "at the end": len(files.read_bytes(url + "/a/b/file", len(data) - 5, 300)),
    "beyond": len(files.read_bytes(url + "/a/b/file", len(data), 300)),
    "empty": len(files.read_bytes(url + "/a/empty")),
    "sizes": [files.size_of(url + "/" + name) for name in ("a/b/file", "a/empty", "a/no", "a")],
    "exists": [files.exists(url + "/" + name) for name in ("a/b/file", "a", "a/no")],
    "folders": [files.is_folder(url + name) for name in ("", "/a", "/a/", "/no", "/a/empty")],
    "below": [files.files_below(url + name) for name in ("", "/a", "/a/", "/no")],
}
files.remove(url + "/a/b/file")
files.remove(url + "/a/b/file")
files.remove(url + "/a/empty")
said["after"] = files.files_below(url)
print(json.dumps(said))
"""
EXPECTED = {
    "whole": True,
    "again": True,
    "range": True,
    "at the end": 5,
    "beyond": 0,
    "empty": 0,
    "sizes": [1_280_000, 0, None],
    "exists": [True, True, False],
    "folders": [True, True, True, False, False],
    "below": [["a/b/file", "a/empty"], ["b/file", "empty"], ["b/file", "empty"], []],
    "after": [],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("every", "kinds"), [(0, "error"), (3, "error"), (3, "cut"), (4, "cut,error,slow")]
)
def test_all_that_is_done_with_files(cloud, tmp_path, every, kinds):
    if cloud.bucket.startswith("gs") and "cut" in kinds:
        pytest.skip("this server's faults are errors only")
    cloud.fail(every, kinds)
    said = json.loads(cloud.python(f"folder = {str(tmp_path)!r}\n{EVERYTHING}"))
    assert (cloud.fail(0) > 5) == bool(every)
    said["sizes"] = said["sizes"][:3]  # of a folder, each file system says what it likes
    assert said == EXPECTED


@pytest.mark.slow
def test_what_is_not_there_or_refused_is_said_at_once(cloud):
    said = cloud.python("""
for path in ("/no", "x/no"):
    try:
        files.read_bytes(url + path)
    except files.InputError as error:
        print(error)
""").splitlines()
    assert len(said) == 2
    assert said[0].startswith(f"cannot read {cloud.bucket}/no: ")
    assert "tried" not in said[0]


class Failing:
    """Fails some times, then works."""

    def __init__(self, error, times):
        self.error, self.times, self.calls = error, times, 0

    def __call__(self):
        self.calls += 1
        if self.calls <= self.times:
            raise self.error(None, None, "no answer")
        return "done"


def test_waits_double_and_end(monkeypatch, caplog):
    import tensorflow as tf

    waits = []
    monkeypatch.setattr(files.time, "sleep", waits.append)
    failing = Failing(tf.errors.UnavailableError, 3)
    with caplog.at_level(logging.WARNING):
        assert files._attempt(failing, "s3://x/y") == "done"
    assert waits == [1, 2, 4]
    assert "cannot read s3://x/y (no answer), trying again in 4 s" in caplog.text
    waits.clear()
    failing = Failing(tf.errors.InternalError, 99)
    with pytest.raises(InputError, match="cannot write s3://x/y: no answer, tried 6 times"):
        files._attempt(failing, "s3://x/y", "write")
    assert waits == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("name", ["NotFoundError", "PermissionDeniedError"])
def test_what_cannot_help_is_not_tried_again(monkeypatch, name):
    import tensorflow as tf

    monkeypatch.setattr(files.time, "sleep", None)
    failing = Failing(getattr(tf.errors, name), 1)
    with pytest.raises(InputError, match=r"^cannot read s3://x/y: no answer$"):
        files._attempt(failing, "s3://x/y")
    assert failing.calls == 1


def test_local_paths_do_without_tensorflow(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"0123456789")
    path = files.join(str(tmp_path), "below", "file")
    assert files.read_bytes(path) == b"0123456789"
    assert files.read_bytes(path, 4, 3) == b"456"
    assert files.files_below(str(tmp_path)) == ["below/file"]
    assert files.size_of(path) == 10
    assert files.size_of(path + "x") is None
    assert files.join("s3://bucket/a/", "b") == "s3://bucket/a/b"
    with pytest.raises(InputError, match=r"cannot read .*filex: No such file"):
        files.read_bytes(path + "x")
