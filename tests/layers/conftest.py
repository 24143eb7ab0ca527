"""A convolution in plain NumPy, against which the layers are held."""

import numpy as np
import pytest


def _correlate(image, kernel, stride=1, dilation=1, mode="constant"):
    """`(H, W, C)` with `(k, k, C, F)`, padded as `numpy.pad` does with `mode`, in float64."""
    size = kernel.shape[0]
    border = dilation * (size - 1) // 2
    padded = np.pad(image.astype(np.float64), ((border, border), (border, border), (0, 0)), mode)
    height, width = image.shape[:2]
    output = np.zeros((height, width, kernel.shape[3]))
    for row in range(size):
        for column in range(size):
            top, left = row * dilation, column * dilation
            window = padded[top : top + height, left : left + width]
            output += window @ kernel[row, column].astype(np.float64)
    return output[::stride, ::stride]


def _normalize(image):
    """Each channel to mean 0 and variance 1, with PyTorch's epsilon."""
    mean, variance = image.mean(axis=(0, 1)), image.var(axis=(0, 1))
    return (image - mean) / np.sqrt(variance + 1e-5)


@pytest.fixture
def correlate():
    return _correlate


@pytest.fixture
def normalize():
    return _normalize
