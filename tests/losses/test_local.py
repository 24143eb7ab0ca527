import numpy as np
import pytest
import tensorflow as tf

from inpainting.losses.local import crop_window, discount, hole_window, known_l1

RANDOM = np.random.default_rng(0)


def _mask(height, width, *boxes):
    mask = np.zeros((len(boxes), height, width, 1), np.float32)
    for sample, (top, left, bottom, right) in zip(mask, boxes):
        sample[top:bottom, left:right] = 1
    return mask


def test_window_is_the_box_from_which_the_hole_was_shrunk():
    # Boxes of 8 at (3, 5) and (8, 0), shrunk by 2 rows and 1 column, and by 0 and 3, on each side.
    mask = _mask(16, 16, (5, 6, 9, 12), (8, 3, 16, 5))
    np.testing.assert_array_equal(hole_window(mask, 8), [[3, 5], [8, 0]])


def test_window_stays_inside_and_covers_the_middle_of_scattered_holes():
    mask = _mask(16, 20, (0, 0, 2, 2), (14, 18, 16, 20), (0, 0, 16, 20))
    mask[0, 5, 19] = 1  # the hole's box is rows 0 to 5 and all columns
    np.testing.assert_array_equal(hole_window(mask, 8), [[0, 6], [8, 12], [4, 6]])


def test_window_of_a_mask_without_hole_is_inside():
    row, column = hole_window(np.zeros((1, 16, 16, 1), np.float32), 8)[0].numpy()
    assert 0 <= row <= 8
    assert 0 <= column <= 8


def test_crop_takes_each_samples_own_window():
    images = RANDOM.random((2, 9, 11, 3), np.float32)
    windows = crop_window(images, tf.constant([[0, 7], [5, 2]]), 4)
    np.testing.assert_array_equal(windows[0], images[0, 0:4, 7:11])
    np.testing.assert_array_equal(windows[1], images[1, 5:9, 2:6])


def test_gradient_of_a_crop_goes_where_it_was_taken():
    images = tf.constant(RANDOM.random((1, 6, 6, 1), np.float32))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(crop_window(images, tf.constant([[1, 2]]), 3))
    expected = np.zeros((6, 6))
    expected[1:4, 2:5] = 1
    np.testing.assert_array_equal(tape.gradient(total, images)[0, :, :, 0], expected)


def test_discount_by_hand():
    # Distances of a window of 4 along one side: 0, 1, 2, 1.
    expected = [
        [1, 1, 1, 1],
        [1, 0.5, 0.5, 0.5],
        [1, 0.5, 0.25, 0.5],
        [1, 0.5, 0.5, 0.5],
    ]
    assert discount(4, 0.5)[0, :, :, 0].tolist() == expected
    assert discount(4, 1.0).min() == 1


def test_known_l1_is_a_mean_over_known_pixels():
    image, output = RANDOM.random((2, 2, 5, 4, 3), np.float32)
    mask = _mask(5, 4, (0, 0, 5, 2), (1, 1, 2, 2))
    difference = np.abs(image - output)
    expected = np.mean(
        [difference[i][np.broadcast_to(mask[i] == 0, (5, 4, 3))].mean() for i in range(2)]
    )
    assert float(known_l1(image, output, mask)) == pytest.approx(expected, rel=1e-5)


def test_known_l1_of_an_all_hole_sample_is_zero():
    image = RANDOM.random((1, 4, 4, 3), np.float32)
    assert float(known_l1(image, image + 1, np.ones((1, 4, 4, 1), np.float32))) == 0
