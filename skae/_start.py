"""Where training starts: units, network and first weights, from the rows and the parameters."""

from dataclasses import replace
from numbers import Integral

from skae import _keras
from skae._blas import one_blas_thread
from skae._model import Model
from skae._parameters import layer_sizes
from skae._scaling import identity_scaling, measure_scaling, weighted_blocks
from skae.networks import NUMPY_ACTIVATIONS, DenseNetwork, principal_directions


def new_model(estimator, X, sample_weight, rng):
    """A model at its starting weights.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Only its parameters are read.
    X : checked rows
    sample_weight : ndarray or None
    rng : numpy.random.Generator
    """
    with one_blas_thread():
        return _new_model(estimator, X, sample_weight, rng)


def _new_model(estimator, X, sample_weight, rng):
    measured = measure_scaling(X, sample_weight)
    # Rows of a cross-entropy are targets as they are.
    ends_in_sigmoid = estimator.loss == "binary_crossentropy"
    scaling = identity_scaling(X.shape[1]) if ends_in_sigmoid else measured
    centring = replace(measured, scale=scaling.scale)
    principal = _principal_directions(estimator, X, sample_weight, centring, rng)
    n_components = estimator.n_components
    if not isinstance(n_components, Integral):
        n_components = principal.count_for_share(n_components)
    network = new_network(estimator, X.shape[1], int(n_components))
    if estimator.init == "pca":
        mean = measured.mean if ends_in_sigmoid else None
        weights = network.pca_weights(principal, rng, output_mean=mean)
    else:
        weights = network.random_weights(rng)
    return Model(network, weights, scaling, estimator.loss)


def new_network(estimator, n_features, n_components):
    """Description of the network that the parameters ask for."""
    if estimator.activation not in NUMPY_ACTIVATIONS:
        _keras.check_activation(estimator.activation)
    return DenseNetwork(
        n_features=n_features,
        n_components=n_components,
        hidden_layer_sizes=layer_sizes(estimator.hidden_layer_sizes),
        activation=estimator.activation,
        dropout=estimator.dropout,
        linear_path=estimator.init == "pca",
        **estimator._network_options(n_components),
    )


def continued_model(estimator, fitted):
    """The fitted model for a warm start, if the parameters still describe it."""
    wanted = new_network(estimator, fitted.network.n_features, fitted.network.n_components)
    same_size = not isinstance(estimator.n_components, Integral) or (
        estimator.n_components == fitted.network.n_components
    )
    if wanted != fitted.network or estimator.loss != fitted.loss or not same_size:
        raise ValueError(
            f"warm_start=True continues the fitted network {fitted.network} with "
            f"loss={fitted.loss!r}, but the parameters now describe {wanted} with "
            f"n_components={estimator.n_components!r} and loss={estimator.loss!r}. Restore them, "
            "or set warm_start=False to start anew."
        )
    return fitted


def _principal_directions(estimator, X, sample_weight, centring, rng):
    is_share = not isinstance(estimator.n_components, Integral)
    if estimator.init != "pca" and not is_share:
        return None
    return principal_directions(
        lambda: weighted_blocks(X, sample_weight, centring),
        X.shape[1],
        None if is_share else estimator.n_components,
        rng,
    )
