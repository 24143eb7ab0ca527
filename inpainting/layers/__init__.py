"""Layers that systems share, one a file; none keeps state between calls."""
