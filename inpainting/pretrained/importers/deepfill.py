"""The published TensorFlow 1 checkpoints of DeepFill v1 and v2 (JiahuiYu/generative_inpainting).

Several of them hold the generator alone; where the discriminator is there, it must be there whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.layers.gated_conv import GatedConv2D
from inpainting.pretrained.importers.published import Arrays, Published
from inpainting.systems.contextual_attention.critics import Critic, CriticPair
from inpainting.systems.contextual_attention.two_stage import TwoStageGenerator
from inpainting.systems.gated.discriminator import PatchDiscriminator

IMAGE_SIZE = 256
GENERATOR, DISCRIMINATOR = "inpaint_net/", "discriminator/"
FIRST_KERNEL = GENERATOR + "conv1/kernel"
REFINE_KERNEL = GENERATOR + "xconv1/kernel"
# What the refine stage sees tells the two apart: v1's mask and plane of ones are left out in v2.
REFINE_PLANES = {5: "contextual_attention", 3: "gated"}
GLOBAL_SCORE = DISCRIMINATOR + "dout_global_fc/kernel"
# The global critic's last layer sees a sixteenth of the image's side, in 256 channels.
CRITIC_STRIDE, CRITIC_CHANNELS = 16, 256
# What a trainer saves beside the networks.
_TRAINING_STATE = re.compile(r"(.*/)?(Adam(_\d+)?|beta[12]_power(_\d+)?|lr|global_step)$")

_ENCODER = ("conv1", "conv2_downsample", "conv3", "conv4_downsample", "conv5", "conv6")
_DILATED = ("conv7_atrous", "conv8_atrous", "conv9_atrous", "conv10_atrous")
_DECODER = (
    "conv11",
    "conv12",
    "conv13_upsample",
    "conv14",
    "conv15_upsample",
    "conv16",
    "conv17",
)


def split(arrays: Arrays) -> tuple[Arrays, Arrays]:
    """The generator's arrays, with all that belongs to neither, and the discriminator's.

    What a trainer saved beside them (Adam's moments, step and rate) is left out: it has no meaning
    for other optimizers.
    """
    networks = {name: array for name, array in arrays.items() if not _TRAINING_STATE.match(name)}
    discriminator = {n: array for n, array in networks.items() if n.startswith(DISCRIMINATOR)}
    generator = {n: array for n, array in networks.items() if n not in discriminator}
    return generator, discriminator


def plain_base(arrays: Arrays, source: str) -> int:
    """The base width of DeepFill v1's generator."""
    return _width(arrays, source, "contextual_attention")


def gated_base(arrays: Arrays, source: str) -> int:
    """The base width of DeepFill v2's generator: a gated layer's kernel has twice its channels."""
    return _width(arrays, source, "gated") // 2


def _width(arrays: Arrays, source: str, system: str) -> int:
    """The channels of the first layer's kernel, once it is clear whose weights these are."""
    first, refine = arrays.get(FIRST_KERNEL), arrays.get(REFINE_KERNEL)
    if first is None or refine is None or first.ndim != 4 or refine.ndim != 4:
        raise InputError(f"{source} does not fit {system}: it has no {FIRST_KERNEL}")
    found = REFINE_PLANES.get(refine.shape[2])
    if found not in (None, system):
        raise InputError(f"{source} has weights of {found}, not of {system}")
    return first.shape[-1]


def image_size(discriminator: Arrays) -> int:
    """The side of the training images that the global critic of DeepFill v1 is made for."""
    score = discriminator.get(GLOBAL_SCORE)
    if score is None:
        return IMAGE_SIZE
    return CRITIC_STRIDE * math.isqrt(score.shape[0] // CRITIC_CHANNELS)


def take_generator(published: Published, generator: TwoStageGenerator) -> None:
    """Promises every array of the two stages."""
    coarse = (*generator.coarse_encoder, *generator.coarse_dilated, *generator.coarse_decoder)
    _take_all(published, "", (*_ENCODER, *_DILATED, *_DECODER), coarse)
    dilated = (*generator.dilated_encoder, *generator.dilated)
    _take_all(published, "x", (*_ENCODER, *_DILATED), dilated)
    attention = (*generator.attention_encoder, *generator.after_attention)
    _take_all(published, "pm", (*_ENCODER, "conv9", "conv10"), attention)
    _take_all(published, "all", _DECODER, generator.decoder)


def _take_all(
    published: Published, prefix: str, names: Iterable[str], layers: Iterable[Any]
) -> None:
    convolutions = [
        layer for layer in layers if not isinstance(layer, tf.keras.layers.UpSampling2D)
    ]
    for name, layer in zip(names, convolutions):
        full = f"{prefix}{name}"
        # An upsampling convolution lies in a scope of its own.
        path = f"{full}/{full}_conv" if name.endswith("_upsample") else full
        conv = layer.conv if isinstance(layer, GatedConv2D) else layer
        _take_layer(published, GENERATOR + path, conv)


def take_patch_discriminator(published: Published, discriminator: PatchDiscriminator) -> None:
    """Promises every array of DeepFill v2's discriminator.

    The file has one singular vector of a kernel, u; the other follows from it.
    """
    for number, conv in enumerate(discriminator.convs, 1):
        name = f"{DISCRIMINATOR}sn_patch_gan/conv{number}"
        _take_layer(published, name, conv)
        published.take(f"{name}/kernel_sn/u", conv.u, (1, conv.filters), _unit)
        kernel, u = (published.arrays.get(f"{name}/{part}") for part in ("kernel", "kernel_sn/u"))
        if kernel is not None and u is not None and u.size == kernel.shape[-1]:
            left = kernel.reshape(-1, kernel.shape[-1]) @ _unit(u)
            published.derive(conv.v, _unit(left))


def take_critics(published: Published, critics: CriticPair) -> None:
    """Promises every array of DeepFill v1's two critics."""
    named: tuple[tuple[str, Critic], ...] = (
        ("global", critics.global_critic),
        ("local", critics.local_critic),
    )
    for name, critic in named:
        for number, conv in enumerate(critic.convs, 1):
            _take_layer(published, f"{DISCRIMINATOR}discriminator_{name}/conv{number}", conv)
        _take_layer(published, f"{DISCRIMINATOR}dout_{name}_fc", critic.score)


def _take_layer(published: Published, name: str, layer: Any) -> None:
    published.take(f"{name}/kernel", layer.kernel)
    published.take(f"{name}/bias", layer.bias)


def _unit(vector: np.ndarray) -> np.ndarray:
    vector = vector.ravel().astype(np.float64)
    return (vector / max(np.linalg.norm(vector), 1e-12)).astype(np.float32)
