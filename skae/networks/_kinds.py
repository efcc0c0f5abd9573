"""What each value of the parameter ``network`` stands for."""

from typing import Any

from skae.networks._convolutional import ConvolutionalNetwork
from skae.networks._custom import CustomNetwork
from skae.networks._dense import DenseNetwork
from skae.networks._network import Network
from skae.networks._recurrent import RecurrentNetwork
from skae.networks._residual import ResidualNetwork, UNetwork

# In the order in which texts name them. Their classes say what "auto" means for them, which rows
# they take and what they can be asked.
KINDS: dict[str, type[Network]] = {
    network.kind: network
    for network in (
        DenseNetwork,
        ConvolutionalNetwork,
        RecurrentNetwork,
        UNetwork,
        ResidualNetwork,
    )
}
# Those with a code, which every autoencoder takes.
CODED = tuple(kind for kind, network in KINDS.items() if not network.restores)


def kind_of(network: Any) -> type[Network]:
    """What a value of the parameter builds; whatever is no name is the user's own.

    Of other names, such as "auto" before rows say what it means, what all have in common.
    """
    return KINDS.get(network, Network) if isinstance(network, str) else CustomNetwork
