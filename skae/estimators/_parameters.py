"""The values that shared parameters may take, as types and as scikit-learn's constraints."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Literal, Protocol

import numpy as np
from sklearn.utils._param_validation import HasMethods, Hidden, Interval, RealNotInt, StrOptions

from skae.backend import StoredKeras
from skae.networks import CODED
from skae.objectives import LOSSES, UserLoss


class BuildsNetwork(Protocol):
    """An object that builds a user's own Keras models; see the parameter ``network``."""

    def build(self, *arguments: Any) -> Any:
        """Encoder and decoder, new."""


NetworkChoice = str | Callable[..., Any] | BuildsNetwork
LayerSizes = int | Sequence[int] | Literal["auto"]
LossName = Literal["squared_error", "absolute_error", "huber", "binary_crossentropy"]
# Or a function of targets and outputs.
LossChoice = LossName | UserLoss
Constraints = dict[str, list[Any]]

# In the precision of networks.
_LARGEST_RATE = float(np.finfo(np.float32).max)
POSITIVE_INTEGER = Interval(Integral, 1, None, closed="left")

CONSTRAINTS: Constraints = {
    "n_components": [POSITIVE_INTEGER, Interval(RealNotInt, 0, 1, closed="neither")],
    "network": [
        StrOptions(set(CODED)),
        callable,
        HasMethods("build"),
    ],
    "sample_shape": [tuple, list, None],
    "hidden_layer_sizes": ["array-like", POSITIVE_INTEGER, StrOptions({"auto"})],
    "activation": [str, callable],
    "kernel_size": ["array-like", POSITIVE_INTEGER],
    "pooling": [StrOptions({"max", "average"}), None],
    "cell": [StrOptions({"lstm", "gru"})],
    "bidirectional": ["boolean"],
    "mask_value": [Real, None],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "init": [StrOptions({"pca", "random"})],
    "loss": [StrOptions(set(LOSSES)), callable],
    # Hidden: what is stored of one, which nobody else writes.
    "optimizer": [str, HasMethods(["apply", "get_config"]), Hidden(StoredKeras)],
    "learning_rate": [
        Interval(Real, 0, _LARGEST_RATE, closed="neither"),
        StrOptions({"auto", "constant", "cosine", "plateau"}),
        HasMethods("get_config"),
        Hidden(StoredKeras),
    ],
    "batch_size": [POSITIVE_INTEGER],
    "max_iter": [POSITIVE_INTEGER],
    "tol": [Interval(Real, 0, None, closed="left")],
    "early_stopping": ["boolean", StrOptions({"auto"})],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [POSITIVE_INTEGER, StrOptions({"auto"})],
    "warm_start": ["boolean"],
    "jit_compile": ["boolean", StrOptions({"auto"})],
    "callbacks": [list, tuple, None],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}
