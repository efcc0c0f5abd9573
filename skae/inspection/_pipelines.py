"""What a Pipeline or a fitted search ends in, and what that reads."""


def found(estimator):
    """Return what a fitted search found best, or the estimator itself."""
    return getattr(estimator, "best_estimator_", estimator)


def last_step(estimator):
    """Return the estimator that a Pipeline or a search ends in, or the estimator itself."""
    estimator = found(estimator)
    steps = getattr(estimator, "steps", None)
    return last_step(steps[-1][1]) if steps else estimator


def before_last_step(estimator, X):
    """Return the rows that the last step of a fitted Pipeline or search reads."""
    estimator = found(estimator)
    steps = getattr(estimator, "steps", None)
    if not steps:
        return X
    X = estimator[:-1].transform(X) if len(steps) > 1 else X
    return before_last_step(steps[-1][1], X)


def names_before_last_step(estimator):
    """Return the names of the columns that the last step reads, or None if a step lacks them."""
    estimator = found(estimator)
    steps = getattr(estimator, "steps", ())
    before = [step for _, step in steps[:-1] if step not in (None, "passthrough")]
    is_nested = bool(steps) and last_step(estimator) is not steps[-1][1]
    if not before or is_nested:
        return None
    is_named = all(hasattr(step, "get_feature_names_out") for step in before)
    return estimator[:-1].get_feature_names_out() if is_named else None
