"""What parameters say of a prior that is learned."""

from typing import Any

# Parts, pseudo-inputs and couplings that "auto" means.
_PRIOR_COMPONENTS = {"flow": 8, "mixture": 32, "vamp": 64}


def learned_prior(prior: str, n_prior_components: Any) -> tuple[str | None, int]:
    """What is learned of the prior, and how many parts that has.

    Raises
    ------
    ValueError
        If parts are asked for of a prior that is not learned.
    """
    if prior == "normal" and n_prior_components != "auto":
        raise ValueError(
            f"n_prior_components={n_prior_components!r} counts the parts of a prior that "
            "is learned, but prior='normal' has none. Leave it at 'auto', or set "
            "prior='mixture', 'vamp' or 'flow'."
        )
    if prior == "normal":
        return None, 0
    if n_prior_components == "auto":
        return prior, _PRIOR_COMPONENTS[prior]
    return prior, int(n_prior_components)


def network_options(options: dict[str, Any], n_components: int) -> dict[str, Any]:
    """Fields of a network whose code is this wide.

    Raises
    ------
    ValueError
        If there is nothing that a coupling could read.
    """
    if options["prior"] == "flow" and n_components == 1:
        raise ValueError(
            "prior='flow' moves some components of the code by others, but the code has "
            "n_components=1. Set n_components=2 or more, or prior='mixture'."
        )
    return options
