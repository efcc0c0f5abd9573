"""The checks of scikit-learn, for all estimators that the package publishes.

All checks of an estimator stand together, as they share its compiled programs; a file has a few
estimators.
"""

import os
from functools import partial

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import skae
from skae.estimators._base import BaseAutoencoder

ESTIMATORS = [
    cls
    for cls in (getattr(skae, name) for name in skae.__all__)
    if isinstance(cls, type) and hasattr(cls, "fit")
]
# What is made around other estimators only.
SEARCHES = [skae.BatchedGridSearchCV]
APPLICATIONS = [
    cls for cls in ESTIMATORS if not (issubclass(cls, BaseAutoencoder) or cls in SEARCHES)
]
# A fit of these compiles or runs for longer.
SLOW_TO_COMPILE = [
    cls
    for cls in ESTIMATORS
    if any(part in cls.__name__ for part in ("Adversarial", "Convolutional", "Recurrent"))
]
PLAIN = [cls for cls in ESTIMATORS if cls not in (*APPLICATIONS, *SEARCHES, *SLOW_TO_COMPILE)]
# Mini-batches: a row of weight two is seen once with twice the gradient, not twice.
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": "mini-batches are drawn by rows",
    "check_sample_weight_equivalence_on_sparse_data": "mini-batches are drawn by rows",
}
# On the few rows of these checks, the others keep the start at PCA, where weights count exactly.
TRAINED_ON_FEW_ROWS = {
    "Autoencoder",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "SparseAutoencoder",
    "StackedAutoencoder",
    "TableAutoencoder",
    "VariationalAutoencoder",
}
AT_DEFAULTS = os.getenv("SKAE_CHECKS") == "defaults"


def expected_failures(estimator):
    return EXPECTED_FAILURES if type(estimator).__name__ in TRAINED_ON_FEW_ROWS else {}


# As scikit-learn does for its own: the checks ask for correct conduct, not for trained networks.
# In graphs all but the first call costs little, where single operations cost as much each time.
# SKAE_CHECKS=defaults shortens none of them.
IN_GRAPHS = {"max_iter": 3, "batch_size": 8, "jit_compile": False}
# The few fits of these are of networks that no other check has, so none would share their graph.
OF_A_NETWORK_OF_THEIR_OWN = {
    "check_dtype_object",
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_fit2d_predict1d",
    "check_dont_overwrite_parameters",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
}
BY_SINGLE_OPERATIONS = {"max_iter": 1}


def shortened(short):
    """Parameters by the name of the class."""
    small = {"hidden_layer_sizes": (8,), **short}
    return {
        # A larger batch leaves it at its start, where weights of rows count exactly.
        "AdversarialAutoencoder": {**short, "batch_size": 32},
        "Autoencoder": short,
        "AutoencoderClassifier": {"autoencoder": skae.Autoencoder(**short), "max_iter": 3},
        "AutoencoderRegressor": {"autoencoder": skae.Autoencoder(**short), "max_iter": 3},
        "ContractiveAutoencoder": short,
        "ConvolutionalAutoencoder": small,
        "DenoisingAutoencoder": short,
        "LatentCodec": {"reducer": skae.Autoencoder(**short)},
        "LatentSampler": {"reducer": skae.Autoencoder(0.9, **short)},
        "ReconstructionImputer": {"reducer": skae.Autoencoder(0.5, **short)},
        "ReconstructionOutlierDetector": {
            "reducer": skae.Autoencoder(0.5, **short),
            "calibration_fraction": 0.5,
        },
        "RecurrentAutoencoder": small,
        "SparseAutoencoder": short,
        # Epochs enough to leave the start.
        "StackedAutoencoder": {**short, "max_iter": 5, "pretrain_max_iter": 5},
        "TableAutoencoder": {"autoencoder": skae.VariationalAutoencoder(**short)},
        "VariationalAutoencoder": short,
        "VariationalConvolutionalAutoencoder": small,
    }


def make(cls, short=IN_GRAPHS):
    return cls() if AT_DEFAULTS else cls(**shortened(short).get(cls.__name__, {}))


def shortened_for(check, cls):
    once = check.__name__ in OF_A_NETWORK_OF_THEIR_OWN
    return make(cls, BY_SINGLE_OPERATIONS if once else IN_GRAPHS)


# scikit-learn runs these on its own estimators only.
OWN_CHECKS = [
    estimator_checks.check_param_validation,
    estimator_checks.check_set_output_transform,
    estimator_checks.check_set_output_transform_pandas,
    estimator_checks.check_set_output_transform_polars,
    estimator_checks.check_global_output_transform_pandas,
    estimator_checks.check_global_set_output_transform_polars,
    estimator_checks.check_transformer_get_feature_names_out,
    estimator_checks.check_transformer_get_feature_names_out_pandas,
    estimator_checks.check_dataframe_column_names_consistency,
    estimator_checks.check_estimators_partial_fit_n_features,
    estimator_checks.check_inplace_ensure_writeable,
    estimator_checks.check_readonly_memmap_input,
]


# The checks of set_output fit on a frame and transform an array, and the reverse, on purpose.
FITS_ON_OTHER_CONTAINERS = pytest.mark.filterwarnings(
    "ignore:X (does not have valid|has) feature names:UserWarning"
)


def applies(check, cls):
    is_about_output = "output" in check.__name__ or "feature_names_out" in check.__name__
    return hasattr(cls, "transform") or not is_about_output


def checks_of(estimators):
    """Parametrize a test with every check of some estimators."""
    cases = []
    for cls in estimators:
        # At its defaults, one may keep its start, where weights count exactly.
        public = parametrize_with_checks(
            [make(cls)], expected_failed_checks=expected_failures, xfail_strict=not AT_DEFAULTS
        )
        _, of_scikit_learn = public.args
        cases += [_shortened_case(case) for case in of_scikit_learn]
        listed = {_check_of(case).func.__name__ for case in of_scikit_learn}
        cases += [
            pytest.param(
                shortened_for(check, cls),
                partial(check, cls.__name__),
                marks=FITS_ON_OTHER_CONTAINERS,
            )
            for check in OWN_CHECKS
            if check.__name__ not in listed and applies(check, cls)
        ]
    return pytest.mark.parametrize(("estimator", "check"), cases, **public.kwargs)


def _shortened_case(case):
    estimator, check = getattr(case, "values", case)
    estimator = shortened_for(check.func, type(estimator))
    return pytest.param(estimator, check, marks=getattr(case, "marks", ()))


def _check_of(case):
    _, check = getattr(case, "values", case)
    return check
