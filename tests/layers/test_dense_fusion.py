import numpy as np
import pytest

from inpainting.layers.dense_fusion import DenseMultiScaleFusion


def test_by_hand(correlate, normalize):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(1, 9, 7, 8)).astype(np.float32)
    block = DenseMultiScaleFusion(8)
    block(inputs)
    for variable in block.variables:
        variable.assign(random.normal(0, 0.5, variable.shape))

    def conv(layer, values, dilation=1):
        return correlate(values, layer.kernel.numpy(), dilation=dilation) + layer.bias.numpy()

    squeezed = np.maximum(normalize(conv(block.squeeze, inputs[0])), 0)
    one, two, four, eight = [
        conv(layer, squeezed, dilation) for layer, dilation in zip(block.scales, (1, 2, 4, 8))
    ]
    second = conv(block.fusions[0], one + two)
    third = conv(block.fusions[1], second + four)
    fourth = conv(block.fusions[2], third + eight)
    mixed = conv(block.mix, np.concatenate([one, second, third, fourth], axis=-1))
    # All biases stand here, those too that the layer leaves out since the norms cancel them.
    expected = inputs[0] + np.maximum(normalize(mixed), 0)
    np.testing.assert_allclose(block(inputs)[0], expected, atol=1e-4)


def test_only_biases_with_an_effect_are_trained():
    block = DenseMultiScaleFusion(8)
    block.build((None, 4, 4, 8))
    block(np.ones((1, 4, 4, 8), np.float32))
    idle = [variable.name for variable in block.non_trainable_variables]
    assert [name.split("/")[-2] for name in idle] == ["squeeze", "fusion8", "mix"]


def test_config_round_trip():
    block = DenseMultiScaleFusion(12)
    assert DenseMultiScaleFusion.from_config(block.get_config()).get_config() == block.get_config()


def test_bad_filters():
    with pytest.raises(ValueError, match="multiple of 4, got 6"):
        DenseMultiScaleFusion(6)
