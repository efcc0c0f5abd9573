"""What a user's code made of a network, as a value."""

import uuid
from dataclasses import dataclass, field
from typing import Self

from skae.messages import NetworkChangedWarning, warn
from skae.networks._digest import Digest


@dataclass(frozen=True)
class Build:
    """What a user's code made of a network: what tells it from what other code makes.

    Networks that are equal, this included, share compiled programs.

    Attributes
    ----------
    configuration : str
        Digest of the configuration of layers and of their weights' shapes; that of nothing where
        none of them are the user's.
    code : str
        Digest of the user's functions and classes among them, and of the values that these read.
    made_by : str
        Version of Keras, whose configurations may change from one to the next.
    once : str
        Empty where the digests tell all; else unlike any other, as programs cannot be shared.
    """

    configuration: str
    code: str
    made_by: str = ""
    once: str = field(default="", repr=False)

    @classmethod
    def of(cls, configuration: Digest, code: Digest, made_by: str) -> Self:
        """That of two digests."""
        is_certain = configuration.is_certain and code.is_certain
        once = "" if is_certain else uuid.uuid4().hex
        return cls(configuration.hexdigest(), code.hexdigest(), made_by, once)

    @property
    def told(self) -> tuple[str, str]:
        """What is known of it."""
        return self.configuration, self.code


def check_build(before: Build, now: Build) -> None:
    """Refuse models that are not those of the fit, and warn of code that may not be.

    Raises
    ------
    ValueError
        If layers differ, or are joined differently.

    Warns
    -----
    NetworkChangedWarning
        If the code inside them differs, or another version of Keras says other things of layers.
    """
    if before.told == now.told:
        return
    if before.configuration != now.configuration and before.made_by == now.made_by:
        raise ValueError(
            "network= now builds other layers than in the fit, so that the fitted weights belong "
            "to another network. Restore the code, and the values that it reads, or fit anew, with "
            "warm_start=False. A function that builds other layers at each call cannot be fitted."
        )
    what = "its functions, its layers' classes, or values that these read, are others"
    if before.made_by != now.made_by:
        what = f"that was with Keras {before.made_by}, this is {now.made_by}"
    warn(
        f"A network may compute otherwise than in its fit: {what}. Restore them, or fit again.",
        NetworkChangedWarning,
    )
