"""Time of a training step of every variant, beside the plain autoencoder's.

    python -m benchmarks.variants [--quick]

Both take turns in one run, on digits, with the network 64-32-8-32-64 and 32 rows a batch.
"""

from functools import partial

from benchmarks._harness import compared, parse_options, report
from benchmarks.speed import DIGITS, ENDLESS, SMALL, step_seconds
from skae import Autoencoder, ContractiveAutoencoder, DenoisingAutoencoder, SparseAutoencoder

# The Jacobian, and its gradient, take the bar from 3 to 6.
VARIANTS = [
    *((DenoisingAutoencoder, {"noise": noise}, 3) for noise in ("gaussian", "masking")),
    *((DenoisingAutoencoder, {"noise": noise}, 3) for noise in ("salt_and_pepper", "swap")),
    *((SparseAutoencoder, {"sparsity": sparsity}, 3) for sparsity in ("l1", "kl", "topk")),
    (ContractiveAutoencoder, {}, 6),
]


def variant_fit(cls, parameters, epochs):
    return cls(**SMALL, **ENDLESS, **parameters, max_iter=epochs, jit_compile=True).fit(DIGITS)


def steps(options):
    """Bars: three times the plain autoencoder, six for the contractive one."""
    few, many, repeats = (1, 5, 3) if options.quick else (5, 45, 5)
    for cls, parameters, bar in VARIANTS:
        fits = [partial(variant_fit, cls, parameters), partial(variant_fit, Autoencoder, {})]
        ours, plain = step_seconds(fits, few, many, repeats, len(DIGITS), SMALL)
        settings = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
        yield compared(f"step, {cls.__name__}({settings})", ours, "Autoencoder", plain, bar)


def main(argv=None):
    report([steps], parse_options(__doc__, argv))


if __name__ == "__main__":
    main()
