"""FID, the distance of two sets of pictures: it has one value for all photos and no interval.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
NeurIPS 2017, equation 6. It is biased upward for few photos (with fewer than 2,048 its covariances
are singular): compare it at the same number of photos only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from inpainting.errors import InputError
from inpainting.evaluation.files import make_folder
from inpainting.evaluation.metrics import Metric

BLOCK = 256


class Moments(NamedTuple):
    """Mean `(F,)` and covariance `(F, F)` of features, float64."""

    mean: np.ndarray
    covariance: np.ndarray


class FeatureExtractor(Protocol):
    """What FID is computed from: see `inception.Inception`."""

    metric: Metric
    width: int

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 `(B, H, W, 3)` -> float32 `(B, width)`."""


class FeatureFiles:
    """Features of every picture on disk, 8 kB a picture, so that an interrupted run can go on.

    Args:
        folder: for the files; made if it isn't there.
        extractor: its `features` takes uint8 `(B, H, W, 3)` to float32 `(B, width)`.
    """

    def __init__(self, folder: str, extractor: FeatureExtractor) -> None:
        self.folder = folder
        self.width = extractor.width
        self.name = extractor.metric.name
        self._extract = extractor.features
        make_folder(folder)

    def add_truth(self, indices: Sequence[int], pictures: np.ndarray) -> None:
        """Keeps the features of these photos."""
        self._write("truth", indices, pictures)

    def add(self, system: str, bucket: str, indices: Sequence[int], pictures: np.ndarray) -> None:
        """Keeps the features of a system's completed pictures of these photos."""
        self._write(f"{system}.{bucket}", indices, pictures)

    def _write(self, name: str, indices: Sequence[int], pictures: np.ndarray) -> None:
        path = self._path(name)
        features = self._extract(pictures).astype("<f4")
        try:
            with open(path, "r+b" if os.path.exists(path) else "w+b") as stream:
                for index, row in zip(indices, features):
                    stream.seek(index * self.width * 4)
                    stream.write(row.tobytes())
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error

    def distances(
        self, systems: Sequence[str], buckets: Sequence[str], indices: Sequence[int]
    ) -> dict[tuple[str, str], float]:
        """FID of each system in each bucket against the photos, over the photos `indices`."""
        truth = self._moments("truth", indices)
        return {
            (system, bucket): frechet(truth, self._moments(f"{system}.{bucket}", indices))
            for system in systems
            for bucket in buckets
        }

    def _moments(self, name: str, indices: Sequence[int]) -> Moments:
        rows = np.memmap(self._path(name), "<f4", "r").reshape(-1, self.width)
        return moments(rows, indices)

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name.replace(os.sep, "_") + ".f32")


def moments(rows: np.ndarray, indices: Sequence[int]) -> Moments:
    """Mean and unbiased covariance of `rows[indices]`, a block of rows in memory at a time.

    Raises:
        ValueError: fewer than two rows, which have no covariance.
    """
    if len(indices) < 2:
        raise ValueError(f"indices holds {len(indices)} pictures; a covariance needs two")
    blocks = [indices[start : start + BLOCK] for start in range(0, len(indices), BLOCK)]
    mean = sum(rows[block].sum(axis=0, dtype=np.float64) for block in blocks) / len(indices)
    covariance = np.zeros((rows.shape[1], rows.shape[1]))
    for block in blocks:
        centred = rows[block].astype(np.float64) - mean
        covariance += centred.T @ centred
    return Moments(mean, covariance / (len(indices) - 1))


def frechet(a: Moments, b: Moments) -> float:
    """|mean difference|^2 + trace(A + B - 2 (A B)^(1/2)).

    (A B)^(1/2) has the trace of (A^(1/2) B A^(1/2))^(1/2), which is symmetric: its eigenvalues are
    real, and rounding can only make those near zero negative, which are cut off.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ b.covariance @ root)
    trace = np.trace(a.covariance) + np.trace(b.covariance)
    trace -= 2.0 * np.sqrt(np.maximum(product, 0.0)).sum()
    return float(np.sum((a.mean - b.mean) ** 2) + trace)
