"""The file of scores: interrupted and gone on with, and refused where it is another run's."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.evaluation.scores import ScoreFile

SETTINGS = {"size": 32, "buckets": ["10-20"]}


SYSTEMS = {"telea": {"radius": 3}}


def open_scores(
    folder: Path, resume: bool = False, settings=SETTINGS, systems=SYSTEMS
) -> ScoreFile:
    path = str(folder / "scores.jsonl")
    return ScoreFile(path, settings, systems, ["a", "b", "c"], ["l1", "ssim"], resume)


def begin(folder: Path) -> ScoreFile:
    scores = open_scores(folder)
    scores.add_photo(0, {"pixels": "00"})
    scores.add("telea", "10-20", 0, {"l1": 1.5, "ssim": None})
    scores.flush()
    return scores


def test_values_are_in_the_photos_order_and_none_is_nan(tmp_path):
    scores = begin(tmp_path)
    scores.add("telea", "10-20", 2, {"l1": 2.0, "ssim": 0.5})
    expected = [[1.5, np.nan], [np.nan, np.nan], [2.0, 0.5]]
    np.testing.assert_array_equal(scores.values("telea", "10-20"), expected)
    assert scores.has("telea", "10-20", [0, 2])
    assert not scores.has("telea", "10-20", [0, 1])
    assert not scores.has("ns", "10-20", [0])


def test_resume_keeps_what_is_done_and_cuts_off_half_a_line(tmp_path):
    begin(tmp_path)
    path = tmp_path / "scores.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"system": "telea", "bucket": "10-20", "pho')
    scores = open_scores(tmp_path, resume=True)
    assert scores.has("telea", "10-20", [0])
    assert scores.photo_records == {0: {"pixels": "00"}}
    assert path.read_bytes() == whole
    scores.add("telea", "10-20", 1, {"l1": 3.0, "ssim": 1.0})
    scores.finish()
    again = open_scores(tmp_path, resume=True)
    np.testing.assert_array_equal(again.values("telea", "10-20")[:2, 0], [1.5, 3.0])


def test_what_is_scored_already_stays(tmp_path):
    scores = begin(tmp_path)
    scores.add("telea", "10-20", 0, {"l1": 9.0, "ssim": 0.0})
    assert scores.values("telea", "10-20")[0, 0] == 1.5


def test_an_unfinished_file_is_not_overwritten(tmp_path):
    begin(tmp_path)
    with pytest.raises(InputError, match=r"unfinished evaluation \(1 scores\).*--resume"):
        open_scores(tmp_path)


def test_a_finished_file_of_the_same_settings_is_begun_anew(tmp_path):
    begin(tmp_path).finish()
    assert not open_scores(tmp_path).has("telea", "10-20", [0])


@pytest.mark.parametrize("resume", [False, True])
def test_other_settings_are_refused_by_name(tmp_path, resume):
    begin(tmp_path).finish()
    with pytest.raises(InputError, match=r"other settings \(size\)"):
        open_scores(tmp_path, resume, {**SETTINGS, "size": 64})


def test_a_file_that_is_no_file_of_scores_is_refused(tmp_path):
    path = tmp_path / "scores.jsonl"
    for text, message in (('{"my": "notes"}\n', "other settings"), ("notes", "no file of scores")):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            open_scores(tmp_path, resume=True)
        assert path.read_text() == text


def test_another_system_of_the_same_name_is_refused(tmp_path):
    begin(tmp_path)
    with pytest.raises(InputError, match=r"another system .* called telea"):
        open_scores(tmp_path, resume=True, systems={"telea": {"radius": 5}})


def test_scores_of_further_systems_are_kept(tmp_path):
    begin(tmp_path).finish()
    with pytest.raises(InputError, match=r"holds scores of telea as well \(1 scores\): --resume"):
        open_scores(tmp_path, systems={"ns": {}})
    scores = open_scores(tmp_path, resume=True, systems={"ns": {}})
    assert scores.has("telea", "10-20", [0])
    scores.add("ns", "10-20", 0, {"l1": 1.0, "ssim": 1.0})
    assert list(scores.systems) == ["telea", "ns"]


def test_a_full_disk_is_one_clear_line(tmp_path):
    scores = begin(tmp_path)
    with open("/dev/full", "w") as scores._stream:
        scores.add("telea", "10-20", 1, {"l1": 1.0, "ssim": 1.0})
        with pytest.raises(InputError, match=r"cannot write .*: No space left"):
            scores.flush()
        with contextlib.suppress(OSError):
            scores._stream.close()


def test_a_photo_that_changed_is_refused(tmp_path):
    begin(tmp_path)
    scores = open_scores(tmp_path, resume=True)
    scores.add_photo(0, {"pixels": "00"})
    with pytest.raises(InputError, match=r"a .* is not what it was"):
        scores.add_photo(0, {"pixels": "11"})
