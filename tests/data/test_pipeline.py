"""Batches: a pure function of seed and step, with every choice made for each sample."""

from __future__ import annotations

import itertools
import os
import time

import numpy as np
import pytest
import tensorflow as tf

from inpainting.data.photos import Photos, list_photos
from inpainting.data.pipeline import centre_crop, open_masks, random_crop, training_dataset
from inpainting.errors import InputError
from inpainting.image import to_float, write_image

SIZE = 32


@pytest.fixture
def photos(photo_folder):
    return Photos(list_photos(photo_folder))


def _batches(photos, count, start_step=0, batch_size=4, seed=5, **options):
    dataset = training_dataset(photos, SIZE, batch_size, seed, start_step, **options)
    return [tuple(t.numpy() for t in batch) for batch in itertools.islice(dataset, count)]


def _assert_same(batches, others):
    assert len(batches) == len(others)
    for batch, other in zip(batches, others):
        for tensor, expected in zip(batch, other):
            np.testing.assert_array_equal(tensor, expected)


def _photo_numbers(image: np.ndarray) -> list[int]:
    """Which photograph each sample is, from its red channel."""
    return np.rint(image[:, 0, 0, 0] * 255 / 10).astype(int).tolist()


def test_shapes_are_known_and_values_in_range(photos):
    dataset = training_dataset(photos, SIZE, 4, seed=0)
    image_spec, mask_spec = dataset.element_spec
    assert image_spec == tf.TensorSpec((4, SIZE, SIZE, 3), tf.float32)
    assert mask_spec == tf.TensorSpec((4, SIZE, SIZE, 1), tf.float32)
    for image, mask in _batches(photos, 5):
        assert image.min() >= 0
        assert image.max() <= 1
        assert image.max() > 0.9
        assert set(np.unique(mask)) == {0.0, 1.0}
        assert np.all((mask.mean(axis=(1, 2, 3)) > 0) & (mask.mean(axis=(1, 2, 3)) < 1))


def test_a_run_started_later_sees_the_same_batches(photos):
    whole = _batches(photos, 9)
    _assert_same(_batches(photos, 3, start_step=6), whole[6:])


def test_the_workers_shares_are_the_batch(photos):
    """Also of a run started later: 4 samples, of which 2 workers make 2 each and 4 make 1."""
    whole = _batches(photos, 3, start_step=6)
    for count in (2, 4):
        shares = [_batches(photos, 3, start_step=6, share=(index, count)) for index in range(count)]
        joined = [
            tuple(np.concatenate(parts) for parts in zip(*batches)) for batches in zip(*shares)
        ]
        _assert_same(joined, whole)


@pytest.mark.parametrize("share", [(2, 2), (-1, 2), (0, 3)])
def test_a_share_that_cannot_be_is_refused(photos, share):
    with pytest.raises(ValueError, match="share must be"):
        training_dataset(photos, SIZE, 4, seed=0, share=share)


def test_the_number_of_workers_changes_nothing(photos):
    _assert_same(_batches(photos, 6, workers=1), _batches(photos, 6, workers=3))
    _assert_same(_batches(photos, 6, workers=1), _batches(photos, 6))


def test_a_photograph_that_is_slow_to_read_keeps_its_place(photos):
    class SlowPhotos(Photos):
        reads = 0

        def read(self, index):
            SlowPhotos.reads += 1
            if SlowPhotos.reads == 2:  # one in the first batch, which later ones would overtake
                time.sleep(0.3)
            return super().read(index)

    dataset = training_dataset(SlowPhotos(photos.paths), SIZE, 2, seed=5, workers=8)
    options = tf.data.Options()
    options.threading.private_threadpool_size = 9  # the tests run with a single thread
    options.experimental_optimization.map_and_batch_fusion = False  # which keeps order by itself
    batches = itertools.islice(dataset.with_options(options), 6)
    expected = _batches(photos, 6, batch_size=2)
    _assert_same([tuple(t.numpy() for t in batch) for batch in batches], expected)


