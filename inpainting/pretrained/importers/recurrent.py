"""The paper's published PyTorch weights (jwbaik96/Image-inpainting), generator and discriminator.

The published networks differ from the paper's only by their width and by reflected borders, which
is the preset `reference_code`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from inpainting.errors import InputError
from inpainting.layers.padded_conv import PaddedConv2D
from inpainting.layers.spectral_conv import SpectralConv2D
from inpainting.pretrained.importers.published import Arrays, Published
from inpainting.systems.recurrent.discriminator import RecurrentDiscriminator
from inpainting.systems.recurrent.generator import RecurrentGenerator

IMAGE_SIZE = 256
FIRST_KERNEL = "main_module.encoder_layer1.conv.weight"


def base(arrays: Arrays, source: str) -> int:
    """The base width of a generator."""
    first = arrays.get(FIRST_KERNEL)
    if first is None or first.ndim != 4:
        raise InputError(f"{source} does not fit recurrent's generator: it has no {FIRST_KERNEL}")
    return first.shape[0]


def take_generator(published: Published, generator: RecurrentGenerator) -> None:
    main = "main_module"
    for part, layers in (
        ("encoder", generator.encoder.layers),
        ("decoder", generator.decoder.layers),
    ):
        for number, layer in enumerate(layers, 1):
            inner = ".recurrent_conv" if layer.upsample == 2 else ""
            name = f"{main}.{part}_layer{number}{inner}"
            _take_conv(published, f"{name}.conv", layer.conv)
            _take_conv(published, f"{name}.buffer_conv", layer.buffer_conv)
    _take_residual_route(published, "coarse_module", generator.coarse_route)
    refine, name = generator.refine_route, "refine_module"
    _take_residual_route(published, f"{name}.res_module", refine.residual)
    for number, block in enumerate(refine.fusion):
        _take_fusion(published, f"{name}.dmfb_module.dmfb.{number}", block)
    _take_conv(published, f"{name}.concatenation.0", refine.merge1)
    _take_conv(published, f"{name}.concatenation.3", refine.merge2)


def take_discriminator(published: Published, discriminator: RecurrentDiscriminator) -> None:
    branches = (("conv", discriminator.patch_convs), ("edge", discriminator.edge_convs))
    for branch, layers in branches:
        for number, layer in enumerate(layers, 1):
            _take_spectral(published, f"{branch}{number}", layer)
    _take_spectral(published, "concat", discriminator.decision)


def _take_residual_route(published: Published, name: str, route: Any) -> None:
    for number, block in enumerate(route.blocks):
        _take_conv(published, f"{name}.res_module.{number}.conv_block.1", block.conv1)
        _take_conv(published, f"{name}.res_module.{number}.conv_block.5", block.conv2)


def _take_fusion(published: Published, name: str, block: Any) -> None:
    _take_conv(published, f"{name}.conv1", block.squeeze)
    for rate, scale in zip((1, 2, 4, 8), block.scales):
        _take_conv(published, f"{name}.conv2_{rate}", scale)
    for number, fusion in enumerate(block.fusions, 1):
        _take_conv(published, f"{name}.conv3_{number}", fusion)
    _take_conv(published, f"{name}.conv4", block.mix)


def _take_conv(published: Published, name: str, layer: PaddedConv2D) -> None:
    rows, columns, inputs, outputs = layer.kernel.shape
    shape = (outputs, inputs, rows, columns)
    published.take(f"{name}.weight", layer.kernel, shape, _kernel)
    published.take(f"{name}.bias", layer.bias)


def _take_spectral(published: Published, name: str, layer: SpectralConv2D) -> None:
    """A spectrally normalised convolution; the file names it twice, as the same arrays."""
    rows, columns, inputs, outputs = layer.kernel.shape
    shape = (outputs, inputs, rows, columns)
    published.take(f"{name}.conv.weight_orig", layer.kernel, shape, _kernel)
    published.take(f"{name}.conv.bias", layer.bias)
    published.take(f"{name}.conv.weight_u", layer.u)
    published.take(
        f"{name}.conv.weight_v",
        layer.v,
        convert=lambda v: v.reshape(inputs, rows, columns).transpose(1, 2, 0).ravel(),
    )
    for part in ("weight_orig", "bias", "weight_u", "weight_v"):
        copy, original = f"{name}.spec_norm.{part}", f"{name}.conv.{part}"
        arrays = published.arrays
        both = copy in arrays and original in arrays
        if both and np.array_equal(arrays[copy], arrays[original]):
            published.leave([copy])


def _kernel(array: np.ndarray) -> np.ndarray:
    """PyTorch's (outputs, inputs, rows, columns) in TensorFlow's order."""
    return array.transpose(2, 3, 1, 0)
