"""Who is compared, what each needs, and what is measured of it."""

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

STARTS = ("import", "first_fit", "fit")
JUDGED = ("r2", "auroc")
WITHOUT_STEPS = (*STARTS, "one_row", "memory", "pickle", *JUDGED)
ALL = (*STARTS, "step", "one_row", "search", "memory", "pickle", *JUDGED)


class Peer(NamedTuple):
    key: str
    name: str
    recipe: str  # module and class
    statement: str  # what a user imports
    packages: dict  # module -> what pip installs it as
    measures: tuple = ALL


KERAS = {"keras": "keras", "tensorflow": "tensorflow"}
PYOD = {"pyod": "pyod", "torch": "torch", "tqdm": "tqdm"}  # which PyOD imports and does not name
SKAE = "from skae import Autoencoder"
DECOMPOSITION = "import sklearn.decomposition"

# The first is what the others are compared with.
PEERS = [
    Peer("skae", "skae Autoencoder", "skae:Same", SKAE, {"skae": "skae"}),
    Peer("keras", "keras.Model.fit", "keras:ByHand", "import keras", KERAS),
    Peer(
        "keras-tuned",
        "keras.Model.fit, tuned",
        "keras:Tuned",
        "import keras",
        KERAS,
        ("first_fit", "fit", "step"),
    ),
    Peer(
        "scikeras",
        "SciKeras AutoEncoder",
        "scikeras:Tutorial",
        "from scikeras.wrappers import BaseWrapper",
        {"scikeras": "scikeras", **KERAS},
    ),
    Peer("torch", "PyTorch loop", "torch:Loop", "import torch", {"torch": "torch"}),
    Peer(
        "pyod",
        "PyOD AutoEncoder",
        "pyod:Same",
        "from pyod.models.auto_encoder import AutoEncoder",
        PYOD,
    ),
    Peer(
        "mlp",
        "MLPRegressor(X, X)",
        "sklearn:Regressor",
        "from sklearn.neural_network import MLPRegressor",
        {"sklearn": "scikit-learn"},
    ),
    *(
        Peer(
            key,
            name,
            f"sklearn:{recipe}",
            DECOMPOSITION,
            {"sklearn": "scikit-learn"},
            WITHOUT_STEPS,
        )
        for key, name, recipe in (
            ("pca", "PCA", "Principal"),
            ("kernel-pca", "KernelPCA, tuned", "Kernel"),
            ("nmf", "NMF", "NonNegative"),
        )
    ),
    Peer(
        "skae-random",
        "skae Autoencoder, random start",
        "skae:Random",
        SKAE,
        {"skae": "skae"},
        ("fit", "pickle", *JUDGED),
    ),
    Peer(
        "skae-default",
        "skae Autoencoder, defaults",
        "skae:Default",
        SKAE,
        {"skae": "skae"},
        (*STARTS, "one_row", "pickle", *JUDGED),
    ),
    Peer(
        "skae-detector",
        "skae ReconstructionOutlierDetector, defaults",
        "skae:Detector",
        SKAE,
        {"skae": "skae"},
        ("auroc",),
    ),
    Peer(
        "pyod-default",
        "PyOD AutoEncoder, defaults",
        "pyod:Default",
        "from pyod.models.auto_encoder import AutoEncoder",
        PYOD,
        ("fit", "pickle", "auroc"),
    ),
]
BY_KEY = {peer.key: peer for peer in PEERS}


def missing(peer):
    """What pip would have to install."""
    return [package for module, package in peer.packages.items() if find_spec(module) is None]


def recipe_of(peer):
    module, name = peer.recipe.split(":")
    return getattr(import_module(f"benchmarks.peers._of_{module}"), name)()
