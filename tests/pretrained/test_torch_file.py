"""Files of PyTorch, read without it: what is in them, and what is refused."""

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.pretrained.importers.torch_file import read_torch_file

ARRAYS = Path(__file__).parents[1] / "arrays"


@pytest.mark.parametrize("name", ["state_zip.pth", "state_stream.pth"])
def test_both_formats_of_pytorch_itself(name):
    """Of one tensor: itself, turned about, a part of it (views of one storage), other types."""
    plain = np.random.default_rng(5).random((4, 3, 3, 2)).astype(np.float32)
    state = read_torch_file(str(ARRAYS / name))
    assert set(state) == {"plain", "turned", "part", "half", "double", "count", "empty", "scalar"}
    assert {array.dtype for array in state.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(state["plain"], plain)
    np.testing.assert_array_equal(state["turned"], plain.transpose(3, 2, 1, 0))
    np.testing.assert_array_equal(state["part"], plain[1:3, :, 1])
    np.testing.assert_array_equal(state["half"], plain.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(state["double"], plain)
    assert state["count"] == 7
    assert state["scalar"] == 1.5
    assert state["empty"].shape == (0, 3)


def test_what_the_tests_write_is_read(tmp_path, write_torch_file):
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.float32([7])}
    write_torch_file(tmp_path / "state.pth", arrays)
    state = read_torch_file(str(tmp_path / "state.pth"))
    assert list(state) == ["a", "b"]
    np.testing.assert_array_equal(state["a"], arrays["a"])


class _Mischief:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        (os.system, ("touch {}",), "posix.system"),
        (eval, ("open('{}', 'w')",), "eval"),
        (getattr, ("", "join"), "getattr"),
        (io.open, ("{}", "w"), "io.open"),
    ],
)
def test_a_pickle_that_would_run_code_is_refused(tmp_path, stream, function, arguments, said):
    trace = tmp_path / "trace"
    mischief = _Mischief(function, *[argument.format(trace) for argument in arguments])
    path = tmp_path / "evil.pth"
    if stream:
        path.write_bytes(pickle.dumps({"weight": mischief}, protocol=2))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({"weight": mischief}, protocol=2))
    with pytest.raises(InputError, match=f"evil.pth is refused: .*{said}"):
        read_torch_file(str(path))
    assert not trace.exists()


@pytest.mark.parametrize("name", ["state_zip.pth", "state_stream.pth"])
def test_truncated_at_any_place(tmp_path, name):
    data = (ARRAYS / name).read_bytes()
    path = tmp_path / "short.pth"
    for length in range(0, len(data) - 1, 37):
        path.write_bytes(data[:length])
        with pytest.raises(InputError, match=r"short\.pth cannot be read as a PyTorch file"):
            read_torch_file(str(path))


def test_damaged_values_are_noticed(tmp_path):
    """The zip archive has a checksum of each entry."""
    data = bytearray((ARRAYS / "state_zip.pth").read_bytes())
    place = data.index(np.random.default_rng(5).random((4, 3, 3, 2)).astype(np.float32).tobytes())
    data[place + 10] ^= 1
    (tmp_path / "damaged.pth").write_bytes(data)
    with pytest.raises(InputError, match="Bad CRC-32"):
        read_torch_file(str(tmp_path / "damaged.pth"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        pickle.dumps({"weight": 1}, protocol=2),
        pickle.dumps([1, 2], protocol=2),
    ],
)
def test_other_files(tmp_path, content):
    path = tmp_path / "other.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"other\.pth cannot be read as a PyTorch file"):
        read_torch_file(str(path))


@pytest.mark.parametrize("state", [{"epoch": 3}, {}, [1, 2], {"model": {"weight": 1}}])
def test_something_other_than_tensors(tmp_path, state):
    path = tmp_path / "other.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(state, protocol=2))
    with pytest.raises(InputError, match="no dict of tensors"):
        read_torch_file(str(path))


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_torch_file(str(tmp_path / "nothing.pth"))
