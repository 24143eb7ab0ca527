"""Buckets, the crop rule and the seeded masks."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.evaluation.protocol import (
    Bucket,
    SeededMasks,
    fit_photo,
    parse_buckets,
    sha256_of,
)


def test_buckets_keep_their_order_and_have_one_name():
    assert parse_buckets("30-40, 2.50-5") == [Bucket("30-40", 30, 40), Bucket("2.5-5", 2.5, 5)]


@pytest.mark.parametrize("text", ["40", "40-30", "30-30", "a-b", "10-20-30", "-5-10", "90-101"])
def test_what_is_no_range_of_per_cent_is_refused(text):
    with pytest.raises(InputError, match="LOW-HIGH"):
        parse_buckets(text)


def test_no_bucket_and_a_bucket_twice_are_refused():
    with pytest.raises(InputError, match="empty"):
        parse_buckets(" ,")
    with pytest.raises(InputError, match="10-20 more than once"):
        parse_buckets("10-20,10.0-20")


def test_a_bucket_holds_its_low_end_and_not_its_high_end():
    bucket = Bucket("30-40", 30, 40)
    assert [bucket.holds(pixels, 100) for pixels in (29, 30, 39, 40)] == [False, True, True, False]
    assert not Bucket("0-10", 0, 10).holds(0, 100)


@pytest.mark.parametrize("bucket", parse_buckets("0-10,10-20,20-30,30-40,55.5-56,95-100"))
def test_masks_are_of_their_bucket(bucket):
    masks = SeededMasks(32, seed=4)
    for photo in range(12):
        mask = masks.draw(f"photo {photo}", bucket)
        assert mask.shape == (32, 32)
        assert set(np.unique(mask)) == {0, 1}
        assert bucket.holds(int(mask.sum()), mask.size)


def test_masks_differ_by_photo_bucket_seed_and_size():
    bucket, other = parse_buckets("10-20,20-30")
    drawn = [
        SeededMasks(32, 0).draw("a", bucket),
        SeededMasks(32, 0).draw("b", bucket),
        SeededMasks(32, 0).draw("a", other),
        SeededMasks(32, 1).draw("a", bucket),
        SeededMasks(48, 0).draw("a", bucket),
    ]
    assert len({sha256_of(mask) for mask in drawn}) == len(drawn)


DRAW = """
import sys
from inpainting.evaluation.protocol import SeededMasks, parse_buckets, sha256_of
bucket = parse_buckets("20-30")[0]
hashes = {name: sha256_of(SeededMasks(48, 7).draw(name, bucket)) for name in sys.argv[1:]}
print(sorted(hashes.items()))
"""


def test_another_process_and_another_order_give_the_same_masks():
    def draw(hash_seed: str, names: list[str]) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", DRAW, *names]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    names = ["x", "y", "z"]
    assert draw("1", names) == draw("2", names[::-1])


def test_the_masks_of_version_1_stay_what_they_are():
    """Published tables depend on them: if this fails, the protocol needs a new version."""
    bucket = parse_buckets("30-40")[0]
    assert sha256_of(SeededMasks(64, 0).draw("photo", bucket))[:16] == "aa8f1bbe3259287d"


def test_a_bucket_without_a_whole_pixel_is_refused():
    with pytest.raises(InputError, match="holds no number of pixels at 32x32"):
        SeededMasks(32, 0).check(parse_buckets("30.01-30.02")[0])


def test_centre_takes_the_largest_central_square():
    photo = np.zeros((20, 40, 3), np.uint8)
    photo[:, 10:30] = 200
    fitted = fit_photo(photo, 16, "centre", "p")
    assert fitted.shape == (16, 16, 3)
    assert (fitted == 200).all()


def test_resize_keeps_the_whole_photo_and_may_enlarge():
    photo = np.zeros((10, 40, 3), np.uint8)
    photo[:, 20:] = 200
    fitted = fit_photo(photo, 32, "resize", "p")
    assert (fitted[:, :12] == 0).all()
    assert (fitted[:, 20:] == 200).all()


def test_a_photo_of_the_size_is_not_resampled():
    photo = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    assert (fit_photo(photo, 24, "centre", "p") == photo).all()
    assert (fit_photo(photo, 24, "resize", "p") == photo).all()


def test_a_photo_smaller_than_the_crop_is_refused_by_name():
    photo = np.zeros((20, 40, 3), np.uint8)
    with pytest.raises(InputError, match=r"small.png is 40x20, smaller than the crop of 24x24"):
        fit_photo(photo, 24, "centre", "small.png")
