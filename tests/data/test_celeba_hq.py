"""The splits of CelebA-HQ, official and usual."""

from __future__ import annotations

import os

import pytest

from inpainting.data import celeba_hq
from inpainting.data.sources import open_photos
from inpainting.errors import InputError


def _stems(data_dir: str, split: str) -> list[str]:
    paths = open_photos("celeba_hq", data_dir, split).paths
    return sorted(os.path.splitext(os.path.basename(path))[0] for path in paths)


def test_nine_tenths_by_number_are_for_training(make_files):
    folder = make_files(*(f"{number}.jpg" for number in range(30)))
    assert _stems(folder, "train") == sorted(str(number) for number in range(27))
    assert _stems(folder, "val") == ["27", "28", "29"]
    assert len(open_photos("celeba_hq", folder, "all")) == 30


def test_all_thirty_thousand_split_27000_to_3000(make_files, monkeypatch):
    folder = make_files("0.jpg")
    names = [os.path.join(folder, f"{number:05}.jpg") for number in range(30000)]
    monkeypatch.setattr(celeba_hq, "list_photos", lambda _: names[::-1])
    assert open_photos("celeba_hq", folder, "train").paths == names[:27000]
    assert open_photos("celeba_hq", folder, "val").paths == names[27000:]


@pytest.mark.parametrize("place", ["CelebA-HQ-img", "CelebAMask-HQ/CelebA-HQ-img"])
def test_masks_beside_the_photographs_are_left_out(make_files, place):
    folder = make_files(
        *(f"{place}/{number}.jpg" for number in range(10)),
        "CelebAMask-HQ-mask-anno/0/00000_skin.png",
    )
    assert len(open_photos("celeba_hq", folder, "all")) == 10


def test_folders_train_and_val_are_the_splits(make_files):
    folder = make_files("train/5.jpg", "val/1.jpg", "val/2.jpg")
    assert _stems(folder, "train") == ["5"]
    assert _stems(folder, "val") == ["1", "2"]


# Number in CelebA-HQ, number - 1 in CelebA, file in CelebA; by the numbers at which the official
# partition of CelebA cuts (162,770 for training, 19,867 for validation) 1 and 3 are the last and
# first of their parts.
MAPPING = [
    "idx orig_idx orig_file",
    "0          119613     119614.jpg",
    "1          162769     162770.jpg",
    "2          200121     200122.jpg",
    "3          162770     162771.jpg",
    "4          182636     182637.jpg",
    "5          182637     182638.jpg",
]


@pytest.mark.parametrize("place", ["CelebA-HQ-to-CelebA-mapping.txt", "up"])
def test_official_mapping(make_files, write_lines, place):
    names = [f"{number}.jpg" for number in range(7)]
    if place == "up":  # data_dir is the folder of photographs itself
        folder = os.path.join(make_files(*(f"faces/{name}" for name in names)), "faces")
    else:
        folder = make_files(*names)
    write_lines("CelebA-HQ-to-CelebA-mapping.txt", *MAPPING)
    assert _stems(folder, "train") == ["0", "1"]
    assert _stems(folder, "val") == ["3", "4"]  # 2 and 5 are for testing, 6 is not in the list


def test_official_partition_file(make_files, write_lines):
    folder = make_files(*(f"{number:05}.jpg" for number in range(6)))
    write_lines("CelebA-HQ-to-CelebA-mapping.txt", *MAPPING)
    write_lines(
        "list_eval_partition.txt",
        *("119614.jpg 1", "162770.jpg 2", "200122.jpg 0", "162771.jpg 0"),
        *("182637.jpg 2", "182638.jpg 1"),
    )
    assert _stems(folder, "train") == ["00002", "00003"]
    assert _stems(folder, "val") == ["00000", "00005"]


def test_photographs_counted_from_one(make_files, write_lines):
    folder = make_files(*(f"{number:05}.jpg" for number in range(1, 7)), "30000.jpg")
    write_lines("CelebA-HQ-to-CelebA-mapping.txt", *MAPPING)
    assert _stems(folder, "train") == ["00001", "00002"]
    assert _stems(folder, "val") == ["00004", "00005"]


def test_photographs_named_like_the_originals(make_files, write_lines):
    folder = make_files("119614.jpg", "162770.jpg", "162771.jpg", "200122.jpg", "000001.jpg")
    write_lines("CelebA-HQ-to-CelebA-mapping.txt", *MAPPING)
    assert _stems(folder, "train") == ["119614", "162770"]
    assert _stems(folder, "val") == ["162771"]


@pytest.mark.parametrize(
    "names", [("train.txt", "val.txt"), ("train_shuffled.flist", "val_x.flist")]
)
def test_lists_of_names(make_files, write_lines, names):
    folder = make_files(*(f"{number}.jpg" for number in range(8)))
    write_lines(names[0], "3.jpg", "some/where/5.png", "missing.jpg")
    write_lines(names[1], "0.jpg", "7")
    assert _stems(folder, "train") == ["3", "5"]
    assert _stems(folder, "val") == ["0", "7"]


def test_lists_that_leave_a_doubt(make_files, write_lines):
    folder = make_files("0.jpg", "1.jpg")
    write_lines("train.txt", "0.jpg")
    with pytest.raises(InputError, match="none with names for val"):
        open_photos("celeba_hq", folder, "train")
    write_lines("train_2.txt", "1.jpg")
    with pytest.raises(InputError, match=r"several lists for train: train\.txt train_2\.txt"):
        open_photos("celeba_hq", folder, "train")


@pytest.mark.parametrize("line", ["7 8", "a b c.jpg", "1 2 x.png"])
def test_a_list_that_is_another_one(make_files, write_lines, line):
    folder = make_files("0.jpg", "1.jpg")
    write_lines("CelebA-HQ-to-CelebA-mapping.txt", MAPPING[0], line)
    with pytest.raises(InputError, match="is not the published list"):
        open_photos("celeba_hq", folder, "train")
