import pytest
import tensorflow as tf

from inpainting.systems.recurrent.modules import AttentionRoute, Decoder, Encoder, ResidualRoute


def test_encoder_shapes_are_the_tables():
    features, skips, state = Encoder(4)(tf.ones((2, 16, 24, 4)))
    assert features.shape == (2, 4, 6, 16)
    assert [skip.shape for skip in skips] == [(2, 16, 24, 4), (2, 8, 12, 8)]
    assert [buffer.shape[1:] for buffer in state] == [
        (16, 24, 4), (8, 12, 8), (8, 12, 8), (4, 6, 16), (4, 6, 16), (4, 6, 16)
    ]  # fmt: skip


def test_decoder_shapes_are_the_tables():
    features, skips = tf.ones((2, 4, 6, 16)), (tf.ones((2, 16, 24, 4)), tf.ones((2, 8, 12, 8)))
    decoder = Decoder(4)
    outputs, state = decoder(features, skips, tf.ones((2, 16, 24, 1)))
    assert outputs.shape == (2, 16, 24, 3)
    assert [buffer.shape[1:] for buffer in state] == [
        (4, 6, 16), (4, 6, 16), (8, 12, 8), (8, 12, 8), (16, 24, 4), (16, 24, 4), (16, 24, 2),
        (16, 24, 3),
    ]  # fmt: skip
    assert [layer.conv.kernel.shape[2] for layer in decoder.layers] == [16, 16, 16, 16, 8, 9, 4, 2]


def test_output_scale_is_that_of_the_last_kernels():
    features, skips = tf.ones((1, 8, 8, 128)), (tf.ones((1, 32, 32, 32)), tf.ones((1, 16, 16, 64)))
    tf.keras.utils.set_random_seed(0)
    deviations = []
    for scale in (1.0, 0.1):
        decoder = Decoder(32, output_scale=scale)
        decoder(features, skips, tf.ones((1, 32, 32, 1)))
        deviations.append(float(tf.math.reduce_std(decoder.layers[-1].conv.kernel)))
    # Glorot: the root of 2 over the taps in and out, 9 * (16 + 3).
    assert deviations[0] == pytest.approx((2 / (9 * 19)) ** 0.5, rel=0.15)
    assert deviations[1] == pytest.approx(deviations[0] / 10, rel=0.15)


def test_first_pass_runs_no_buffer_convolution():
    encoder = Encoder(2)
    inputs = tf.TensorSpec((1, 16, 16, 4))
    shapes = [(16, 16, 2), (8, 8, 4), (8, 8, 4), (4, 4, 8), (4, 4, 8), (4, 4, 8)]
    state = tuple(tf.TensorSpec((1, *shape)) for shape in shapes)

    def count(*specs):
        graph = tf.function(encoder.__call__).get_concrete_function(*specs).graph
        return [operation.type for operation in graph.get_operations()].count("Conv2D")

    assert count(inputs) == 6
    assert count(inputs, state) == 12


def test_routes_keep_the_shape():
    features = tf.ones((2, 4, 6, 8))
    assert ResidualRoute(8)(features).shape == (2, 4, 6, 8)
    assert AttentionRoute(8)(features, tf.zeros((2, 2, 3, 1))).shape == (2, 4, 6, 8)


@pytest.mark.parametrize(
    "layer",
    [
        Encoder(4, "REFLECT"),
        Decoder(4, "REFLECT", 0.5),
        ResidualRoute(8, "REFLECT"),
        AttentionRoute(8, "REFLECT"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_config_round_trip(layer):
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.padding == "REFLECT"
