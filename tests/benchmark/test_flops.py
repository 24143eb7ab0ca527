import tensorflow as tf

from inpainting.benchmark.flops import count

IMAGE = tf.TensorSpec((2, 8, 8, 3))
KERNEL = tf.TensorSpec((3, 3, 3, 5))


def test_convolution_by_hand():
    # 2 images x 4 x 4 places x 5 channels, each 27 multiplications and additions.
    def convolve(image, kernel):
        return tf.nn.conv2d(image, kernel, 2, "SAME")

    assert count(convolve, IMAGE, KERNEL) == 2 * 2 * 4 * 4 * 5 * 27


def test_gradients_cost_as_much_each():
    def gradients(image, kernel):
        with tf.GradientTape() as tape:
            tape.watch((image, kernel))
            result = tf.reduce_sum(tf.nn.conv2d(image, kernel, 1, "SAME"))
        return tape.gradient(result, (image, kernel))

    assert count(gradients, IMAGE, KERNEL) == 3 * 2 * 2 * 8 * 8 * 5 * 27


def test_products_and_depthwise():
    def product(a, b):
        return tf.matmul(a, b, transpose_a=True)

    specs = tf.TensorSpec((4, 7, 2)), tf.TensorSpec((4, 7, 3))
    assert count(product, *specs) == 2 * 4 * 2 * 3 * 7

    def depthwise(image):
        return tf.nn.depthwise_conv2d(image, tf.ones((3, 3, 3, 1)), (1, 1, 1, 1), "SAME")

    assert count(depthwise, IMAGE) == 2 * 2 * 8 * 8 * 3 * 9
