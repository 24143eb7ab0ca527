"""Checkpoints: what comes back, what is refused, and that a failed write loses nothing."""

import math
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.training.best import BestCheckpoint
from inpainting.training.checkpoints import CheckpointStore, generator_item, restore


class Network(tf.Module):
    """A generator's stand-in: one variable of the wanted size."""

    def __init__(self, size=4, value=0.0):
        super().__init__()
        self.weight = tf.Variable(tf.fill([size], value))

    def checkpoint_items(self):
        return {"generator": self}


def test_restores_values_and_step(tmp_path):
    network = Network(value=1.5)
    CheckpointStore(str(tmp_path), network, keep=2).save(7)
    fresh = Network()
    assert CheckpointStore(str(tmp_path), fresh, keep=2).restore_latest() == 7
    np.testing.assert_array_equal(fresh.weight.numpy(), np.full(4, 1.5, np.float32))


def test_keeps_the_newest(tmp_path):
    store = CheckpointStore(str(tmp_path), Network(), keep=2)
    for step in (1, 2, 3):
        store.save(step)
    names = {path.name for path in (tmp_path / "checkpoints").glob("*.index")}
    assert names == {"step-2.index", "step-3.index"}


def test_nothing_to_resume_from(tmp_path):
    with pytest.raises(InputError, match="no checkpoint in"):
        CheckpointStore(str(tmp_path), Network(), keep=1).restore_latest()


def test_other_shapes_and_damage_are_one_line(tmp_path):
    prefix = CheckpointStore(str(tmp_path), Network(size=4), keep=1).save(1)
    with pytest.raises(InputError, match="cannot be read") as caught:
        restore(tf.train.Checkpoint(generator=Network(size=5)), prefix)
    assert "\n" not in str(caught.value)
    Path(prefix + ".index").write_bytes(b"not an index")
    with pytest.raises(InputError, match="cannot be read"):
        restore(tf.train.Checkpoint(generator=Network(size=4)), prefix)


