"""A fit that raises leaves the estimator as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from skae.threads import hearing_interruptions

# Attributes that scikit-learn's callback machinery keeps on an estimator while it fits.
CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


@contextmanager
def all_or_nothing(estimator: object) -> Iterator[None]:
    """Put every attribute back if the block raises; it hears every Ctrl-C."""
    before = dict(vars(estimator))
    try:
        with hearing_interruptions():
            yield
    except BaseException:
        during = vars(estimator)
        kept = {name: during[name] for name in CALLBACK_STATE if name in during}
        during.clear()
        during.update(before, **kept)
        raise
