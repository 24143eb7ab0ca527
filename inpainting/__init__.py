"""Image inpainting in TensorFlow 2: it fills the hole that a mask marks in a photograph."""

from __future__ import annotations

__version__ = "0.1.0"
