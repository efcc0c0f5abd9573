"""Time of a training step of every variant, what another strength compiles, and users' objectives.

    python -m benchmarks.variants [--quick]

Variant and plain autoencoder take turns in one run, on digits, with the network 64-32-8-32-64 and
32 rows a batch.
"""

from functools import partial

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits

from benchmarks._harness import compared, limited, parse_options, report
from benchmarks.speed import DIGITS, ENDLESS, SMALL, step_seconds
from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)
from skae.backend import POOL
from skae.objectives import Objective

# The Jacobian and its gradient, the three updates of a step, pseudo-inputs that are encoded beside
# the rows, several draws that are decoded, and couplings that are networks of their own, take the
# bar from 3 to 6.
VARIANTS = [
    (StackedAutoencoder, {"pretrain_max_iter": 0}, 3),
    *((DenoisingAutoencoder, {"noise": noise}, 3) for noise in ("gaussian", "masking")),
    *((DenoisingAutoencoder, {"noise": noise}, 3) for noise in ("salt_and_pepper", "swap")),
    *(
        (SparseAutoencoder, {"sparsity": sparsity}, 3)
        for sparsity in ("l1", "kl", "topk", "batch_topk", "jumprelu")
    ),
    *((VariationalAutoencoder, {"likelihood": kind}, 3) for kind in ("gaussian", "bernoulli")),
    (VariationalAutoencoder, {"noise_variance": "feature"}, 3),
    (VariationalAutoencoder, {"likelihood": "student_t"}, 3),
    *(
        (VariationalAutoencoder, {"prior": prior}, bar)
        for prior, bar in (("mixture", 3), ("flow", 6), ("vamp", 6))
    ),
    (VariationalAutoencoder, {"n_importance_samples": 5}, 6),
    *((AdversarialAutoencoder, {"divergence": kind}, 3) for kind in ("energy", "mmd")),
    (ContractiveAutoencoder, {}, 6),
    (AdversarialAutoencoder, {}, 6),
]
COUNTS, LABELS = np.round(DIGITS * 16), load_digits().target
# What reads other rows than these: counts, and rows of a class.
OF_OTHER_ROWS = [
    *(
        (VariationalAutoencoder, {"likelihood": kind}, (COUNTS,), 3)
        for kind in ("poisson", "negative_binomial", "zero_inflated_negative_binomial")
    ),
    (VariationalAutoencoder, {"conditional": True}, (DIGITS, LABELS), 3),
]
# Two values of every strength, and what it takes to have one.
NEEDED = {
    "pretrain_noise_level": {"pretrain_noise": "gaussian"},
    "divergence_weight": {"divergence": "mmd"},
}
STRENGTHS = [
    (DenoisingAutoencoder, "noise_level", (0.1, 0.3)),
    (SparseAutoencoder, "sparsity_weight", (0.1, 0.3)),
    (VariationalAutoencoder, "beta", (1.0, 4.0)),
    (ContractiveAutoencoder, "contraction", (1e-3, 1e-2)),
    (AdversarialAutoencoder, "adversarial_weight", (0.5, 1.0)),
    (AdversarialAutoencoder, "divergence_weight", (1.0, 3.0)),
    (StackedAutoencoder, "pretrain_noise_level", (0.1, 0.3)),
]


def variant_fit(cls, parameters, epochs, rows=(DIGITS,)):
    return cls(**SMALL, **ENDLESS, **parameters, max_iter=epochs, jit_compile=True).fit(*rows)


def steps(options):
    """Bars: three times the plain autoencoder, six for those that do more than twice its work."""
    few, many, repeats = (1, 5, 3) if options.quick else (5, 45, 5)
    of_digits = ((cls, parameters, (DIGITS,), bar) for cls, parameters, bar in VARIANTS)
    for cls, parameters, rows, bar in (*of_digits, *OF_OTHER_ROWS):
        fits = [
            partial(variant_fit, cls, parameters, rows=rows),
            partial(variant_fit, Autoencoder, {}),
        ]
        ours, plain = step_seconds(fits, few, many, repeats, len(DIGITS), SMALL)
        settings = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
        yield compared(f"step, {cls.__name__}({settings})", ours, "Autoencoder", plain, bar)


def recompilations(options):
    """Bar: another strength compiles nothing."""
    for cls, name, (first, second) in STRENGTHS:
        POOL.clear()
        needed = NEEDED.get(name, {})
        estimator = cls(**SMALL, **needed, **{name: first}, max_iter=20, random_state=0)
        estimator.fit(DIGITS)
        before = n_compiled()
        clone(estimator).set_params(**{name: second}).fit(DIGITS)
        what = f"compilations, {cls.__name__}, {name} {first} to {second}"
        yield limited(what, n_compiled() - before, 0, "{:g}".format)


def contractive(network, batch, scalars, random):
    """The objective of ``ContractiveAutoencoder``, as a user would write it."""
    code, jacobian = network.encode_with_jacobian(batch["rows"])
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "contraction": network.ops.sum(network.ops.square(jacobian), axis=(1, 2)),
    }


OWN = {
    "objective": Objective(
        contractive, ("reconstruction", "contraction"), (("contraction", "contraction"),)
    ),
    "objective_params": {"contraction": 1e-3},
}


def own_objective(options):
    """Bars: one that a user writes takes at most a tenth longer than ours, and gives its bits."""
    few, many, repeats = (1, 5, 3) if options.quick else (5, 45, 5)
    sides = (Autoencoder, OWN), (ContractiveAutoencoder, {})
    fits = [partial(variant_fit, cls, {**given, "random_state": 0}) for cls, given in sides]
    ours, built_in = step_seconds(fits, few, many, repeats, len(DIGITS), SMALL)
    what = "step, the contractive objective, written by a user"
    yield compared(what, ours, "ContractiveAutoencoder", built_in, 1.1)
    own, theirs = (fit(few).reconstruct(DIGITS) for fit in fits)
    yield limited(f"{what}: largest difference", abs(own - theirs).max(), 0, "{:g}".format)


def n_compiled():
    """Programs built so far, and functions traced by those that are idle.

    A full pool lets a program go for each that is put back, and its traces with it. So the pool is
    emptied before the first of two counts, and a program that is built counts by itself.
    """
    programs = (program for idle in POOL._idle.values() for program in idle)
    return POOL.n_built + sum(program.n_traces for program in programs)


def main(argv=None):
    report([steps, recompilations, own_objective], parse_options(__doc__, argv))


if __name__ == "__main__":
    main()
