"""Our networks with imported weights against what the published code computed with them."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.pretrained.importers import deepfill, recurrent
from inpainting.pretrained.importers.published import Published
from inpainting.systems.contextual_attention.critics import CriticPair
from inpainting.systems.contextual_attention.generator import ContextualAttentionGenerator
from inpainting.systems.gated.discriminator import PatchDiscriminator
from inpainting.systems.gated.generator import GatedGenerator
from inpainting.systems.recurrent.discriminator import RecurrentDiscriminator
from inpainting.systems.recurrent.generator import RecurrentGenerator

TOLERANCE = 1e-4
GENERATORS = {"gated": GatedGenerator, "contextual_attention": ContextualAttentionGenerator}
SIZES = ((32, 40, 2), (64, 48, 1))


def _imported(network, inputs, take, arrays):
    network(*inputs)
    published = Published(arrays, "the file", "the system")
    take(published, network)
    published.finish()
    return network


def _agree(outputs, arrays, ending):
    for name in ("coarse", "refined"):
        expected = arrays[f"{name}_{ending}"]
        assert expected.std() > 0.05  # so that agreement means something
        np.testing.assert_allclose(outputs[name], expected, atol=TOLERANCE)


@pytest.mark.parametrize("system", sorted(GENERATORS))
def test_deepfill_generator(system, reference, deepfill_weights, inputs):
    arrays = reference(system)
    weights, _ = deepfill.split(deepfill_weights(system))
    network = GENERATORS[system]()
    generator = _imported(network, inputs(8, 8, 1), deepfill.take_generator, weights)
    for height, width, count in SIZES:
        outputs = generator(*inputs(height, width, count))
        _agree(outputs, arrays, f"{height}x{width}")
    # TensorFlow 1's resizing matters: the plain one gives another result.
    generator.align_corners = generator.attention.align_corners = False
    refined = generator(*inputs(32, 40, 2))["refined"]
    assert np.abs(refined - arrays["refined_32x40"]).max() > 100 * TOLERANCE


def test_gated_discriminator(reference, deepfill_weights):
    _, weights = deepfill.split(deepfill_weights("gated"))
    inputs = np.random.default_rng(2019).random((2, 64, 96, 4)).astype(np.float32) * 2 - 1
    inputs[..., 3] = inputs[..., 3] > 0.3
    image, mask = inputs[..., :3], inputs[..., 3:]
    network = PatchDiscriminator()
    take = deepfill.take_patch_discriminator
    discriminator = _imported(network, (image, mask), take, weights)
    # The published code makes a power iteration whenever it runs.
    discriminator.update_spectral_norm()
    decisions = tf.reshape(discriminator(image, mask), (2, -1))
    np.testing.assert_allclose(decisions, reference("gated")["decision0"], atol=TOLERANCE)


def test_contextual_attention_critics(reference, deepfill_weights):
    _, weights = deepfill.split(deepfill_weights("contextual_attention"))
    rng = np.random.default_rng(2019)
    windows, images = (
        rng.random((2, size, size, 3)).astype(np.float32) * 2 - 1 for size in (32, 64)
    )
    critics = _imported(CriticPair(), (images, windows), deepfill.take_critics, weights)
    arrays = reference("contextual_attention")
    of_global, of_local = critics(images, windows)
    np.testing.assert_allclose(of_local, arrays["decision0"], atol=TOLERANCE)
    np.testing.assert_allclose(of_global, arrays["decision1"], atol=TOLERANCE)


def test_paper_generator(reference, torch_weights, inputs):
    arrays = reference("recurrent")
    network = RecurrentGenerator(4, "REFLECT")
    take = recurrent.take_generator
    generator = _imported(network, inputs(16, 16, 1), take, torch_weights[0])
    _agree(generator(*inputs(64, 64, 1)), arrays, "64")
    batch = inputs(48, 48, 2, masks_differ=True)
    # The reference takes the first sample's holes for all; without the option only that one agrees.
    plain = generator(*batch)["refined"]
    np.testing.assert_allclose(plain[0], arrays["refined_48"][0], atol=TOLERANCE)
    assert np.abs(plain[1] - arrays["refined_48"][1]).max() > 10 * TOLERANCE
    generator.refine_route.attention.first_holes_only = True
    _agree(generator(*batch), arrays, "48")


def test_paper_discriminator(reference, torch_weights):
    inputs = np.random.default_rng(2019).random((2, 64, 96, 4)).astype(np.float32)
    inputs[..., 3] = inputs[..., 3] > 0.3
    image, mask = inputs[..., :3], inputs[..., 3:]
    network, take = RecurrentDiscriminator(), recurrent.take_discriminator
    discriminator = _imported(network, (image, mask), take, torch_weights[1])
    # The reference ran in training mode, in which PyTorch makes a power iteration first.
    discriminator.update_spectral_norm()
    decision, _ = discriminator(image, mask)
    np.testing.assert_allclose(decision, reference("recurrent")["decision"], atol=TOLERANCE)
