from __future__ import annotations

import concurrent.futures

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.serving.predictor import Predictor, as_hole


@pytest.fixture(scope="module")
def predictor(generator):
    return Predictor(generator, working_size=64)


def constant(value):
    """A generator that fills with one value."""

    def generate(image, mask):
        return {"coarse": tf.zeros_like(image), "refined": tf.fill(tf.shape(image), value)}

    return generate


def photo_and_hole(rng, height, width, *boxes):
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    hole = np.zeros((height, width), bool)
    for top, left, bottom, right in boxes:
        hole[top:bottom, left:right] = True
    return image, hole


@pytest.mark.parametrize("size", [(64, 64), (33, 50), (1, 7)])
def test_a_photo_that_fits_gets_the_networks_own_output(generator, predictor, rng, size):
    image, hole = photo_and_hole(rng, *size, (0, 2, size[0] // 2 + 1, 6))
    outputs = generator(
        tf.constant(image[np.newaxis] / np.float32(255)),
        tf.constant(hole[np.newaxis, ..., np.newaxis].astype(np.float32)),
    )
    refined = outputs["refined"].numpy()[0]
    expected = np.where(hole[..., np.newaxis], np.floor(refined * 255 + 0.5), image)
    completed = predictor(image, hole, feather=0, detail=False)
    np.testing.assert_array_equal(completed, expected)


def test_one_pixel_all_hole(predictor):
    completed = predictor(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), bool))
    assert completed.shape == (1, 1, 3)


def test_no_hole_returns_an_equal_new_array(predictor, rng):
    image, hole = photo_and_hole(rng, 90, 80)
    completed = predictor(image, hole)
    np.testing.assert_array_equal(completed, image)
    assert completed is not image


@pytest.mark.parametrize(
    "boxes",
    [
        [(10, 10, 20, 30)],
        [(0, 0, 150, 3), (80, 0, 84, 230)],  # wires: several crops
        [(20, 40, 140, 190)],  # thick: scaled
        [(0, 0, 151, 233)],  # everything
    ],
)
def test_a_large_photo_is_filled_in_the_hole_and_nowhere_else(rng, boxes):
    image, hole = photo_and_hole(rng, 151, 233, *boxes)
    before = image.copy()
    predictor = Predictor(constant(0.25), working_size=64)
    completed = predictor(image, hole, feather=0, detail=False)
    np.testing.assert_array_equal(completed[~hole], before[~hole])
    np.testing.assert_array_equal(completed[hole], 64)  # 0.25 * 255 = 63.75
    np.testing.assert_array_equal(predictor(image, hole)[~hole], before[~hole])
    np.testing.assert_array_equal(image, before)


def test_the_network_never_gets_more_than_the_working_size(generator, rng, monkeypatch):
    predictor = Predictor(generator, working_size=64)
    shapes = []
    generate = predictor.generate

    def spy(images, masks):
        shapes.append(images.shape)
        assert masks.shape == (*images.shape[:3], 1)
        assert set(np.unique(masks)) <= {0.0, 1.0}
        return generate(images, masks)

    monkeypatch.setattr(predictor, "generate", spy)
    predictor(*photo_and_hole(rng, 151, 233, (20, 40, 140, 190), (0, 0, 2, 233)))
    assert 32 < max(max(shape[1:3]) for shape in shapes) <= 64
    assert len(shapes) > 3


def test_what_was_in_the_hole_has_no_influence(predictor, rng):
    """Neither directly nor through scaling, which mixes pixels across the hole's edge."""
    image, hole = photo_and_hole(rng, 151, 233, (21, 43, 138, 187), (0, 0, 2, 233))
    other = np.where(hole[..., np.newaxis], 255 - image, image)
    np.testing.assert_array_equal(predictor(image, hole), predictor(other, hole))


