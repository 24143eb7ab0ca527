"""The spectrally normalised convolution of the discriminators."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.padding import pad_border

FIRST_ITERATIONS = 15
NORM_FLOOR = 1e-12
PADDINGS = ("ZERO", "SAME")


@tf.keras.utils.register_keras_serializable("inpainting")
class SpectralConv2D(tf.keras.layers.Layer):
    """A convolution whose kernel is divided by its largest singular value, sigma.

    The kernel, as a matrix W of `kernel_size^2 C` rows and `filters` columns, has the singular
    vectors v (left) and u (right), which two variables approximate; sigma = v . (W u), and in its
    gradient u and v are constants. Calls never change them: `update()` makes one step of power
    iteration, to be called once a discriminator step, before the kernel is used. The kernel itself
    is never overwritten, so that gradients pass through the division. The division is done on the
    output, to which the kernel is linear, since the kernels of the last layers are far larger.
    Under mixed precision the convolution alone is in half precision: u, v and sigma stay float32.

    u and v start from 15 iterations, so an untrained layer is normalised too. Under a distribution
    strategy, a change is taken from the first replica and copied to all: they stay equal bit for
    bit. (`update()` therefore cannot stand inside `tf.cond` in a replica.)

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks" (2018),
    algorithm 1.

    Args:
        filters: channels of the output.
        kernel_size: height and width of the kernel, odd.
        strides: step between outputs.
        padding: "ZERO" puts `(kernel_size - 1) / 2` zeros on every side, as PyTorch does. "SAME" is
            TensorFlow's own, which pads unevenly at stride 2. Weights trained with one are a pixel
            off with the other.
        kernel_initializer: He-normal, unless said otherwise; the bias starts at zero.

    Call arguments:
        inputs: `(B, H, W, C)`.

    Returns:
        `(B, ceil(H / strides), ceil(W / strides), filters)`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 5,
        strides: int = 1,
        padding: str = "ZERO",
        kernel_initializer="he_normal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {kernel_size}")
        if padding not in PADDINGS:
            raise ValueError(f"padding must be one of {PADDINGS}, got {padding!r}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding
        self.kernel_initializer = tf.keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        size = self.kernel_size
        self.kernel = self.add_weight(
            "kernel",
            (size, size, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
            experimental_autocast=False,
        )
        self.bias = self.add_weight("bias", (self.filters,), initializer="zeros")
        self.u = self._add_vector("u", self.filters, self._first_u)
        self.v = self._add_vector("v", size * size * input_shape[-1], self._first_v)
        super().build(input_shape)

    def call(self, inputs):
        padding = self.padding
        if padding == "ZERO":
            inputs = pad_border(inputs, (self.kernel_size - 1) // 2, padding)
            padding = "VALID"
        elif inputs.dtype.size < 4:
            # TensorFlow's own padding gave infinite gradients in bfloat16 where an input is smaller
            # than the kernel; the same zeros put there beforehand do not.
            inputs = _pad_as_same(inputs, self.kernel_size, self.strides)
            padding = "VALID"
        # Cast here and not by Keras, so that sigma is that of the float32 kernel.
        kernel = tf.cast(self.kernel, inputs.dtype)
        outputs = tf.nn.conv2d(inputs, kernel, self.strides, padding)
        outputs /= tf.cast(self.sigma(), inputs.dtype)
        return tf.nn.bias_add(outputs, self.bias)

    def sigma(self) -> tf.Tensor:
        """The approximate largest singular value of the kernel, by which a call divides."""
        u, v = tf.stop_gradient(self.u), tf.stop_gradient(self.v)
        return tf.reduce_sum(v * tf.linalg.matvec(self._matrix(), u))

    def update(self) -> None:
        """One step of power iteration: `v = W u / |W u|`, then `u = W' v / |W' v|`."""
        u, v = _power_iteration(tf.stop_gradient(self._matrix()), self.u)
        self.u.assign(u)
        self.v.assign(v)

    def get_config(self):
        config = super().get_config()
        config.update(
            filters=self.filters,
            kernel_size=self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            kernel_initializer=tf.keras.initializers.serialize(self.kernel_initializer),
        )
        return config

    def _matrix(self):
        return tf.reshape(self.kernel, (-1, self.filters))

    def _add_vector(self, name, size, initializer):
        return self.add_weight(
            name,
            (size,),
            initializer=initializer,
            trainable=False,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            experimental_autocast=False,
        )

    def _first_u(self, shape, dtype=None):
        u = tf.fill(shape, tf.cast(1, dtype))
        for _ in range(FIRST_ITERATIONS):
            u, _ = _power_iteration(self._matrix(), u)
        return u

    def _first_v(self, shape, dtype=None):
        return _power_iteration(self._matrix(), self.u)[1]


def _power_iteration(matrix, u):
    v = _unit(tf.linalg.matvec(matrix, u))
    return _unit(tf.linalg.matvec(matrix, v, transpose_a=True)), v


def _unit(vector):
    return vector / tf.maximum(tf.norm(vector), NORM_FLOOR)


def _pad_as_same(inputs, size, stride):
    """Zeros as TensorFlow's "SAME" puts them: where their number is odd, one more at the end."""
    paddings = [(0, 0)]
    for length in tf.unstack(tf.shape(inputs)[1:3]):
        needed = tf.maximum((length - 1) // stride * stride + size - length, 0)
        paddings.append((needed // 2, needed - needed // 2))
    return tf.pad(inputs, (*paddings, (0, 0)))
