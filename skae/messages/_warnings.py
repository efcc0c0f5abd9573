"""Warnings that rooms below ``skae.exceptions`` give, which publishes them."""


class NetworkChangedWarning(UserWarning):
    """The code of a user's network is not what it was in the fit, so that it may compute otherwise.

    A fitted estimator keeps its weights, and of a function given as ``network`` or ``activation``
    only where to find it. Where that function now builds other layers, an error is raised instead.
    """
