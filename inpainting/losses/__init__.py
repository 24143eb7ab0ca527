"""Losses that systems share: plain functions returning a float32 mean over the batch they get.

The mean is over the replica's own batch. Whoever trains on several replicas divides by the global
batch in one place; the losses don't know of replicas.
"""
