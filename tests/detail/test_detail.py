"""The detail pass against what can be known of it without running it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.detail.detail import add_detail
from inpainting.detail.options import DetailOptions

SPECS = [tf.TensorSpec((None, None, None, channels)) for channels in (3, 1, 3)]


@pytest.fixture(scope="module")
def detail():
    """One graph for all sizes, as it is exported."""

    # Not `add_detail` itself: a SavedModel can't hold its default options.
    def with_defaults(image, mask, fill):
        return add_detail(image, mask, fill)

    return tf.function(with_defaults, input_signature=SPECS, autograph=False)


def hole_in(height, width, rows, columns):
    mask = np.zeros((1, height, width, 1), np.float32)
    mask[:, rows, columns] = 1
    return mask


def texture(height, width):
    """A pattern of period 7 x 5 around 0.5, the same in all colours, and its mean."""
    tile = np.random.default_rng(1).uniform(0.3, 0.7, (7, 5, 1)).astype(np.float32)
    plane = np.tile(tile, (height // 7 + 1, width // 5 + 1, 3))[:height, :width]
    return plane[np.newaxis], np.full_like(plane, tile.mean())[np.newaxis]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (17, 16), (50, 33), (64, 64)])
def test_known_pixels_stay_bit_for_bit_and_the_hole_stays_in_range(detail, height, width):
    rng = np.random.default_rng(height)
    image = rng.random((2, height, width, 3), np.float32)
    fill = rng.random((2, height, width, 3), np.float32)
    mask = (rng.random((2, height, width, 1)) < 0.02).astype(np.float32)
    out = detail(image, mask, fill).numpy()
    np.testing.assert_array_equal(out[mask[..., 0] == 0], image[mask[..., 0] == 0])
    assert out.min() >= 0
    assert out.max() <= 1
    assert out.shape == image.shape


def test_without_hole_the_image_and_all_hole_the_fill(detail):
    rng = np.random.default_rng(0)
    image, fill = rng.random((2, 1, 40, 40, 3), np.float32)
    none, everything = np.zeros((1, 40, 40, 1), np.float32), np.ones((1, 40, 40, 1), np.float32)
    np.testing.assert_array_equal(detail(image, none, fill), image)
    np.testing.assert_array_equal(detail(image, everything, fill), fill)


def test_what_lies_under_the_hole_and_beside_the_fill_has_no_influence(detail):
    rng = np.random.default_rng(3)
    image, fill, other = rng.random((3, 1, 48, 56, 3), np.float32)
    mask = hole_in(48, 56, slice(16, 30), slice(20, 40))
    expected = detail(image, mask, fill).numpy()
    changed = detail(np.where(mask, other, image), mask, np.where(mask, fill, other)).numpy()
    np.testing.assert_array_equal(changed, expected)


def test_samples_of_a_batch_do_not_meet(detail):
    rng = np.random.default_rng(4)
    image, fill = rng.random((2, 2, 48, 48, 3), np.float32)
    mask = np.concatenate(
        [hole_in(48, 48, slice(4, 20), slice(4, 20)), hole_in(48, 48, slice(20, 44), slice(9, 30))]
    )
    both = detail(image, mask, fill).numpy()
    for place in (0, 1):
        alone = detail(image[place : place + 1], mask[place : place + 1], fill[place : place + 1])
        np.testing.assert_array_equal(both[place], alone[0])


def test_a_flat_photo_gets_no_noise(detail):
    image = np.full((1, 64, 64, 3), 0.4, np.float32)
    mask = hole_in(64, 64, slice(20, 44), slice(20, 44))
    fill = np.full_like(image, 0.45)
    out = detail(image, mask, fill).numpy()
    np.testing.assert_allclose(np.where(mask, out, fill), fill, atol=1e-6)


@pytest.mark.parametrize("size", [96, 160])
def test_a_texture_comes_back_with_its_energy(size):
    # At 160 px and a working size of 96 the search sees the photo halved.
    truth, flat = texture(size, size)
    mask = hole_in(size, size, slice(30, 70), slice(30, 70))
    options = DetailOptions(working_size=96, strengths=(1.0, 1.0))
    out = add_detail(tf.constant(truth), tf.constant(mask), tf.constant(flat), options).numpy()
    inside = np.s_[0, 36:64, 36:64]
    ratio = np.std(out[inside]) / np.std(truth[inside])
    assert 0.8 < ratio < 1.15
    assert abs(out[inside].mean() - truth[inside].mean()) < 0.01


def test_vertical_stripes_stay_vertical():
    column = np.arange(96)
    stripes = (0.5 + 0.3 * np.sign(np.sin(2 * np.pi * (column + 0.5) / 6))).astype(np.float32)
    truth = np.broadcast_to(stripes[np.newaxis, :, np.newaxis], (1, 96, 96, 3)).copy()
    mask = hole_in(96, 96, slice(36, 60), slice(36, 60))
    fill = np.full_like(truth, 0.5)
    out = add_detail(truth, mask, fill).numpy()[0, 40:56, 40:56]
    across, along = np.abs(np.diff(out, axis=1)).mean(), np.abs(np.diff(out, axis=0)).mean()
    assert across > 4 * along
    assert np.std(out) > 0.5 * np.std(stripes)


def test_a_saved_model_gives_the_same(detail, tmp_path):
    module = tf.Module()
    module.add_detail = detail
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    truth, flat = texture(70, 61)
    mask = hole_in(70, 61, slice(20, 50), slice(20, 45))
    expected = detail(truth, mask, flat).numpy()
    assert (expected != np.where(mask, flat, truth)).any()
    np.testing.assert_array_equal(loaded.add_detail(truth, mask, flat), expected)
    np.testing.assert_array_equal(detail(truth, mask, flat), expected)
