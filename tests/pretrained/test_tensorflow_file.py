import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.pretrained.importers.tensorflow_file import read_tensorflow_file

VARIABLES = {
    "net/conv/kernel": np.random.default_rng(0).random((3, 3, 4, 50), np.float32),
    "net/conv/bias": np.zeros(50, np.float32),
}


@pytest.fixture
def checkpoint(tmp_path, write_tensorflow_file):
    write_tensorflow_file(tmp_path / "snap-0", VARIABLES)
    (tmp_path / "snap-0.meta").write_bytes(b"a graph")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["snap-0", "snap-0.index", "snap-0.meta", "snap-0.data-00000-of-00001", ""]
)
def test_prefix_file_or_folder(checkpoint, name):
    variables = read_tensorflow_file(str(checkpoint / name))
    assert sorted(variables) == sorted(VARIABLES)
    for name, values in VARIABLES.items():
        np.testing.assert_array_equal(variables[name], values)


def test_folder_of_several(checkpoint, write_tensorflow_file):
    write_tensorflow_file(checkpoint / "snap-1", VARIABLES)
    with pytest.raises(InputError, match="holds 2 TensorFlow checkpoints: name one"):
        read_tensorflow_file(str(checkpoint))
    (checkpoint / "checkpoint").write_text('model_checkpoint_path: "snap-1"\n')
    assert len(read_tensorflow_file(str(checkpoint))) == 2


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="no TensorFlow checkpoint at"):
        read_tensorflow_file(str(tmp_path / "snap-0"))
    with pytest.raises(InputError, match="holds 0 TensorFlow checkpoints"):
        read_tensorflow_file(str(tmp_path))


@pytest.mark.parametrize("name", ["snap-0.index", "snap-0.data-00000-of-00001"])
def test_truncated(checkpoint, name):
    data = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="cannot be read as a TensorFlow checkpoint"):
        read_tensorflow_file(str(checkpoint))


def test_a_file_is_missing(checkpoint):
    (checkpoint / "snap-0.data-00000-of-00001").unlink()
    with pytest.raises(InputError, match="cannot be read as a TensorFlow checkpoint"):
        read_tensorflow_file(str(checkpoint))
