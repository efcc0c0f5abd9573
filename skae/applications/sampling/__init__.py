"""New rows, drawn from the codes of those there are."""

from skae.applications.sampling._sampler import LatentSampler

__all__ = ["LatentSampler"]
