"""The whole scikit-learn contract, once for all autoencoders.

``BaseAutoencoder`` owns the flow of a fit (validate, start, train), and gets from ``ScoringMixin``
what can be asked after it (encode, decode, error). A variant returns a ``Recipe``: its objective,
the scalars that needs, and what else differs.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import KW_ONLY, dataclass, replace
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state

from skae.backend import stored
from skae.estimators._completion import Trained, complete
from skae.estimators._going_on import GoingOn
from skae.estimators._hooks import FitHooks
from skae.estimators._parameters import (
    CONSTRAINTS,
    Constraints,
    LayerSizes,
    LossChoice,
    NetworkChoice,
)
from skae.estimators._read_later import ParametersAsText, ReadLater
from skae.estimators._scoring import ScoringMixin
from skae.fitting import (
    CALLBACK_STATE,
    Architecture,
    CrossFit,
    Origin,
    Recipe,
    Settings,
    SklearnCallbackHooks,
    all_or_nothing,
    averaged,
    check_fit_input,
    check_resumable,
    continued_history,
    continued_model,
    cross_fit,
    fit_listeners,
    forget_checkpoint,
    forget_layers,
    granting,
    honoured_callbacks,
    is_cross_fitted,
    keeps_interrupted,
    lasting_checkpoints,
    new_model,
    new_model_told,
    one_pass_listeners,
    optimizer_averages,
    optimizer_kind,
    planned,
    portable,
    starts_at_optimum,
    steered,
    tell_cross_fit,
    tell_optimum,
    train,
    train_one_pass,
    with_classes,
    without_training,
)
from skae.model import Model
from skae.numerics import Array, ArrayLike, RandomState
from skae.objectives import RECONSTRUCTION
from skae.parameter_checks import checks_parameters
from skae.states import StampedEstimator
from skae.training import Outcome


@dataclass(eq=False, repr=False)
class BaseAutoencoder(
    ScoringMixin, GoingOn, FitHooks, CallbackSupportMixin, ParametersAsText, StampedEstimator
):
    """Base of all autoencoders; see a subclass for the parameters."""

    n_components: int | float = 2
    _: KW_ONLY
    network: NetworkChoice = "dense"
    sample_shape: Sequence[int] | None = None
    hidden_layer_sizes: LayerSizes = "auto"
    activation: str | Callable[..., Any] = "auto"
    kernel_size: int | Sequence[int] = 3
    pooling: Literal["max", "average"] | None = None
    cell: Literal["lstm", "gru"] = "lstm"
    bidirectional: bool = False
    mask_value: float | None = None
    dropout: float = 0.0
    init: Literal["pca", "random"] = "pca"
    loss: LossChoice = "squared_error"
    # These two may be objects of Keras, which ships no types.
    optimizer: Any = "adam"
    learning_rate: Any = "auto"
    batch_size: int = 32
    max_iter: int = 500
    tol: float = 1e-4
    early_stopping: bool | Literal["auto"] = "auto"
    validation_fraction: float = 0.1
    n_iter_no_change: int | Literal["auto"] = "auto"
    warm_start: bool = False
    jit_compile: bool | Literal["auto"] = "auto"
    callbacks: Sequence[Any] | None = None
    verbose: int = 0
    random_state: RandomState = None

    _parameter_constraints: ClassVar[Constraints] = CONSTRAINTS
    # A parameter that asks for values in [0, 1], and one that does not.
    _unit_interval: ClassVar[tuple[str, str]] = (
        "loss='binary_crossentropy'",
        "loss='squared_error'",
    )

    def _recipe(self) -> Recipe:
        """The objective of this variant, and what else differs from the others."""
        is_squared = self.loss == "squared_error"
        return Recipe(RECONSTRUCTION, loss=self.loss, pca_is_optimum=is_squared)

    @checks_parameters
    def fit(
        self,
        X: ArrayLike,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        observed: ArrayLike | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Self:
        """Learn to encode and to reconstruct the rows of X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in any units. Sparse rows are made dense a batch at a time; a memory map stays on
            its disk. Chunks of h5py, zarr and dask are unpacked once, a few megabytes at a time,
            into a nameless file of the folder for temporary files (see ``TMPDIR``).
        y : object, ignored
            Accepted so that pipelines can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts: in the scaling, in the PCA start and in the loss.
        observed : array-like of bool of shape (n_samples, n_features), optional
            Which values of X are known. The others, which X holds a guess of, are read like any
            value but not reconstructed: they are left out of the loss.
        checkpoint : str or path-like, optional
            A file in which training keeps, each half minute, what it needs to go on: if its process
            is killed, the same call ends with the bits that it would have had, and removes it.
            Folds that choose the number of epochs are not kept but repeated: they give the same
            bits again, and where rows are many, and fits long, none are made. Layers that are
            pretrained have files beside. Needs a ``random_state`` and no callbacks.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X holds missing, infinite or too large values, if a parameter is out of range, or
            if training diverged. The estimator is then as it was.
        KeyboardInterrupt
            At Ctrl-C, where this is called inside of something else: a search, a Pipeline,
            another estimator, ``compare``. The estimator is then as it was before.

        Warns
        -----
        TrainingInterruptedWarning
            At Ctrl-C, where your own code calls this: the best weights so far are kept. A second
            one raises, and so does one in a fit that your code begins within a second. One that
            comes after training waits for the little that is left.
        """
        return self._fit(X, y, sample_weight, observed=observed, checkpoint=checkpoint)

    def _fit(
        self,
        X: ArrayLike,
        y: object,
        sample_weight: ArrayLike | None,
        X_clean: ArrayLike | None = None,
        observed: ArrayLike | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Self:
        check_resumable(self, checkpoint)
        keeps = keeps_interrupted(self)
        with all_or_nothing(self), granting(None):
            context = self._init_callback_context(max_subtasks=self.max_iter)
            about = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
            context.call_on_fit_task_begin(estimator=self, **about)
            self._fit_in_context(
                X, sample_weight, X_clean, observed, context, about, keeps, checkpoint
            )
            context.call_on_fit_task_end(
                estimator=self, **about, reconstruction_attributes=lambda: {}
            )
        return self

    def _fit_in_context(
        self,
        X: ArrayLike,
        sample_weight: ArrayLike | None,
        X_clean: ArrayLike | None,
        observed: ArrayLike | None,
        context: Any,
        about: dict[str, Any],
        keeps: bool,
        checkpoint: str | PathLike[str] | None,
    ) -> None:
        continues = self.warm_start and hasattr(self, "_model")
        labels = self._read_classes(about["y"], sample_weight, continues)
        recipe, settings = self._recipe(), steered(Settings.of(self), self.callbacks)
        settings = replace(settings, keeps_interrupted=keeps)
        # Before anything is trained, and also where nothing will be.
        honoured_callbacks(self.callbacks, settings)
        read = check_fit_input(self, recipe, X, sample_weight, X_clean, observed, continues)
        rows, clean = (with_classes(each, labels) for each in read)
        rng = self._new_generator()
        if continues:
            model = continued_model(Architecture.of(self), recipe, self._model)
        else:
            model = new_model_told(Architecture.of(self), recipe, clean, rng)
            model = self._started(model, rows, recipe, rng)
        is_plain = not continues and rows.targets is None
        is_optimal = is_plain and starts_at_optimum(model.network, recipe)
        phases: list[Outcome] = []
        if not continues and not is_optimal:
            kept = replace(settings, checkpoint=checkpoint)
            model, phases = self._pretrain(model, rows, kept, rng)
        is_interrupted = any(phase.interrupted for phase in phases)
        may_choose = not (continues or is_optimal or phases)
        crossed: CrossFit | None = None
        if may_choose and is_cross_fitted(model, recipe, settings, rows, self.callbacks):
            crossed = cross_fit(model, Architecture.of(self), rows, clean, recipe, settings, rng)
            tell_cross_fit(crossed, self.verbose)
            settings, is_interrupted = crossed.applied_to(settings), crossed.interrupted
        else:
            settings = planned(settings, rows, recipe.n_grace_epochs)
        if is_optimal:
            tell_optimum(self.verbose)
        if is_optimal or is_interrupted:
            outcome = without_training(model, rows, interrupted=is_interrupted)
        else:
            before = phases[-1].weights if phases else None
            origin = Origin(departs=not continues, pretrained=before)
            hooks = SklearnCallbackHooks(self, context, about, model)
            settings = replace(settings, checkpoint=checkpoint)
            listening = fit_listeners(self.callbacks, settings, self.verbose, hooks)
            # A kill in what is left to do is not to cost the training.
            with listening as listeners, lasting_checkpoints():
                tier = None if crossed is None else crossed.tier
                outcome = train(model, rows, recipe, settings, origin, listeners, rng, tier)
        if checkpoint is not None:
            forget_layers(checkpoint)
        complete(self, Trained(model, outcome, phases, crossed), rows, settings, rng)
        if settings.checkpoint is not None and not self._was_interrupted:
            forget_checkpoint(settings.checkpoint)

    @checks_parameters
    def partial_fit(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one pass over the rows given.

        The first call sets the scaling, the number of components and the PCA start from its rows
        alone: make them many and typical. Later calls keep those and the optimizer's state, which
        pickles hold too: with Adam it is twice the weights. Another optimizer begins anew.
        Nothing is held out and training never stops early. The weights kept are a mean over about
        the last seventeenth of all passes, and training goes on from those of the last, which are
        what ``best_epoch_`` and ``best_loss_`` are of. PCA is no floor here: many passes
        over few rows of noise leave a larger error on new ones. After a ``fit`` the history goes
        on, with NaN in the columns of rows held out.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Some rows.
        y : object, ignored
            Accepted so that pipelines can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        self : object
            The estimator after one more pass.

        Raises
        ------
        ValueError
            As ``fit`` does; the estimator is then as it was before.
        """
        return self._partial_fit(X, sample_weight, y=y)

    def _partial_fit(
        self,
        X: ArrayLike,
        sample_weight: ArrayLike | None,
        X_clean: ArrayLike | None = None,
        y: object = None,
    ) -> Self:
        with all_or_nothing(self):
            self._fit_one_pass(X, sample_weight, X_clean, y, is_first=not hasattr(self, "_model"))
        return self

    def _fit_one_pass(
        self,
        X: ArrayLike,
        sample_weight: ArrayLike | None,
        X_clean: ArrayLike | None,
        y: object,
        *,
        is_first: bool,
    ) -> None:
        # scikit-learn leaves this out for an estimator that is fitted.
        self._validate_params()
        labels = self._read_classes(y, sample_weight, not is_first)
        architecture, recipe, settings = Architecture.of(self), self._recipe(), Settings.of(self)
        read = check_fit_input(self, recipe, X, sample_weight, X_clean, None, not is_first)
        rows, clean = (with_classes(each, labels) for each in read)
        n_past = 0 if is_first else self.n_iter_
        rng = self._new_generator(n_past)
        if is_first:
            model = new_model(architecture, recipe, clean, rng)
            model = self._started(model, rows, recipe, rng)
        else:
            model = continued_model(architecture, recipe, self._model)
        passes, mean = getattr(self, "_passes", None), model.weights
        if passes is not None:
            model = model.with_weights(passes["weights"])
        kind = optimizer_kind(settings)
        goes_on = getattr(self, "_optimizer_kind", kind) == kind
        state = getattr(self, "_optimizer_state", None) if goes_on else None
        origin = Origin(optimizer_state=state, n_past_epochs=n_past)
        with one_pass_listeners(self.callbacks, settings, self.verbose, n_past) as listeners:
            outcome = train_one_pass(model, rows, recipe, settings, origin, listeners, rng)
        history = outcome.history.columns()
        if not is_first:
            history = continued_history(self.history_, history)
        if optimizer_averages(settings):  # a mean of its own, which training does not go on from
            mean, passes = outcome.weights, None
        else:
            mean, passes = averaged(mean, passes, outcome.weights)
        self._set_fitted(model, replace(outcome, weights=mean), history)
        if passes is not None:
            self._passes = passes
        self._optimizer_state, self._optimizer_kind = outcome.optimizer_state, kind
        self.__dict__.pop("cross_fit_losses_", None)
        self.best_loss_, self.best_epoch_ = self.loss_curve_[-1], self.n_iter_
        self._learn_from(rows, codes=False)
        self.__dict__.pop("_code_mixture", None)  # a pass moves the codes of rows it does not see

    def _new_generator(self, n_passes: int = 0) -> np.random.Generator:
        """Randomness of a fit, or of one pass of ``partial_fit``."""
        seed = check_random_state(self.random_state).randint(2**31)
        return np.random.default_rng([seed, n_passes])

    def _set_fitted(self, model: Model, outcome: Outcome, history: dict[str, Array]) -> None:
        self._set_model(model.with_weights(outcome.weights))
        self.history_ = history
        self.loss_curve_ = history["loss"].tolist()
        self.n_iter_ = int(history["epoch"][-1])

    def _unstamped(self) -> dict[str, Any]:
        # A copy made while a fit is on, as callbacks may, is not fitting itself.
        state = {**super()._unstamped(), "callbacks": portable(self.callbacks)}
        of_keras = {name: stored(state[name]) for name in MADE_LATER if name in state}
        state = {**state, **of_keras}
        return {name: value for name, value in state.items() if name not in CALLBACK_STATE}

    def __sklearn_clone__(self) -> Self:
        # A copy of it has no callbacks but those that can be copied on.
        can_be_copied = portable(self.callbacks) is self.callbacks
        other = self if can_be_copied else copy(self)
        copied: Self = super(BaseAutoencoder, other).__sklearn_clone__()
        return copied

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = bool(self.mask_value != self.mask_value)  # NaN alone does
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


MADE_LATER = ("optimizer", "learning_rate")
for name in MADE_LATER:
    # Not fields, which stay as they are: only how instances of all subclasses read them.
    setattr(BaseAutoencoder, name, ReadLater(name, getattr(BaseAutoencoder, name)))