def test_another_seed_gives_other_batches(photos):
    (image, mask), (other_image, other_mask) = (
        _batches(photos, 1, seed=seed)[0] for seed in (5, 6)
    )
    assert np.any(image != other_image)
    assert np.any(mask != other_mask)


def test_the_batch_size_cuts_one_stream(photos):
    small, large = _batches(photos, 6, batch_size=2), _batches(photos, 3, batch_size=4)
    np.testing.assert_array_equal(
        np.concatenate([image for image, _ in small]), np.concatenate([image for image, _ in large])
    )


def test_every_epoch_holds_each_photograph_once_in_an_order_of_its_own(photos):
    batches = _batches(photos, 4, batch_size=6)
    orders = [_photo_numbers(image) for image, _ in batches]
    for order in orders:
        assert sorted(order) == list(range(6))
    assert len({tuple(order) for order in orders}) > 1


def test_samples_of_a_batch_have_masks_of_their_own(photos):
    (_, mask), (_, next_mask) = _batches(photos, 2, batch_size=6)
    masks = [*mask, *next_mask]
    for one, other in itertools.combinations(masks, 2):
        assert np.any(one != other)


def _columns_rise(image: np.ndarray) -> bool:
    return bool(image[:, -1, 1].mean() > image[:, 0, 1].mean())


def test_some_samples_are_mirrored_and_some_are_not(tmp_path):
    ramp = np.zeros((SIZE, SIZE, 3), np.uint8)
    ramp[..., 1] = np.arange(SIZE) * 8
    write_image(tmp_path / "ramp.png", ramp)
    batches = _batches(Photos(list_photos(str(tmp_path))), 25)
    rising = [_columns_rise(sample) for image, _ in batches for sample in image]
    assert 25 < sum(rising) < 75  # of 100: five standard deviations
    for image, _ in batches:  # a crop of the whole is the photograph itself, either way round
        for sample in image:
            expected = ramp if _columns_rise(sample) else ramp[:, ::-1]
            np.testing.assert_array_equal(sample, to_float(expected))


def test_centre_crops(photos):
    for image, _ in _batches(photos, 3, crop="centre"):
        for sample, number in zip(image, _photo_numbers(image)):
            expected = to_float(centre_crop(photos.read(number), SIZE))
            same = np.array_equal(sample, expected)
            assert same or np.array_equal(sample, expected[:, ::-1])


def _spoil(photos, *numbers):
    for number in numbers:
        with open(photos.paths[number], "wb") as file:
            file.write(b"not an image")


def test_unreadable_photographs_are_replaced_and_recorded(photos):
    order = [n for image, _ in _batches(photos, 3) for n in _photo_numbers(image)]
    _spoil(photos, 1, 2)
    batches = _batches(photos, 3)
    replaced = [n for image, _ in batches for n in _photo_numbers(image)]
    assert replaced == [3 if number in (1, 2) else number for number in order]
    assert sorted(photos.skipped) == [photos.paths[1], photos.paths[2]]
    fresh = Photos(photos.paths)
    _assert_same(_batches(fresh, 1, start_step=2), batches[2:])


def test_nothing_readable_is_said_before_training_begins(photos):
    _spoil(photos, *range(6))
    with pytest.raises(InputError, match="none of the 6 files can be used"):
        training_dataset(photos, SIZE, 2, seed=0)
    with pytest.raises(InputError, match="no photographs"):
        training_dataset(Photos([]), SIZE, 2, seed=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("image_size", 0), ("batch_size", 0), ("seed", -1), ("start_step", -1), ("crop", "none")],
)
def test_bad_arguments_are_named(photos, name, value):
    arguments = {"image_size": SIZE, "batch_size": 2, "seed": 0, "start_step": 0, name: value}
    with pytest.raises(ValueError, match=f"{name} must .*{value}"):
        training_dataset(photos, **arguments)


# Masks of one's own


