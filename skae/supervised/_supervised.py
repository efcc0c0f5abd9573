"""An autoencoder with a head on its code, trained with labels for some rows."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from numbers import Integral, Real
from os import PathLike, fspath
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from scipy.special import expit
from sklearn.base import (
    BaseEstimator,
    _clone_parametrized,
    clone,
)
from sklearn.frozen import FrozenEstimator
from sklearn.utils import (
    check_random_state,
)
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skae.drafts import remove_whole
from skae.estimators import BaseAutoencoder, DenoisingAutoencoder
from skae.exceptions import TrainingInterruptedWarning
from skae.fitting import (
    AT_THE_MODEL,
    Architecture,
    Labels,
    PrintHooks,
    Recipe,
    Rows,
    Settings,
    check_rows,
    forget_layers,
    granting,
    interruption,
    keeps_interrupted,
    lasting_checkpoints,
    layer_sizes,
    remember_interruption,
    train,
)
from skae.messages import warn
from skae.model import Model, ScaledRows, measure_scaling
from skae.networks import Network, predictions, random_head, with_head, without_head
from skae.numerics import Array, ArrayLike, Matrix, RandomState, Weights
from skae.objectives import supervised
from skae.states import StampedEstimator, demand, demand_numbers
from skae.supervised._fitted import FittedHead
from skae.supervised._head_targets import Targets, units_of
from skae.supervised._tables import AnyAutoencoder, inside, relearn
from skae.tables import in_memory, validate_data
from skae.tabular import TableAutoencoder, around_table, is_a_table, native_rows
from skae.training import History, Hooks, Outcome


@dataclass(eq=False, repr=False)
class SupervisedAutoencoder(FittedHead, StampedEstimator):
    """An autoencoder, pretrained on all rows, and a head trained with it on some."""

    autoencoder: AnyAutoencoder | None = None
    _: KW_ONLY
    hidden_layer_sizes: int | Sequence[int] = ()
    fine_tune: bool = True
    unsupervised_weight: float = 1.0
    # An autoencoder or a FrozenEstimator around one, of which scikit-learn ships no type.
    from_pretrained: Any = None
    learning_rate: float | None = None
    max_iter: int = 200
    tol: float = 1e-4
    early_stopping: bool = True
    validation_fraction: float = 0.1
    n_iter_no_change: int | Literal["auto"] = "auto"
    verbose: int = 0
    random_state: RandomState = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [BaseAutoencoder, TableAutoencoder, None],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "fine_tune": ["boolean"],
        "unsupervised_weight": [Interval(Real, 0, None, closed="left")],
        "from_pretrained": [BaseEstimator, None],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }
    # Of the labels; a class says which.
    _loss: ClassVar[Literal["cross_entropy", "squared_error"]]

    @staticmethod
    def _head_start(head: Weights, code: Array, units: Array, targets: Targets) -> Weights:
        """Weights that a linear head starts from, which a class has to say."""
        raise NotImplementedError

    def __sklearn_clone__(self) -> Self:
        # A clone of what was pretrained would not be trained any more.
        bare = copy.copy(self)
        bare.from_pretrained = None
        copied: Self = _clone_parametrized(bare)
        copied.from_pretrained = self.from_pretrained
        return copied

    def _check_rows(self, X: ArrayLike, *, reset: bool) -> None:
        """Refuse rows that the autoencoder does not take, and remember their columns."""
        autoencoder = self._template(X) if reset else self.autoencoder_
        if reset:
            self._check_trainable(autoencoder)
        if isinstance(autoencoder, TableAutoencoder):
            validate_data(self, native_rows(X), reset=reset, skip_check_array=True)
            return
        if getattr(autoencoder, "conditional", False):
            raise ValueError(
                f"{type(autoencoder).__name__}(conditional=True) is told the classes that the head "
                "is to predict, so that its code does not say them. Set conditional=False; to "
                "classify rows by their likelihood call its own predict."
            )
        architecture = Architecture.of(autoencoder)
        if architecture.restores:
            raise ValueError(
                f"{type(autoencoder).__name__} with network={architecture.kind!r} has no code to "
                "predict from: it restores rows. Give its code a width, such as n_components=16."
            )
        allow_nan = architecture.allows_nan
        check_rows(self, X, autoencoder.sample_shape, reset=reset, allow_nan=allow_nan)

    def _check_trainable(self, autoencoder: AnyAutoencoder) -> None:
        """Refuse what a head cannot go on from, or takes away what it was taught."""
        is_table = isinstance(autoencoder, TableAutoencoder)
        if self.from_pretrained is not None:
            own = autoencoder.autoencoder_ if is_table else autoencoder
            own._check_unchanged()
        if self.fine_tune and not is_table:
            autoencoder._check_more_training("set fine_tune=False")

    def _template(self, X: ArrayLike) -> AnyAutoencoder:
        """The autoencoder that the parameters ask for such rows, not to be changed."""
        if self.from_pretrained is not None:
            if self.autoencoder is not None:
                raise ValueError(
                    f"autoencoder={self.autoencoder!r} would be fitted on X, but from_pretrained "
                    "takes its place. Leave one of them at None."
                )
            return self._given_pretrained()
        given = _default_autoencoder() if self.autoencoder is None else self.autoencoder
        template: AnyAutoencoder = around_table(given) if is_a_table(X, given) else given
        return template

    def _given_pretrained(self) -> AnyAutoencoder:
        given = self.from_pretrained
        given = given.estimator if isinstance(given, FrozenEstimator) else given
        if not isinstance(given, AnyAutoencoder):
            raise TypeError(
                f"from_pretrained={self.from_pretrained!r} is not an autoencoder of skae. Pass a "
                "fitted one, such as Autoencoder(16).fit(X_other)."
            )
        check_is_fitted(
            given,
            msg="from_pretrained is a %(name)s that is not fitted. Fit it on the other table "
            "first, or pass it as autoencoder.",
        )
        return given

    def _fit_targets(
        self,
        X: ArrayLike,
        targets_of: Callable[[Callable[[], Array]], Targets],
        checkpoint: str | PathLike[str] | None,
    ) -> None:
        """Pretrain, then train head and encoder on what ``targets_of(seen)`` gives."""
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        keeps = keeps_interrupted(self)
        # Kept until all is done: a kill in the second training does not cost the first.
        first = None if checkpoint is None else Path(f"{fspath(checkpoint)}.autoencoder")
        sizes = layer_sizes(self.hidden_layer_sizes)  # refused, if so, before anything is trained
        whole = self._pretrained(X, int(rng.integers(2**31)), keeps, first)
        autoencoder, rows = inside(whole, X)
        model = autoencoder._model
        code = model.encode(rows).astype(np.float64, copy=False)
        reconstructed = _reconstructions(model, code, rows)
        targets = targets_of(_seen(model, reconstructed, rows))
        network = with_head(model.network, sizes, targets.values.shape[1])
        head = self._head_start(
            random_head(network, rng), code, units_of(code, reconstructed), targets
        )
        start = replace(model, network=network, weights={**model.weights, **head}, _cast={})
        is_interrupted = self.from_pretrained is None and autoencoder._was_interrupted
        train_head = _without_training if is_interrupted else self._train
        settings = replace(
            self._settings(autoencoder), keeps_interrupted=keeps, checkpoint=checkpoint
        )
        outcome = train_head(autoencoder, start, rows, targets, settings, rng)
        own, self._head = without_head(outcome.weights)
        if self.fine_tune:
            # Otherwise means and variances of batches, which no update trains, would have changed.
            autoencoder._set_model(model.with_weights(own))
            relearn(whole, rows)
        self.autoencoder_ = whole
        self.history_ = outcome.history.columns()
        self.loss_curve_ = self.history_["loss"].tolist()
        self.n_iter_ = outcome.history.n_epochs
        self.best_loss_, self.best_epoch_ = outcome.best_loss, outcome.best_epoch
        if first is not None:
            remove_whole(first)
            forget_layers(first)

    def _pretrained(
        self, X: ArrayLike, seed: int, keeps: bool, checkpoint: Path | None
    ) -> AnyAutoencoder:
        """A fitted autoencoder that is ours to change."""
        template = self._template(X)
        if self.from_pretrained is not None:
            if template.n_features_in_ != self.n_features_in_:
                raise ValueError(
                    f"from_pretrained was fitted on {template.n_features_in_} features, but X has "
                    f"{self.n_features_in_}. Both tables need the same columns."
                )
            return copy.deepcopy(template)
        autoencoder: AnyAutoencoder = clone(template)
        if autoencoder.random_state is None:
            autoencoder.set_params(random_state=seed)
        if checkpoint is None:
            with granting(keeps):
                return autoencoder.fit(X)
        with granting(keeps), lasting_checkpoints():
            return autoencoder.fit(X, checkpoint=checkpoint)

    def _train(
        self,
        autoencoder: BaseAutoencoder,
        start: Model,
        rows: Matrix,
        targets: Targets,
        settings: Settings,
        rng: np.random.Generator,
    ) -> Outcome:
        n_visits = targets.n_visits()
        outcome = train(
            start,
            Rows(rows, labels=Labels(targets.as_labels(n_visits), n_visits)),
            self._joint_recipe(autoencoder),
            settings,
            AT_THE_MODEL,
            PrintHooks(self.max_iter) if self.verbose else Hooks(),
            rng,
        )
        if outcome.interrupted:
            remember_interruption()
            warn(interruption(), TrainingInterruptedWarning)
        return outcome

    def _joint_recipe(self, autoencoder: BaseAutoencoder) -> Recipe:
        """The autoencoder's recipe with a head; its own loss counts ``unsupervised_weight``."""
        own = autoencoder._recipe()
        weight, strengths = self.unsupervised_weight, own.objective.strengths

        def scalars(network: Network, rows: ScaledRows) -> dict[str, Any]:
            numbers = own.scalars_for(network, rows)
            weighted = {f"unsupervised_{name}": weight * numbers[name] for _, name in strengths}
            return {**numbers, "unsupervised_weight": weight, **weighted}

        objective = supervised(own.objective if self.fine_tune else None, self._loss)
        # A trained autoencoder needs no warm-up.
        return replace(own, objective=objective, scalars=scalars, schedule=None, n_grace_epochs=0)

    def _settings(self, autoencoder: BaseAutoencoder) -> Settings:
        """The autoencoder's settings, with ours where both have them."""
        shared = ("max_iter", "tol", "early_stopping", "validation_fraction", "n_iter_no_change")
        own = {name: getattr(self, name) for name in shared}
        settings = Settings.of(autoencoder)
        if self.learning_rate is not None:
            own["learning_rate"] = self.learning_rate
        elif settings.learning_rate == "auto":
            # The encoder is trained already, and patience ends what is left to do.
            own["learning_rate"] = "constant"
        return replace(settings, **own)

    def _outputs(self, X: ArrayLike) -> Array:
        """Outputs of the head for the code of each row, float64."""
        check_is_fitted(self)
        X = in_memory(X)
        self._check_rows(X, reset=False)
        code = np.asarray(self.autoencoder_.transform(X))
        return predictions(self._head, code).astype(np.float64, copy=False)

    def _check_stored(self) -> None:
        whole = getattr(self, "autoencoder_", None)
        if whole is None:
            return
        demand(isinstance(whole, AnyAutoencoder), f"an autoencoder is a {type(whole).__name__}")
        demand(isinstance(self._head, dict), f"a head is a {type(self._head).__name__}")
        for name, weight in self._head.items():
            shape: tuple[None, ...] = (None,) * np.ndim(weight)
            demand_numbers(f"the weight {name} of a head", weight, shape)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _without_training(
    autoencoder: BaseAutoencoder,
    start: Model,
    rows: Matrix,
    targets: Targets,
    settings: Settings,
    rng: np.random.Generator,
) -> Outcome:
    """The outcome of an interruption before the first epoch."""
    history = History({"loss": np.nan})
    return Outcome(start.weights, None, history, np.inf, 0, interrupted=True)


