"""The contract: searches, around estimators of ours and of others.

scikit-learn's checks take no search around a transformer alone, its own neither.
"""

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skae import Autoencoder, BatchedGridSearchCV

# As scikit-learn does for its own searches.
QUICK = {"cv": 2, "error_score": "raise"}
SHORT = {"max_iter": 5, "batch_size": 8, "jit_compile": False, "early_stopping": False}
STEPS = [
    ("scale", StandardScaler()),
    ("autoencoder", Autoencoder(**SHORT, random_state=0)),
    ("classify", LogisticRegression()),
]
SEARCHES = [
    BatchedGridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, **QUICK),
    BatchedGridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, **QUICK),
    BatchedGridSearchCV(Pipeline(STEPS), {"classify__C": [0.1, 1.0]}, **QUICK),
]
# What GridSearchCV fails in, and why, as scikit-learn says it.
EXPECTED_FAILURES = {
    "check_supervised_y_2d": "DataConversionWarning not caught",
    "check_requires_y_none": "Doesn't fail gracefully",
}


# Of the start that is kept, and of solvers that do not converge.
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    SEARCHES, expected_failed_checks=lambda search: EXPECTED_FAILURES, xfail_strict=False
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