def test_masks_from_a_folder(photos, tmp_path):
    left, top = (np.zeros((64, 128), np.uint8) for _ in range(2))
    left[:, :32] = 255
    top[:16] = 255
    masks_dir = tmp_path / "masks"
    masks_dir.mkdir()
    for name, mask in {"left": left, "top": top, "none": top * 0}.items():
        write_image(masks_dir / f"{name}.png", mask)
    masks = open_masks(str(masks_dir))
    expected = {}
    for name, rows, columns in (
        ("left", slice(None), slice(SIZE // 4)),
        ("right", slice(None), slice(SIZE * 3 // 4, None)),  # left, mirrored
        ("top", slice(SIZE // 4), slice(None)),
    ):
        expected[name] = np.zeros((SIZE, SIZE, 1), np.float32)
        expected[name][rows, columns] = 1
    seen = set()
    for _, mask in _batches(photos, 10, masks=masks):
        for sample in mask:
            found = [name for name, array in expected.items() if np.array_equal(array, sample)]
            assert len(found) == 1
            seen.update(found)
    assert seen == set(expected)
    assert [os.path.basename(path) for path in masks.skipped] == ["none.png"]
    _assert_same(
        _batches(photos, 2, masks=open_masks(str(masks_dir)), start_step=3, workers=1),
        _batches(photos, 5, masks=open_masks(str(masks_dir)), workers=3)[3:],
    )


def test_folders_without_masks_are_refused(tmp_path, photos):
    with pytest.raises(InputError, match="no mask files in"):
        open_masks(str(tmp_path / "missing"))
    (tmp_path / "masks").mkdir()
    with pytest.raises(InputError, match="no mask files in"):
        open_masks(str(tmp_path / "masks"))
    write_image(tmp_path / "masks" / "black.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match=r"none of the 1 files can be used: .*black\.png"):
        training_dataset(photos, SIZE, 2, seed=0, masks=open_masks(str(tmp_path / "masks")))


# Crops


def test_random_crops_are_squares_of_the_photograph():
    """Of the size asked for, nothing is resized: each crop is found where it was taken from."""
    image = np.zeros((SIZE, 60, 3), np.uint8)
    image[..., 0] = np.arange(60)  # the column
    rng = np.random.default_rng(0)
    lefts = set()
    for _ in range(200):
        crop = random_crop(rng, image, SIZE)
        left = int(crop[0, 0, 0])
        np.testing.assert_array_equal(crop, image[:, left : left + SIZE])
        lefts.add(left)
    assert lefts == set(range(60 - SIZE + 1))


def test_random_crops_have_sides_up_to_the_shorter_one():
    """On a slope of 1 a pixel, a crop of side s rises by s / size a pixel after resizing."""
    image = np.repeat(np.arange(100, dtype=np.uint8)[:, np.newaxis, np.newaxis], 3, axis=2)
    image = np.repeat(image, 140, axis=1)
    rng = np.random.default_rng(0)
    sides = []
    for _ in range(300):
        crop = random_crop(rng, image, 20).astype(float)
        assert crop.shape == (20, 20, 3)
        sides.append((crop[-1, 0, 0] - crop[0, 0, 0]) / 19 * 20)
    assert 19 <= min(sides) < 24
    assert 96 < max(sides) <= 101
    assert abs(np.mean(sides) - 60) < 5


@pytest.mark.parametrize(
    "crop", [lambda i, s: random_crop(np.random.default_rng(0), i, s), centre_crop]
)
@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (40, 20), (300, 200)])
def test_crops_of_any_size(crop, shape):
    image = np.full((*shape, 3), 77, np.uint8)
    cropped = crop(image, 16)
    assert cropped.shape == (16, 16, 3)
    assert cropped.dtype == np.uint8
    assert np.all(cropped == 77)


def test_centre_crop_by_hand():
    image = np.zeros((4, 9, 3), np.uint8)
    image[..., 1] = np.arange(9) * 10
    # Margins of 2 and 3 columns; then each output pixel is the mean of a 2 x 2 block.
    assert centre_crop(image, 2)[..., 1].tolist() == [[25, 45], [25, 45]]
    np.testing.assert_array_equal(centre_crop(image, 4), image[:, 2:6])
    tall = image.swapaxes(0, 1)
    np.testing.assert_array_equal(centre_crop(tall, 4), tall[2:6])
