"""Weights that were trained elsewhere: published checkpoints, brought into run folders."""
