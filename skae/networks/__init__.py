"""Networks: shapes, starting weights and numpy twins. No loss, no scikit-learn."""

from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.networks._dense import DenseNetwork
from skae.networks._principal import PrincipalDirections, principal_directions

__all__ = ["NUMPY_ACTIVATIONS", "DenseNetwork", "PrincipalDirections", "principal_directions"]
