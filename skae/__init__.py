"""Autoencoders as scikit-learn estimators, on Keras models.

Importing this package loads neither Keras nor TensorFlow: public names are resolved on first use,
and Keras is loaded by the first fit.
"""

import skae.forks  # noqa: F401  # from now on forks are noted

# Type checkers cannot follow ``__getattr__``, and take this for true; importing it from typing
# would take longer than all else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from skae import (
        comparison,
        diagnosis,
        distributed,
        exceptions,
        inspection,
        layers as layers,
        metrics,
        objectives,
        tracking,
    )
    from skae.applications import (
        LatentCodec,
        LatentSampler,
        ReconstructionImputer,
        ReconstructionOutlierDetector,
    )
    from skae.comparison import Comparison, TableComparison, compare
    from skae.compression import CompressionReport, compress
    from skae.diagnosis import Diagnosis, diagnose
    from skae.estimators import (
        AdversarialAutoencoder,
        Autoencoder,
        ContractiveAutoencoder,
        ConvolutionalAutoencoder,
        DenoisingAutoencoder,
        RecurrentAutoencoder,
        SparseAutoencoder,
        StackedAutoencoder,
        VariationalAutoencoder,
        VariationalConvolutionalAutoencoder,
    )
    from skae.export import to_onnx
    from skae.model_selection import BatchedGridSearchCV
    from skae.persistence import load, save, skops_trusted
    from skae.supervised import AutoencoderClassifier, AutoencoderRegressor
    from skae.tabular import TableAutoencoder

__version__ = "0.1.0.dev0"

_PUBLIC = {
    "AdversarialAutoencoder": "skae.estimators",
    "Autoencoder": "skae.estimators",
    "AutoencoderClassifier": "skae.supervised",
    "AutoencoderRegressor": "skae.supervised",
    "BatchedGridSearchCV": "skae.model_selection",
    "Comparison": "skae.comparison",
    "CompressionReport": "skae.compression",
    "ContractiveAutoencoder": "skae.estimators",
    "ConvolutionalAutoencoder": "skae.estimators",
    "DenoisingAutoencoder": "skae.estimators",
    "Diagnosis": "skae.diagnosis",
    "LatentCodec": "skae.applications",
    "LatentSampler": "skae.applications",
    "ReconstructionImputer": "skae.applications",
    "ReconstructionOutlierDetector": "skae.applications",
    "RecurrentAutoencoder": "skae.estimators",
    "SparseAutoencoder": "skae.estimators",
    "StackedAutoencoder": "skae.estimators",
    "TableAutoencoder": "skae.tabular",
    "TableComparison": "skae.comparison",
    "VariationalAutoencoder": "skae.estimators",
    "VariationalConvolutionalAutoencoder": "skae.estimators",
    "compare": "skae.comparison",
    "compress": "skae.compression",
    "diagnose": "skae.diagnosis",
    "load": "skae.persistence",
    "save": "skae.persistence",
    "skops_trusted": "skae.persistence",
    "to_onnx": "skae.export",
    "comparison": None,
    "diagnosis": None,
    "distributed": None,
    "exceptions": None,
    "inspection": None,
    "layers": None,
    "metrics": None,
    "objectives": None,
    "tracking": None,
}

__all__ = [
    "AdversarialAutoencoder",
    "Autoencoder",
    "AutoencoderClassifier",
    "AutoencoderRegressor",
    "BatchedGridSearchCV",
    "Comparison",
    "CompressionReport",
    "ContractiveAutoencoder",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "Diagnosis",
    "LatentCodec",
    "LatentSampler",
    "ReconstructionImputer",
    "ReconstructionOutlierDetector",
    "RecurrentAutoencoder",
    "SparseAutoencoder",
    "StackedAutoencoder",
    "TableAutoencoder",
    "TableComparison",
    "VariationalAutoencoder",
    "VariationalConvolutionalAutoencoder",
    "__version__",
    "compare",
    "comparison",
    "compress",
    "diagnose",
    "diagnosis",
    "distributed",
    "exceptions",
    "inspection",
    "load",
    "metrics",
    "objectives",
    "save",
    "skops_trusted",
    "to_onnx",
    "tracking",
]


def __getattr__(name: str) -> "Any":
    if name not in _PUBLIC:
        raise AttributeError(f"module 'skae' has no attribute {name!r}")
    # Half of the time that importing skae would take, were it at the top.
    from importlib import import_module

    home = _PUBLIC[name]
    value = import_module(f"skae.{name}") if home is None else getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