def test_a_later_crop_sees_what_an_earlier_one_filled(rng):
    """A generator that continues what is known fills a wire from end to end with one colour."""

    def known_mean(image, mask):
        known = 1 - mask
        total = tf.reduce_sum(image * known, axis=(1, 2), keepdims=True)
        mean = total / tf.reduce_sum(known, axis=(1, 2), keepdims=True)
        return {"coarse": image, "refined": tf.broadcast_to(mean, tf.shape(image))}

    image = np.full((100, 400, 3), 0.5)
    hole = np.zeros((100, 400), bool)
    hole[40:60] = True
    image[hole] = np.nan  # would spread if a crop took unfilled hole for known
    image = np.where(np.isnan(image), 1.0, image)
    completed = Predictor(known_mean, working_size=64)(image, hole, detail=False)
    np.testing.assert_allclose(completed, 0.5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_come_back_as_they_came(predictor, rng, dtype):
    image = rng.random((80, 90, 3)).astype(dtype)
    hole = np.zeros((80, 90), bool)
    hole[10:70, 20:60] = True
    completed = predictor(image, hole)
    assert completed.dtype == dtype
    np.testing.assert_array_equal(completed[~hole], image[~hole])
    assert completed.min() >= 0
    assert completed.max() <= 1
    assert (completed[hole] != image[hole]).mean() > 0.9


def test_floats_and_bytes_agree(predictor, rng):
    image, hole = photo_and_hole(rng, 40, 50, (10, 10, 30, 30))
    as_floats = predictor(image.astype(np.float32) / np.float32(255), hole, detail=False)
    as_bytes = predictor(image, hole, detail=False)
    np.testing.assert_array_equal(np.floor(as_floats * 255 + 0.5), as_bytes)


def test_sixteen_bits_are_all_used_and_kept(predictor, rng):
    image = rng.integers(0, 65536, (90, 80, 3)).astype(np.uint16)
    hole = np.zeros((90, 80), bool)
    hole[30:60, 20:40] = True
    completed = predictor(image, hole)
    assert completed.dtype == np.uint16
    np.testing.assert_array_equal(completed[~hole], image[~hole])
    assert np.unique(completed[hole] % 256).size > 100  # the lower byte is no padding
    as_floats = predictor(image / 65535, hole, detail=False)
    found = predictor(image, hole, detail=False) / 65535
    np.testing.assert_allclose(found, as_floats, atol=1e-5)


def test_a_fill_of_another_brightness_is_drawn_to_the_photos(rng):
    """A network that darkens everything: at the edge of the hole its fill does not stay darker."""

    def darker(image, mask):
        return {"coarse": image, "refined": tf.fill(tf.shape(image), 0.4)}

    image = np.full((60, 60, 3), 0.5)
    hole = np.zeros((60, 60), bool)
    hole[20:40, 20:40] = True
    completed = Predictor(darker, working_size=64)(image, hole, feather=4, detail=False)
    np.testing.assert_allclose(completed[20, 25:35], 0.5, atol=1e-6)
    np.testing.assert_allclose(completed[30, 30], 0.4, atol=1e-6)


def test_a_smooth_fill_gets_the_photos_texture(rng):
    """Noise around the hole, none in the fill: with detail there is about as much in the hole."""
    image = np.clip(0.5 + rng.normal(0, 0.1, (200, 260, 3)), 0, 1).astype(np.float32)
    hole = np.zeros((200, 260), bool)
    hole[70:130, 100:170] = True
    predictor = Predictor(constant(0.5), working_size=256)
    smooth, detailed = (predictor(image, hole, detail=detail) for detail in (False, True))
    assert smooth[75:125, 105:165].std() < 0.01
    assert 0.04 < detailed[75:125, 105:165].std() < 0.15
    np.testing.assert_array_equal(detailed[~hole], image[~hole])


def test_progress_grows_to_one(predictor, rng):
    seen = []
    image, hole = photo_and_hole(rng, 151, 233, (0, 0, 150, 3), (80, 0, 84, 230))
    predictor(image, hole, progress=seen.append)
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_threads_get_their_own_photos(predictor, rng):
    pairs = [photo_and_hole(rng, 20 + n % 5, 30, (5, 5, 15, 9 + n)) for n in range(16)]
    expected = [predictor(*pair) for pair in pairs]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pair: predictor(*pair), 4 * pairs))
    for one, other in zip(found, 4 * expected):
        np.testing.assert_array_equal(one, other)


def test_generate_is_the_network_alone(generator, predictor, rng):
    images = rng.random((2, 9, 11, 3)).astype(np.float32)
    masks = (rng.random((2, 9, 11, 1)) < 0.5).astype(np.float32)
    outputs = predictor.generate(images, masks)
    expected = generator(tf.constant(images), tf.constant(masks))
    assert set(outputs) == {"coarse", "refined"}
    for name, value in outputs.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-6)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (np.array([[True, False]]), [True, False]),
        (np.array([[0, 1]], np.uint8), [False, True]),
        (np.array([[0, 1]]), [False, True]),
        (np.array([[127, 128]], np.uint8), [False, True]),
        (np.array([[0, 255]]), [False, True]),
        (np.array([[1, 2]], np.uint8), [False, False]),
        (np.array([[0.49, 0.5]], np.float32), [False, True]),
        (np.zeros((1, 2), np.uint8), [False, False]),
    ],
)
def test_kinds_of_masks(mask, expected):
    np.testing.assert_array_equal(as_hole(mask), [expected])
    np.testing.assert_array_equal(as_hole(mask[..., np.newaxis]), [expected])


@pytest.mark.parametrize(
    ("image", "mask", "message"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4)), r"image must have shape \(H, W, 3\)"),
        (np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4)), r"received \(4, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), np.zeros((0, 4)), r"received \(0, 4, 3\)"),
        (np.zeros((4, 4, 3), np.int32), np.zeros((4, 4)), "received int32"),
        (np.full((4, 4, 3), 2.0), np.zeros((4, 4)), r"must be in \[0, 1\], received 2.0 to 2.0"),
        (np.full((4, 4, 3), np.nan), np.zeros((4, 4)), "received nan to nan"),
        (np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4)), "image is 5 x 4 .* mask is 4 x 5"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3)), "mask must have shape"),
        (np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255.0), "0, 1.*received 255.0"),
        (np.zeros((4, 4, 3), np.uint8), np.full((4, 4), np.nan), "received nan"),
        (np.zeros((4, 4, 3), np.uint8), np.full((4, 4), -1), "0 to 255, received -1"),
        (np.zeros((4, 4, 3), np.uint8), np.full((4, 4), "x"), "mask must hold numbers"),
    ],
)
def test_bad_arguments_are_named(predictor, image, mask, message):
    with pytest.raises(InputError, match=message):
        predictor(image, mask)
