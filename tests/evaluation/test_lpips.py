"""LPIPS on random weights of the published shapes, against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inpainting.errors import InputError
from inpainting.evaluation.lpips import Lpips

SHIFT = np.array([-0.03, -0.088, -0.188], np.float32)
SCALE = np.array([0.458, 0.448, 0.45], np.float32)
ALEX = [("1.0", 64, 3, 11), ("2.3", 192, 64, 5), ("3.6", 384, 192, 3), ("4.8", 256, 384, 3),
        ("5.10", 256, 256, 3)]  # fmt: skip
VGG_LAYERS = {1: (0, 2), 2: (5, 7), 3: (10, 12, 14), 4: (17, 19, 21), 5: (24, 26, 28)}
VGG_WIDTHS = {1: 64, 2: 128, 3: 256, 4: 512, 5: 512}


def write(path: Path, layers, widths) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(1)
    arrays = {
        "scaling_layer.shift": SHIFT.reshape(1, 3, 1, 1),
        "scaling_layer.scale": SCALE.reshape(1, 3, 1, 1),
    }
    for name, wide, deep, side in layers:
        deviation = np.sqrt(2 / (deep * side * side))
        kernel = generator.normal(0, deviation, (wide, deep, side, side))
        arrays[f"net.slice{name}.weight"] = kernel.astype(np.float32)
        arrays[f"net.slice{name}.bias"] = generator.normal(0, 0.1, wide).astype(np.float32)
    for index, width in enumerate(widths):
        weights = generator.random((1, width, 1, 1)).astype(np.float32)
        arrays[f"lin{index}.model.1.weight"] = weights
    np.savez(path, **arrays)
    return arrays


def alex_file(path: Path) -> dict[str, np.ndarray]:
    return write(path, ALEX, [wide for _, wide, _, _ in ALEX])


def convolve(x: np.ndarray, kernel: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """x `(H, W, C)`, kernel as PyTorch has it `(O, C, k, k)`."""
    side = kernel.shape[2]
    x = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(0, 1))
    return np.einsum("hwcij,ocij->hwo", windows[::stride, ::stride], kernel)


def pool(x: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(0, 1))
    return windows[::2, ::2].max(axis=(3, 4))


def alex_features(picture: np.ndarray, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    x = (picture / 255.0 * 2 - 1 - SHIFT) / SCALE
    features = []
    for (name, *_), stride, padding, pooled in zip(
        ALEX, (4, 1, 1, 1, 1), (2, 2, 1, 1, 1), (False, True, True, False, False)
    ):
        x = convolve(pool(x) if pooled else x, arrays[f"net.slice{name}.weight"], stride, padding)
        x = np.maximum(x + arrays[f"net.slice{name}.bias"], 0)
        features.append(x / (np.sqrt((x * x).sum(axis=-1, keepdims=True)) + 1e-10))
    return features


def test_alexnets_distance_equals_numpys(tmp_path):
    arrays = alex_file(tmp_path / "alex.npz")
    lpips = Lpips(str(tmp_path / "alex.npz"))
    truth, completed = np.random.default_rng(3).integers(0, 256, (2, 2, 37, 41, 3), dtype=np.uint8)
    found = lpips.distance(lpips.features(truth), completed)
    for place in range(2):
        layers = zip(*(alex_features(p[place].astype(float), arrays) for p in (truth, completed)))
        expected = sum(
            ((a - b) ** 2 * arrays[f"lin{index}.model.1.weight"].reshape(-1)).sum(axis=-1).mean()
            for index, (a, b) in enumerate(layers)
        )
        assert found[place] == pytest.approx(expected, rel=1e-4)
    assert lpips.record["network"] == "AlexNet"


def test_vgg_is_known_by_its_names(tmp_path):
    deep, layers = 3, []
    for slice_, indices in VGG_LAYERS.items():
        for index in indices:
            layers.append((f"{slice_}.{index}", VGG_WIDTHS[slice_], deep, 3))
            deep = VGG_WIDTHS[slice_]
    write(tmp_path / "vgg.npz", layers, VGG_WIDTHS.values())
    lpips = Lpips(str(tmp_path / "vgg.npz"))
    truth, completed = np.random.default_rng(3).integers(0, 256, (2, 1, 32, 40, 3), dtype=np.uint8)
    features = lpips.features(truth)
    sides = [tuple(layer.shape[1:]) for layer in features[0]]
    assert sides == [(32 >> n, 40 >> n, VGG_WIDTHS[n + 1]) for n in range(5)]
    assert lpips.distance(features, truth) == [0.0]
    assert lpips.distance(features, completed)[0] > 0.01
    assert lpips.metric.label == "LPIPS (VGG-16)"


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"--lpips_weights=.*cannot be read: No such file"):
        Lpips(str(tmp_path / "none.npz"))
    (tmp_path / "text.npz").write_text("no arrays")
    with pytest.raises(InputError, match=r"is not a NumPy \.npz file"):
        Lpips(str(tmp_path / "text.npz"))
    np.savez(tmp_path / "other.npz", **{"net.slice1.0.weight": np.zeros((64, 3, 11, 11))})
    with pytest.raises(InputError, match=r"not the state dictionary of lpips\.LPIPS"):
        Lpips(str(tmp_path / "other.npz"))
