"""The loss that training minimised, epoch by epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skae.inspection._drawing._loss_curves import (
    VALIDATION,
    draw_best_epoch,
    draw_columns,
    draw_losses_of_folds,
    draw_phases,
    explain,
    scale_logarithmically,
)
from skae.inspection._drawing._style import axes_to_draw_in, count_by_integers, plain, tidy
from skae.numerics import Array, ArrayLike, Integers
from skae.reducers import last_step

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Attributes in which a meta-estimator keeps the estimator that it fitted.
_INNER = ("autoencoder_", "reducer_", "best_estimator_")
_UNITS = {
    "squared_error": "1 is predicting the mean row",
    "binary_crossentropy": "nats a feature",
    "absolute_error": "scaled units",
    "huber": "scaled units",
}
# Columns that count epochs and phases.
_COUNTS = ("epoch", "phase")
_ERROR_COLUMNS = {"loss", "reconstruction", "val_loss", "val_reconstruction", *_COUNTS}


class LossCurveDisplay:
    """Loss of an autoencoder and its terms, epoch by epoch.

    It is recommended to use :meth:`from_estimator`. Training curves are solid, those of rows held
    out of training dashed, and a vertical line stands at the epoch whose weights were kept.

    Parameters
    ----------
    history : dict of str to array-like of shape (n_rows,)
        Columns such as ``loss`` and ``kl``, with ``val_`` before the name for rows held out. A
        column ``epoch`` numbers the rows, 0 being the start; without one the first is epoch 1, so
        the ``history`` of a :class:`keras.callbacks.History` will do. A column ``phase`` numbers
        the phases of a training in several; curves are broken there.

    best_epoch : int, default=None
        Epoch whose weights were kept, the first being 1; 0 means those of the start.

    unit : str, default=None
        Unit of the loss, for the axis.

    cross_fit_losses : dict of int to float, default=None
        Losses of rows held out by the number of epochs that was tried, where folds chose it.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The curves that were drawn, by column.

    best_epoch_line_ : matplotlib Line2D or None
        The line at the epoch whose weights were kept.

    cross_fit_line_ : matplotlib Line2D or None
        The losses of folds.

    ax_ : matplotlib Axes
        Where the curves were drawn.

    figure_ : matplotlib Figure
        The figure they are in.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VariationalAutoencoder
    >>> from skae.inspection import LossCurveDisplay
    >>> X = load_digits().data[:600]
    >>> autoencoder = VariationalAutoencoder(8, max_iter=5, random_state=0).fit(X)
    >>> display = LossCurveDisplay.from_estimator(autoencoder)
    >>> list(display.lines_)
    ['loss', 'val_loss', 'reconstruction', 'val_reconstruction', 'kl', 'val_kl']
    >>> display.ax_.get_ylabel()
    'Loss (nats a feature)'
    """

    def __init__(
        self,
        history: Mapping[str, ArrayLike],
        *,
        best_epoch: int | None = None,
        unit: str | None = None,
        cross_fit_losses: Mapping[int, float] | None = None,
    ) -> None:
        self.history = history
        self.best_epoch = best_epoch
        self.unit = unit
        self.cross_fit_losses = cross_fit_losses

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        terms: Sequence[str] | None = None,
        log_scale: bool = False,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the loss curves of a fitted autoencoder.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder of skae; or a Pipeline that ends in one, or an estimator that keeps
            one as ``autoencoder_``, ``reducer_`` or ``best_estimator_``.

        terms : sequence of str, default=None
            See :meth:`plot`.

        log_scale : bool, default=False
            See :meth:`plot`.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : LossCurveDisplay
            With the curves drawn.

        Raises
        ------
        TypeError
            If the estimator is not trained in epochs, or keeps several that are.
        ValueError
            If training took no epoch, or as :meth:`plot` does.
        """
        trained = _trained_in_epochs(estimator)
        display = cls(
            trained.history_,
            # Classifiers and regressors do not say which epoch they kept.
            best_epoch=getattr(trained, "best_epoch_", None),
            unit=_unit(trained),
            cross_fit_losses=getattr(trained, "cross_fit_losses_", None),
        )
        return display.plot(ax, terms=terms, log_scale=log_scale)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        terms: Sequence[str] | None = None,
        log_scale: bool = False,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        terms : sequence of str, default=None
            Columns of training, such as ``["loss", "kl"]``. None means all, but no term that is the
            whole loss again.

        log_scale : bool, default=False
            Whether the loss has a logarithmic axis.

        Returns
        -------
        display : LossCurveDisplay
            This object, with the attributes that end in ``_``.

        Raises
        ------
        ValueError
            If a term is not in the history, or if values of 0 or less have no place on a
            logarithmic axis.
        """
        columns = self._columns_to_draw(terms)
        if log_scale:
            _check_positive(columns)
        ax = axes_to_draw_in(ax)
        starts = self._phase_starts()
        epochs = self._epochs(columns)
        self.lines_ = draw_columns(ax, epochs, columns, starts)
        kept = self.best_epoch
        self.best_epoch_line_ = None if kept is None else draw_best_epoch(ax, kept)
        folds = self.cross_fit_losses if "loss" in columns else None
        self.cross_fit_line_ = draw_losses_of_folds(ax, folds) if folds else None
        draw_phases(ax, epochs, self.history.get("phase"), starts)
        explain(ax, self.lines_, self.cross_fit_line_, self.best_epoch_line_)
        self._label(ax, columns, log_scale)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _columns_to_draw(self, terms: Sequence[str] | None) -> dict[str, Array]:
        own = [name for name in self.history if not name.startswith(VALIDATION)]
        own = [name for name in own if name not in _COUNTS]
        chosen = self._different_terms(own) if terms is None else list(terms)
        wrong = [name for name in chosen if name not in own]
        if wrong or not chosen:
            raise ValueError(f"terms={terms!r} must be one or more of {own}, as a list.")
        names = [name for term in chosen for name in (term, VALIDATION + term)]
        return {name: np.asarray(self.history[name]) for name in names if name in self.history}

    def _different_terms(self, names: Sequence[str]) -> list[str]:
        loss = self.history.get("loss", np.nan)
        return [
            name for name in names if name == "loss" or not np.allclose(self.history[name], loss)
        ]

    def _epochs(self, columns: Mapping[str, Array]) -> Array:
        """Return the number of each epoch; without a column of them the first is 1."""
        n_rows = len(next(iter(columns.values())))
        return np.asarray(self.history.get("epoch", np.arange(1.0, n_rows + 1)), dtype=float)

    def _phase_starts(self) -> Integers:
        """Return the places of the starts of all phases but the first."""
        return np.flatnonzero(np.diff(self.history.get("phase", []))) + 1

    def _label(self, ax: "Axes", columns: Mapping[str, Array], log_scale: bool) -> None:
        if log_scale:
            scale_logarithmically(ax)
        count_by_integers(ax)
        ax.set_xlabel("Epoch")
        terms = [name for name in columns if not name.startswith(VALIDATION)]
        what = plain(terms[0]) if len(terms) == 1 and terms != ["loss"] else "Loss"
        ax.set_ylabel(what if self.unit is None else f"{what} ({self.unit})")
        ax.grid(axis="y", alpha=0.3)
        tidy(ax)


def _trained_in_epochs(estimator: Any) -> Any:
    """Return the estimator inside that was trained, for at least one epoch."""
    trained = last_step(estimator)
    check_is_fitted(trained)
    if hasattr(trained, "history_"):
        return _check_took_epochs(trained)
    for name in _INNER:
        if hasattr(trained, name):
            return _trained_in_epochs(getattr(trained, name))
    name = type(trained).__name__
    if hasattr(trained, "reducers_"):
        raise TypeError(
            f"{name} has fitted {len(trained.reducers_)} reducers, one after another; pass one of "
            "its reducers_, such as reducers_[0]."
        )
    raise TypeError(
        f"{name} is not trained in epochs, so there is no history_ of its loss to draw; pass a "
        "fitted autoencoder of skae, or a Pipeline that ends in one."
    )


def _check_took_epochs(trained: Any) -> Any:
    if trained.n_iter_ == 0:
        raise ValueError(
            f"The fit of this {type(trained).__name__} took no epoch, so there is no curve to "
            "draw: a linear network with init='pca' starts at its optimum, and an interrupted fit "
            "may end at its start. Give it hidden_layer_sizes, or init='random', or let it train."
        )
    return trained


def _unit(trained: Any) -> str | None:
    if hasattr(trained, "likelihood"):
        return "nats a feature"
    # Penalties and losses of a critic are in no unit of the error.
    is_error = set(trained.history_) <= _ERROR_COLUMNS
    return _UNITS.get(getattr(trained, "loss", "")) if is_error else None


def _check_positive(columns: Mapping[str, Array]) -> None:
    for name, values in columns.items():
        if np.min(values) <= 0:
            raise ValueError(
                f"log_scale=True, but {name!r} goes down to {np.min(values):.3g}, which has no "
                "place on a logarithmic axis; choose other terms, or leave log_scale out."
            )
