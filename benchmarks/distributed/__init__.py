"""Fits over many workers: bits, quality, scaling, and a model of the cost."""
