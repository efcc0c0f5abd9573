"""The arguments of an objective: a network, a batch, scalars and random draws.

Tensors are of any backend, and their namespace has numpy's names: nothing here imports Keras.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

from skae.networks import Columns

# A tensor of the backend, or an array of numpy where a score is computed.
Tensor = Any
# A module with numpy's names: ``keras.ops`` in a compiled step, ``numpy`` in scoring.
Namespace = Any
# ``rows`` and ``targets`` (n, n_features) in scaled units, ``labels`` where there are any, and
# ``weights`` (n,), which are zero for padding.
Batch = Mapping[str, Tensor]
# Tensors that change from fit to fit without a new compilation.
Scalars = Mapping[str, Tensor]
# Named values, one a row.
Terms = Mapping[str, Tensor]


class RandomDraws(Protocol):
    """Random tensors, new in every step of training."""

    def normal(self, shape: tuple[int, ...], /) -> Tensor:
        """Standard normal values."""

    def uniform(self, shape: tuple[int, ...], /) -> Tensor:
        """Uniform values in [0, 1)."""


class NetworkView(Protocol):
    """A network with its weights, as an objective sees it.

    Rows, targets and outputs are tensors of shape (n, n_features) in scaled units, codes of shape
    (n, n_components).
    """

    @property
    def ops(self) -> Namespace:
        """``keras.ops``."""

    @property
    def masks_missing(self) -> bool:
        """Whether NaN in targets means that they have no value there."""

    def at_rest(self) -> Self:
        """The same network as it is when it scores, without dropout."""

    def encode(self, rows: Tensor, /) -> Tensor:
        """Code of rows."""

    def encode_with_jacobian(self, rows: Tensor, /) -> tuple[Tensor, Tensor]:
        """Code of rows, and its derivative at each of them, (n, n_components, n_features)."""

    def decode(self, code: Tensor, /) -> Tensor:
        """Output of a code."""

    def error(self, target: Tensor, output: Tensor, /) -> Tensor:
        """Loss of each row, (n,): of the values that are there, by the parameter ``loss``."""

    def gradient(self, function: Callable[[Tensor], Tensor], x: Tensor, /) -> Tensor:
        """Derivative at ``x`` of the sum of all that a function returns."""


class VariantView(NetworkView, Protocol):
    """A network that has more than a code and an output.

    A network without a distribution, a noise variance, a critic or a head has no use for the
    methods about them.
    """

    def encode_batch(self, batch: Batch, /) -> tuple[Tensor, Tensor]:
        """Values of which a sparse code is made, and the code, of a batch with its weights."""

    def thresholds(self) -> Tensor:
        """Trained thresholds of the units of the code."""

    def idle_rows(self) -> Tensor:
        """Rows that each unit of the code has been zero for, up to the batch encoded last."""

    def encode_distribution(self, rows: Tensor, /) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the code."""

    def code(self, rows: Tensor, /) -> Tensor:
        """Code of rows; of a distribution, its mean."""

    def code_of_batch(self, batch: Batch, /) -> Tensor:
        """Code of a batch with its weights; of a distribution, its mean."""

    @property
    def columns(self) -> Columns | None:
        """What the features stand for where they are not all numbers."""

    def column_errors(self, target: Tensor, output: Tensor, /) -> tuple[Tensor, Tensor]:
        """Error of each column of a table, and whether it has a value."""

    def log_noise_variance(self) -> Tensor:
        """Log variance of the rows around the output."""

    def noise(self) -> tuple[Tensor, Tensor, Tensor]:
        """What is known of the noise of each feature, see ``Noise``."""

    def prior(self) -> Mapping[str, Tensor]:
        """What is learned of the distribution of the code, by name."""

    def criticise(self, code: Tensor, /) -> Tensor:
        """One logit a code, high where the critic takes it for a draw from the prior."""

    def predict(self, code: Tensor, /) -> Tensor:
        """Output of the head."""

    def block(self, half: str, i: int, inputs: Tensor, masked_as: Tensor | None = None) -> Tensor:
        """One block of a nonlinear path; ``masked_as`` has the mask that ``inputs`` may lack."""


# Gives the terms of a batch, from a view, the batch, scalars and draws.
TermFunction = Callable[[Any, Batch, Scalars, RandomDraws], Terms]
