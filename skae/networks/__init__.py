"""Networks: shapes, starting weights and numpy twins. No loss, no scikit-learn."""

from skae.networks import _names as names
from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.networks._build import Build, check_build
from skae.networks._channels import ChannelAxis, ChannelGroup, without_channels
from skae.networks._columns import Columns
from skae.networks._conditional import class_shapes, given_class, started_classes
from skae.networks._convolutional import ConvolutionalNetwork
from skae.networks._custom import Builder, CustomNetwork
from skae.networks._dense import FIRST_THRESHOLD, LEAST_NORM, DenseNetwork, unit_rows
from skae.networks._digest import Digest, digest_of, is_installed
from skae.networks._head import READER_ACTIVATION, predictions, random_head, with_head, without_head
from skae.networks._kinds import CODED, KINDS, kind_of
from skae.networks._network import Network
from skae.networks._numpy_twin import NumpyTwin
from skae.networks._principal import MAX_COVARIANCE, PrincipalDirections, principal_directions
from skae.networks._priors import PRIORS, Coupling, coupling, coupling_weight, prior_weight
from skae.networks._recurrent import RecurrentNetwork
from skae.networks._residual import ResidualNetwork, UNetwork, filter_size_for
from skae.networks._wide import WideRows, directions_for_share

__all__ = [
    "CODED",
    "FIRST_THRESHOLD",
    "KINDS",
    "LEAST_NORM",
    "MAX_COVARIANCE",
    "NUMPY_ACTIVATIONS",
    "PRIORS",
    "READER_ACTIVATION",
    "Build",
    "Builder",
    "ChannelAxis",
    "ChannelGroup",
    "Columns",
    "ConvolutionalNetwork",
    "Coupling",
    "CustomNetwork",
    "DenseNetwork",
    "Digest",
    "Network",
    "NumpyTwin",
    "PrincipalDirections",
    "RecurrentNetwork",
    "ResidualNetwork",
    "UNetwork",
    "WideRows",
    "check_build",
    "class_shapes",
    "coupling",
    "coupling_weight",
    "digest_of",
    "directions_for_share",
    "filter_size_for",
    "given_class",
    "is_installed",
    "kind_of",
    "names",
    "predictions",
    "principal_directions",
    "prior_weight",
    "random_head",
    "started_classes",
    "unit_rows",
    "with_head",
    "without_channels",
    "without_head",
]
