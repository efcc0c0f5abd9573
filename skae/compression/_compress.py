"""A smaller copy of a fitted autoencoder: weights pruned, then stored as small integers."""

import copy
import inspect
import pickle
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Literal, TypeVar, cast

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from skae.compression._narrowing import narrowed, share_of_channels
from skae.compression._pruning import Course, n_nonzero, n_weights, pruned_weights
from skae.compression._report import CompressionReport
from skae.estimators import BaseAutoencoder, DenoisingAutoencoder
from skae.fitting import Rows, check_fit_input, split_rows
from skae.model import Model, pack
from skae.networks import names
from skae.numerics import ArrayLike, RandomState
from skae.parameter_checks import checks_arguments
from skae.tables import refuse_mask

# An autoencoder, or a Pipeline that ends in one.
Estimator = TypeVar("Estimator")


@checks_arguments(
    {
        "sparsity": [Interval(Real, 0, 1, closed="left")],
        "channel_sparsity": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "bits": [Options(Integral, {4, 8}), None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }
)
def compress(
    estimator: Estimator,
    sparsity: float = 0.9,
    bits: Literal[8, 4] | None = 8,
    X: ArrayLike | None = None,
    *,
    X_clean: ArrayLike | None = None,
    channel_sparsity: float | Literal["auto"] = "auto",
    max_iter: int = 200,
    validation_fraction: float = 0.1,
    random_state: RandomState = None,
) -> Estimator:
    """Smaller copy of a fitted autoencoder: most weights are zero, the others take few bits.

    Its pickle has about a tenth of the size, less for wide networks and more for narrow ones.

    Of a network of convolutions or recurrent layers whole filters and units go first, so that its
    layers become smaller and it scores faster (``channel_sparsity``).

    With rows to train on, weights are removed gradually, and after each removal the others are
    trained to make up for it [2]_; those go first that matter least to the loss: the smallest
    products of magnitude and root mean squared gradient [4]_. Then some come back where the loss
    falls most, and others go in their place [6]_. Without rows, the weights of smallest magnitude
    go all at once [1]_. What is left is rounded to integers, with one scale for each channel of a
    layer [3]_.

    The pickle holds those integers and their places. In memory weights are float32 again, so
    scoring is as fast as before and needs TensorFlow only where it did before.

    Parameters
    ----------
    estimator : fitted autoencoder, or fitted Pipeline that ends in one
        It is not changed.
    sparsity : float, default=0.9
        Share of the weights that become zero, of all layers together, in [0, 1). Biases and
        a learned prior are kept, and so is what ``fit`` alone needs (an adversarial autoencoder's
        critic).
    bits : {8, 4} or None, default=8
        Bits of each weight that is left; None keeps all 32. With 4 the error rises visibly.
    X : array-like or sparse matrix of shape (n_samples, n_features), optional
        Rows to train on while weights are removed, such as those of ``fit``, in the same units (of
        a Pipeline: as its first step takes them). Without them keep ``sparsity`` low: 0.2 loses
        little, but at 0.9 the error is several times what it was.
    X_clean : array-like or sparse matrix of shape (n_samples, n_features), optional
        For a :class:`~skae.DenoisingAutoencoder` the clean version of every row of X, as in its
        ``fit``; of a Pipeline as its first step takes them. Then they are what the training and the
        errors of the report compare with. One that was trained on pairs needs them beside X.
    channel_sparsity : float or "auto", default="auto"
        Share of the filters or units of each hidden layer that are removed whole, in [0, 1),
        rounded down, with all weights that make or read them, which ``sparsity`` counts as zeros.
        As many go in the decoder as in the encoder: those that change the loss least, to first
        order [5]_; without X those of smallest weights. With "auto" it is half of ``sparsity`` for
        convolutional, recurrent and restoring networks where there are rows, and 0 otherwise. If
        more weights go with their channels than ``sparsity`` says, no others do.
    max_iter : int, default=200
        Epochs at most after the last removal, and after each of those before; another number is
        refused without X. Training stops earlier as in ``fit``: by the estimator's
        ``early_stopping``, ``tol`` and so on. Where fewer weights are left in the end than a tenth
        of the values in the rows, they train without early stopping, at a rate that falls to zero
        over as many steps as ``fit`` plans.
    validation_fraction : float, default=0.1
        Share of X that is never trained on here but gives the errors of the report; another one is
        refused without X. The rows that early stopping watches are not among them: those are a
        share of the others, the estimator's own ``validation_fraction``.
    random_state : int, RandomState instance or None, default=None
        Decides which rows these are, and the order of the others. Equal seeds give equal bits on
        one machine.

    Returns
    -------
    compressed : estimator
        Of the same class. It, or the last step of a Pipeline, has ``compression_report_``, a
        :class:`~skae.CompressionReport`, to print. Its history is that of ``fit``. Where channels
        went, ``hidden_layer_sizes`` are those of the network that is left.

    Raises
    ------
    TypeError
        If the estimator is not an autoencoder of skae, or no pickle can hold it.
    ValueError
        If a parameter is out of range, or says how to train without X, rows are not like those of
        ``fit``, training diverged, or channels of a user's own network are to go. With X also if
        parameters were changed so that they describe another model, or if the training would undo
        what pairs or a critic of rows have taught.
    sklearn.exceptions.NotFittedError
        If the estimator was not fitted.

    Notes
    -----
    Removing and training takes two or three times as long as a fit. The optimizer is Adam, with the
    estimator's learning rate if that is a number for Adam, else 0.002, and with less of it in the
    end. Sample weights and callbacks of the fit play no part. Attributes that ``fit``
    measured on its rows, such as ``kl_per_unit_``, are measured anew on those of X, and else stay.

    The report's errors are those of rows that training never saw here. If the estimator was fitted
    on them, its error before looks better than it is: compare on rows that both never saw.

    What makes no weight of a layer stays whole: the whitening of a ``SparseAutoencoder``. So do the
    thresholds of its code, which only training with X adapts: without X other numbers of units may
    be kept a row. An atom of which all weights went is a row of zeros in ``components_``.

    Training the result further, by ``partial_fit`` or ``warm_start``, makes it an ordinary
    estimator again, in which no weight stays zero.

    References
    ----------
    .. [1] Han, S., Pool, J., Tran, J. & Dally, W. (2015). Learning both weights and connections
       for efficient neural networks. NIPS 2015, 1135-1143.

    .. [2] Zhu, M. & Gupta, S. (2018). To prune, or not to prune: exploring the efficacy of pruning
       for model compression. ICLR 2018 workshop.

    .. [3] Krishnamoorthi, R. (2018). Quantizing deep convolutional networks for efficient
       inference: a whitepaper. arXiv:1806.08342.

    .. [4] LeCun, Y., Denker, J. & Solla, S. (1990). Optimal brain damage. NIPS 1989, 598-605.

    .. [5] Molchanov, P., Mallya, A., Tyree, S., Frosio, I. & Kautz, J. (2019). Importance
       estimation for neural network pruning. CVPR 2019, 11264-11272.

    .. [6] Evci, U., Gale, T., Menick, J., Castro, P. S. & Elsen, E. (2020). Rigging the lottery:
       making all tickets winners. ICML 2020, 2943-2952.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import skae
    >>> X = load_digits().data
    >>> fitted = skae.Autoencoder(8, max_iter=5, random_state=0).fit(X[:500])
    >>> small = skae.compress(fitted, sparsity=0.8, X=X[:500], max_iter=5, random_state=0)
    >>> small.transform(X[1500:]).shape
    (297, 8)
    >>> report = small.compression_report_
    >>> report.sparsity_after >= 0.8, report.n_bytes_after < report.n_bytes_before / 6
    (True, True)
    """
    if X is None:
        _refuse_training({"max_iter": max_iter, "validation_fraction": validation_fraction})
        if X_clean is not None:
            raise ValueError(
                "X_clean is the clean version of every row of X, but X is None. Pass the rows that "
                "belong to it as X, or leave X_clean out."
            )
    options: dict[str, Any] = {
        "sparsity": sparsity,
        "channel_sparsity": channel_sparsity,
        "bits": bits,
        "max_iter": max_iter,
        "validation_fraction": validation_fraction,
        "random_state": random_state,
    }
    last: Any = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(last, BaseAutoencoder):
        raise TypeError(
            f"estimator={estimator!r} is neither an autoencoder of skae nor a Pipeline that ends "
            "in one. Pass the fitted autoencoder itself; of a search, its best_estimator_."
        )
    check_is_fitted(estimator)
    if X_clean is not None and not isinstance(last, DenoisingAutoencoder):
        raise ValueError(
            f"X_clean is of DenoisingAutoencoder, but {type(last).__name__} learns to give the "
            "rows that it reads. Leave X_clean out."
        )
    if last._model.network.columns is not None:
        raise ValueError(
            f"estimator={estimator!r} is the autoencoder inside a TableAutoencoder, whose columns "
            "compress does not know. Compress an autoencoder of numbers alone."
        )
    if last._model.network.n_classes:
        raise ValueError(
            "estimator is told the class of each row, which compress does not know. Compress what "
            "it is for a class, estimator.given(y)."
        )
    if isinstance(estimator, Pipeline):
        compressed = _compress_last_step(estimator, X, X_clean, options)
    else:
        compressed = _compress(last, X, X_clean, **options)
    # A copy of what was given is of its class.
    return cast(Estimator, compressed)


def _refuse_training(given: dict[str, Any]) -> None:
    """Refuse what says how to train, where there is nothing to train on."""
    parameters = inspect.signature(compress).parameters
    for name, value in given.items():
        if value != parameters[name].default:
            raise ValueError(
                f"{name}={value!r} says how compress trains, but without X it does not. Pass rows "
                f"to train on as X, such as those of fit, or leave {name} out."
            )


def _compress(
    estimator: BaseAutoencoder,
    X: ArrayLike | None,
    X_clean: ArrayLike | None,
    *,
    sparsity: float,
    channel_sparsity: float | Literal["auto"],
    bits: Literal[8, 4] | None,
    max_iter: int,
    validation_fraction: float,
    random_state: RandomState,
) -> BaseAutoencoder:
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    n_bytes_before = _n_bytes(estimator)
    before, rows, held_out = estimator._model, None, None
    if X is not None:
        rows = _rows_to_train_on(estimator, X, X_clean)
        n_rows = rows.X.shape[0]
        training, validation = split_rows(n_rows, validation_fraction, rng)
        trains, held_out = np.zeros(n_rows), rows.taken(validation)
        trains[training] = 1.0
        rows = replace(rows, sample_weight=trains)
    n_before = n_weights(before.weights)
    share = share_of_channels(channel_sparsity, before, sparsity, has_rows=rows is not None)
    course = None
    if rows is not None and (sparsity or share):
        course = Course.of(estimator, rows, max_iter, rng)
    narrow = narrowed(before, share, course)
    # Of those that are left; the channels that went count as zeros.
    n_left = n_weights(narrow.weights)
    rest = sparsity if n_left == n_before else max(0.0, 1 - (1 - sparsity) * n_before / n_left)
    weights = pruned_weights(narrow, rest, course)
    after = narrow.with_packed(
        {n: pack(w, None if names.is_exact(n) else bits) for n, w in weights.items()}
    )
    compressed = copy.deepcopy(estimator)
    compressed._set_model(after, is_trained=course is not None)
    if after.network.hidden_layer_sizes != before.network.hidden_layer_sizes:
        # Training goes on with the network that there is.
        compressed.hidden_layer_sizes = after.network.hidden_layer_sizes
    if rows is not None:
        compressed._after_fit(rows.X)
        compressed._learn_codes(rows.X)
    compressed.compression_report_ = CompressionReport(
        n_weights=n_before,
        sparsity_before=(n_before - n_nonzero(before.weights)) / n_before,
        sparsity_after=(n_before - n_nonzero(after.weights)) / n_before,
        n_bytes_before=n_bytes_before,
        n_bytes_after=0,
        error_before=_error(before, held_out),
        error_after=_error(after, held_out),
        hidden_layer_sizes_before=before.network.hidden_layer_sizes,
        hidden_layer_sizes_after=after.network.hidden_layer_sizes,
    )
    return _with_size(compressed)


def _rows_to_train_on(estimator: BaseAutoencoder, X: ArrayLike, X_clean: ArrayLike | None) -> Rows:
    """Rows as a warm start would take them, where training on them takes nothing away."""
    estimator._check_unchanged()
    estimator._check_more_training("leave X out", has_clean=X_clean is not None)
    recipe = estimator._recipe()
    return check_fit_input(estimator, recipe, X, None, X_clean, None, continues=True)[0]


def _with_size(compressed: BaseAutoencoder) -> BaseAutoencoder:
    """The size of a pickle that holds this size: the second time it is as long as it says."""
    for _ in range(2):
        n_bytes = _n_bytes(compressed)
        report = replace(compressed.compression_report_, n_bytes_after=n_bytes)
        compressed.compression_report_ = report
    return compressed


def _n_bytes(estimator: BaseAutoencoder) -> int:
    try:
        return len(pickle.dumps(estimator))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        # Of a lambda, a local function or what holds an open file, in different words.
        own = [
            f"{name}={value!r}"
            for name, value in estimator.get_params(deep=False).items()
            if not _is_pickled(value)
        ]
        raise TypeError(
            f"compress counts the bytes of a pickle, which cannot hold {' and '.join(own) or error}"
            ". Define functions and classes at the top of a module, by def and class instead of "
            "lambda or within a function, and fit again."
        ) from error


def _is_pickled(value: object) -> bool:
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _error(model: Model, rows: Rows | None) -> float | None:
    if rows is None or not rows.X.shape[0]:
        return None
    if rows.targets is None:
        return float(model.row_errors(rows.X).mean())
    return float(model.row_errors_to(rows.X, rows.targets).mean())


def _compress_last_step(
    pipeline: Pipeline,
    X: ArrayLike | None,
    X_clean: ArrayLike | None,
    options: dict[str, Any],
) -> Pipeline:
    refuse_mask(X, "X")
    refuse_mask(X_clean, "X_clean")
    if len(pipeline.steps) > 1:
        before = pipeline[:-1]
        X, X_clean = (None if each is None else before.transform(each) for each in (X, X_clean))
    # The other steps too: fitting the result again would fit those of the original.
    compressed = copy.deepcopy(pipeline)
    name, last = pipeline.steps[-1]
    compressed.steps[-1] = (name, _compress(last, X, X_clean, **options))
    return compressed
