"""Inception-v3 from files of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.evaluation.inception import FEATURES, Inception, _names


def test_the_state_dictionary_has_94_convolutions_of_their_own_names():
    names = list(_names())
    assert len(names) == len(set(names)) == 94
    assert names[5] == "Mixed_5b.branch1x1"
    assert names[-1] == "Mixed_7c.branch_pool"


@pytest.mark.slow
def test_other_files_are_refused(tmp_path: Path):
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(InputError, match="is not the state dictionary of pytorch-fid"):
        Inception(str(tmp_path / "other.npz"))
    (tmp_path / "other.h5").write_text("no weights")
    with pytest.raises(InputError, match="is not a Keras weights file of Inception-v3"):
        Inception(str(tmp_path / "other.h5"))


@pytest.mark.slow
def test_both_kinds_of_files_give_the_same_network_but_for_the_last_pool(tmp_path: Path):
    import tensorflow as tf

    tf.keras.utils.set_random_seed(0)
    network = tf.keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")
    generator = np.random.default_rng(0)
    kinds = (tf.keras.layers.Conv2D, tf.keras.layers.BatchNormalization)
    pairs = zip(*([x for x in network.layers if isinstance(x, kind)] for kind in kinds))
    by_number = {}
    for convolution, normalisation in pairs:
        beta, mean, variance = normalisation.get_weights()
        beta = generator.normal(0, 0.1, beta.shape)
        mean = generator.normal(0, 0.1, mean.shape)
        variance = generator.uniform(0.5, 1.5, variance.shape)
        normalisation.set_weights([beta, mean, variance])
        suffix = convolution.name.rpartition("_")[2]
        number = int(suffix) if suffix.isdigit() else 0
        by_number[number] = (convolution.get_weights()[0], beta, mean, variance)
    network.save_weights(tmp_path / "keras.h5")
    arrays = {}
    for name, (_, (kernel, beta, mean, variance)) in zip(_names(), sorted(by_number.items())):
        scale = generator.uniform(0.5, 2.0, beta.shape).astype(np.float32)
        arrays[f"{name}.bn.weight"] = scale
        arrays[f"{name}.conv.weight"] = kernel.transpose(3, 2, 0, 1) / scale[:, None, None, None]
        arrays[f"{name}.bn.running_mean"] = mean / scale
        arrays[f"{name}.bn.bias"], arrays[f"{name}.bn.running_var"] = beta, variance
    np.savez(tmp_path / "fid.npz", **arrays)

    pictures = generator.integers(0, 256, (1, 20, 20, 3), dtype=np.uint8)
    keras, canonical = (Inception(str(tmp_path / name)) for name in ("keras.h5", "fid.npz"))
    assert (keras.metric.name, canonical.metric.name) == ("fid[keras]", "fid")
    a, b = keras.features(pictures)[0], canonical.features(pictures)[0]
    assert a.shape == b.shape == (FEATURES,)
    # In the last block the pooled branch makes the last 192 features: a maximum there, not a mean.
    np.testing.assert_allclose(a[:-192], b[:-192], rtol=1e-3, atol=1e-4)
    assert np.abs(a[-192:] - b[-192:]).max() > 0.01