def test_a_missing_variable_is_an_error(tmp_path):
    prefix = CheckpointStore(str(tmp_path), Network(), keep=1).save(1)
    with pytest.raises(InputError, match="cannot be read"):
        restore(tf.train.Checkpoint(nosuch=Network()), prefix)


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path):
    """The limit on a file's size makes the kernel refuse the write, as a full disk does."""
    network = Network(size=100_000, value=1.0)
    store = CheckpointStore(str(tmp_path), network, keep=3)
    store.save(1)
    network.weight.assign(tf.fill([100_000], 2.0))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        said = r"step 2 not written \(File too large\); the last good one is .*step-1"
        with pytest.raises(InputError, match=said):
            store.save(2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    left = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert left == ["checkpoint", "step-1.data-00000-of-00001", "step-1.index"]
    fresh = Network(size=100_000)
    assert CheckpointStore(str(tmp_path), fresh, keep=3).restore_latest() == 1
    assert fresh.weight.numpy().min() == 1.0
    assert store.save(3).endswith("step-3")


@pytest.fixture
def three(tmp_path):
    """A run folder with the checkpoints of steps 1, 2 and 3, whose weights are 1, 2 and 3."""
    network = Network(size=1000)
    store = CheckpointStore(str(tmp_path), network, keep=3)
    for step in (1, 2, 3):
        network.weight.assign(tf.fill([1000], float(step)))
        store.save(step)
    return tmp_path


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def remove(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


DAMAGES = [
    (truncate, "data-00000-of-00001"),
    (flip, "data-00000-of-00001"),
    (remove, "data-00000-of-00001"),
    (empty, "data-00000-of-00001"),
    (truncate, "index"),
    (empty, "index"),
]


@pytest.mark.parametrize(("damage", "file"), DAMAGES)
def test_a_damaged_newest_is_named_and_the_one_before_taken(three, capsys, damage, file):
    damage(three / "checkpoints" / f"step-3.{file}")
    network = Network(size=1000)
    store = CheckpointStore(str(three), network, keep=3)
    assert store.restore_latest() == 2
    assert network.weight.numpy().tolist() == [2.0] * 1000
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "step-3 cannot be read" in said
    assert said.endswith("trying the one before it\n")
    # What others find is the one that is whole, and training writes the damaged one anew.
    assert tf.train.latest_checkpoint(store.directory).endswith("step-2")
    store.save(3)
    assert CheckpointStore(str(three), Network(size=1000), keep=3).restore_latest() == 3


def test_without_its_index_a_checkpoint_is_none_and_its_pieces_go(three):
    (three / "checkpoints" / "step-3.index").unlink()
    (three / "checkpoints" / "step-4_temp").mkdir()
    store = CheckpointStore(str(three), Network(size=1000), keep=3)
    assert store.restore_latest() == 2
    names = {path.name.split(".")[0] for path in (three / "checkpoints").iterdir()}
    assert names == {"checkpoint", "step-1", "step-2"}


@pytest.mark.parametrize("damage", [remove, empty])
def test_the_list_of_checkpoints_may_be_damaged(three, damage):
    damage(three / "checkpoints" / "checkpoint")
    store = CheckpointStore(str(three), Network(size=1000), keep=3)
    assert store.restore_latest() == 3
    store.save(4)
    names = {path.name for path in (three / "checkpoints").glob("*.index")}
    assert names == {"step-2.index", "step-3.index", "step-4.index"}


def test_a_resumed_run_folder_can_be_moved(three):
    CheckpointStore(str(three), Network(size=1000), keep=3).restore_latest()
    moved = three.rename(three.parent / "moved")
    assert CheckpointStore(str(moved), Network(size=1000), keep=3).restore_latest() == 3
    assert tf.train.latest_checkpoint(moved / "checkpoints") == str(moved / "checkpoints/step-3")


def test_nothing_whole_is_an_error(three):
    for step in (1, 2, 3):
        flip(three / "checkpoints" / f"step-{step}.data-00000-of-00001")
    with pytest.raises(InputError, match=r"none of the 3 checkpoints .* can be read") as caught:
        CheckpointStore(str(three), Network(size=1000), keep=3).restore_latest()
    assert "\n" not in str(caught.value)


def test_no_flipped_bit_goes_unseen(three):
    """TensorFlow compares the CRC-32C of every tensor and of every block of the index."""
    rng = np.random.default_rng(0)
    for file in ("data-00000-of-00001", "index"):
        path = three / "checkpoints" / f"step-3.{file}"
        good = path.read_bytes()
        for place in rng.choice(len(good), 60, replace=False):
            bad = bytearray(good)
            bad[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(bad)
            network = Network(size=1000)
            try:
                restore(tf.train.Checkpoint(generator=network), str(path.with_suffix("")))
            except InputError:
                continue
            # Bits that mean nothing, such as padding.
            assert network.weight.numpy().tolist() == [3.0] * 1000, (file, place)
        path.write_bytes(good)


def best_of(folder, value):
    network = Network(size=1000)
    store = CheckpointStore(str(folder), network, keep=3)
    best = BestCheckpoint(store)
    network.weight.assign(tf.fill([1000], float(value)))
    return best


def test_the_best_is_kept_apart(three):
    best = best_of(three, 7.0)
    assert best.offer(5, 0.25)
    assert not best.offer(6, 0.25)
    assert not best.offer(7, math.nan)
    assert {path.name for path in (three / "best").glob("*.index")} == {"step-5.index"}
    assert {path.name for path in (three / "checkpoints").glob("*.index")} == {
        f"step-{step}.index" for step in (1, 2, 3)
    }
    again = best_of(three, 8.0)  # a resumed run knows what to beat
    assert again.error == 0.25
    assert not again.offer(8, 0.3)
    assert again.offer(9, 0.2)
    assert {path.name for path in (three / "best").glob("*.index")} == {"step-9.index"}


def test_the_best_counts_among_those_to_go_on_from(three, capsys):
    best_of(three, 7.0).offer(5, 0.25)
    network = Network(size=1000)
    assert CheckpointStore(str(three), network, keep=3).restore_latest() == 5
    assert network.weight.numpy()[0] == 7.0
    flip(three / "best" / "step-5.data-00000-of-00001")
    assert CheckpointStore(str(three), network, keep=3).restore_latest() == 3
    assert "best/step-5 cannot be read" in capsys.readouterr().out


def test_a_damaged_best_is_said_and_made_anew(three, capsys):
    best_of(three, 7.0).offer(5, 0.25)
    truncate(three / "best" / "step-5.index")
    again = best_of(three, 8.0)
    assert "step-5 cannot be read" in capsys.readouterr().out
    assert again.offer(6, 0.5)


def test_an_average_is_found_by_its_name(tmp_path):
    average = Network(value=2.0)
    prefix = CheckpointStore(str(tmp_path), Network(value=1.0), 2, average).save(1)
    assert generator_item(prefix) == "generator_average"
    network = Network()
    restore(tf.train.Checkpoint(generator_average=network), prefix)
    assert network.weight.numpy()[0] == 2.0
    without = CheckpointStore(str(tmp_path / "without"), Network(), 2).save(1)
    assert generator_item(without) == "generator"
    with pytest.raises(InputError, match="nosuch cannot be read"):
        generator_item(str(tmp_path / "nosuch"))