def _reconstructions(model: Model, code: Array, rows: Matrix) -> Array:
    """Output of the decoder for a code, in units in which a feature's mean variance is 1."""
    if model.network.columns is not None:
        # Logits are in no unit; levels count as they do in factor analysis of mixed data.
        in_units: Array = model.scaling.apply(model.decode(code))
        return in_units
    output = model.in_blocks(code, model.network.n_features, model.decode_scaled)
    if not model.ends_in_sigmoid:
        return output
    # Distances of logits would be those of the surest values alone.
    scaling = measure_scaling(rows, has_missing=model.mask_value is not None)
    rows_in_units: Array = expit(output) / scaling.scale
    return rows_in_units


def _seen(model: Model, reconstructed: Array, rows: Matrix) -> Callable[[], Array]:
    """Rows beside their reconstructions, in the same units, by which neighbours are found.

    A reconstruction lacks the noise of a row, and also what a narrow code cannot hold.
    """

    def seen() -> Array:
        if model.network.columns is not None:
            return reconstructed
        scaling = model.scaling
        if model.ends_in_sigmoid:
            scaling = measure_scaling(rows, has_missing=model.mask_value is not None)
        in_units = model.in_blocks(rows, model.network.n_features, scaling.apply)
        # A constant is no distance, but would cost digits.
        shift = 0.0 if not model.ends_in_sigmoid else np.asarray(scaling.mean) / scaling.scale
        restored = reconstructed - shift
        return np.hstack([np.where(np.isnan(in_units), restored, in_units), restored])

    return seen


def _default_autoencoder() -> DenoisingAutoencoder:
    return DenoisingAutoencoder(16, noise_level=1.0)
