"""Programs: what compiles anew and what does not, and that tiers agree."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_iris

import skae
from skae import Autoencoder
from skae.backend import _gateway as gateway
from skae.backend._models import with_weights
from skae.backend._staged import batch_at
from skae.fitting import AT_THE_MODEL, Origin, Rows, Settings, train
from skae.networks import DenseNetwork, with_head
from skae.objectives import RECONSTRUCTION, Objective, supervised
from skae.objectives._objective import Update
from skae.training import Hooks, ProgramSpec, choose_tier
from skae.training._batches import Chunk

X = load_iris().data


@pytest.fixture
def pool(monkeypatch):
    fresh = type(gateway.POOL)(gateway.POOL._build)
    monkeypatch.setattr(gateway, "POOL", fresh)
    return fresh


def count_traces(pool):
    return sum(program.n_traces for programs in pool._idle.values() for program in programs)


@pytest.mark.parametrize("tier", [False, True], ids=["graph", "xla"])
def test_the_second_fit_of_an_architecture_compiles_nothing(pool, tier):
    first = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=3, jit_compile=tier, random_state=0)
    first.fit(X)
    assert (pool.n_built, count_traces(pool)) == (1, 2)
    second = clone(first).set_params(random_state=1, learning_rate=1e-4)
    second.fit(X[:70])
    second.fit(X[:70], sample_weight=np.linspace(1, 2, 70))
    assert (pool.n_built, count_traces(pool)) == (1, 2)


def test_an_interleaved_fit_leaves_no_trace_in_another(pool):
    estimator = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=5, random_state=0)
    alone = estimator.fit(X).transform(X)
    clone(estimator).set_params(random_state=3, optimizer="adam").fit(X[::2])
    np.testing.assert_array_equal(clone(estimator).fit(X).transform(X), alone)


def test_tiers_agree():
    codes = []
    for jit_compile in ("auto", False, True):
        estimator = Autoencoder(
            2,
            hidden_layer_sizes=(5,),
            max_iter=2,
            batch_size=64,
            jit_compile=jit_compile,
            random_state=0,
        )
        codes.append(estimator.fit(X).transform(X))
    np.testing.assert_allclose(codes[1], codes[0], atol=1e-4)
    np.testing.assert_allclose(codes[2], codes[0], atol=1e-4)


def test_the_tier_depends_on_the_planned_steps():
    assert choose_tier("auto", 1, 500) == "eager"
    assert choose_tier("auto", 100, 500) == "graph"
    assert choose_tier("auto", 10**6, 500) == "xla"
    assert choose_tier("auto", 10**6, np.inf) == "graph"
    assert choose_tier(False, 10**6, 500) == "graph"
    assert choose_tier(True, 1, 500) == "xla"


def reference_fit(model, loss_rows, optimizer, n_steps):
    """The same training, written by hand with Keras, one full batch a step."""
    import tensorflow as tf

    for _ in range(n_steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(loss_rows) - loss_rows))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
    return model


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda: keras.optimizers.Adam(0.01),
        lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        lambda: keras.optimizers.Adam(0.01, clipnorm=0.01),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)),
    ],
    ids=["adam", "momentum", "clipnorm", "weight decay", "schedule"],
)
def test_updates_are_those_of_keras(make_optimizer):
    """One batch, so that the order of rows does not matter; the start is the same."""
    common = {"batch_size": 150, "early_stopping": False, "random_state": 0, "init": "random"}
    common["hidden_layer_sizes"] = (16,)
    fitted = Autoencoder(2, optimizer=make_optimizer(), max_iter=6, **common).fit(X)
    # An all but frozen fit has the starting weights.
    start = Autoencoder(2, optimizer="sgd", learning_rate=1e-30, max_iter=1, **common).fit(X)
    scaled = start._model.scaling.apply(X).astype(np.float32)
    built = with_weights(start._model.network, start._model.weights)
    encoder, decoder = built.encoder, built.decoder
    model = keras.Model(encoder.input, decoder(encoder.output))
    reference_fit(model, scaled, make_optimizer(), n_steps=6)
    np.testing.assert_allclose(
        fitted.transform(X), encoder(scaled), atol=2e-4, err_msg="the update differs"
    )


def test_an_optimizer_given_as_an_instance_is_never_changed():
    optimizer = keras.optimizers.Adam(0.01)
    Autoencoder(2, optimizer=optimizer, learning_rate=1e-3, max_iter=2, random_state=0).fit(X)
    assert not optimizer.built
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("name", "options", "changes"),
    [
        ("DenoisingAutoencoder", {}, {"noise_level": 0.7}),
        ("DenoisingAutoencoder", {"noise": "masking"}, {"noise_level": 0.7}),
        ("SparseAutoencoder", {"sparsity": "l1"}, {"sparsity_weight": 0.7}),
        ("SparseAutoencoder", {"sparsity": "kl"}, {"target_activation": 0.3}),
        ("ContractiveAutoencoder", {}, {"contraction": 0.7}),
        ("VariationalAutoencoder", {}, {"beta": 0.7, "kl_warmup": 2}),
        ("AdversarialAutoencoder", {}, {"adversarial_weight": 0.7}),
        ("StackedAutoencoder", {"pretrain_noise": "gaussian"}, {"pretrain_noise_level": 0.7}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
def test_another_strength_compiles_nothing(pool, name, options, changes):
    shared = {"hidden_layer_sizes": (5,), "max_iter": 2, "jit_compile": False, "random_state": 0}
    estimator = getattr(skae, name)(2, **shared, **options)
    estimator.fit(X)
    before = pool.n_built, count_traces(pool)
    clone(estimator).set_params(**changes).fit(X)
    assert (pool.n_built, count_traces(pool)) == before


# Several updates in a step: output = rows E D, of rows whose mean is 0, which spares the biases

ROWS = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
ROWS -= ROWS.mean(axis=0)
LINEAR = DenseNetwork(n_features=3, n_components=2, sample_shape=(3,), hidden_layer_sizes=())
START = LINEAR.random_weights(np.random.default_rng(0))
ENCODER, DECODER = START["encoder_linear/kernel"], START["decoder_linear/kernel"]
STEP = 0.1


def two_terms(network, batch, scalars, random):
    code = network.encode(batch["rows"])
    return {
        "size": network.ops.mean(network.ops.square(code), axis=1),
        "reconstruction": network.error(batch["targets"], network.decode(code)),
    }


SIZE_BY_ENCODER = Update(("size",), ("encoder_",), rate="rate")
ERROR_BY_ENCODER = Update(("reconstruction",), ("encoder_",))
ERROR_BY_DECODER = Update(("reconstruction",), ("decoder_",))


def after_one_step(*updates, rate=1.0, optimizer="sgd"):
    """The kernels after a step with all rows, and the terms that it reports."""
    objective = Objective(two_terms, ("size", "reconstruction"), updates=updates)
    spec = ProgramSpec(
        network=LINEAR,
        objective=objective,
        loss="squared_error",
        optimizer=gateway.optimizer_settings(optimizer, STEP, STEP)[0],
        n_features=3,
        batch_size=8,
        tier="eager",
    )
    chunk = Chunk(ROWS[None], None, np.ones((1, 8), np.float32), n_steps=1)
    with gateway.borrow_program(spec) as program:
        program.load(START, seed=0, learning_rate=STEP, scalars={"rate": rate})
        size, error = program.train(program.stage(chunk), 0) / 8
        weights = program.weights()
    kernels = weights["encoder_linear/kernel"], weights["decoder_linear/kernel"]
    return *kernels, {"size": size, "reconstruction": error}


def slope_of_size(encoder):
    """Of the mean of the 8 x 2 squares of ``ROWS @ encoder``."""
    return 2 / 16 * ROWS.T @ ROWS @ encoder


def slopes_of_error(encoder, decoder):
    """Of the mean of the 8 x 3 squares of ``ROWS @ encoder @ decoder - ROWS``."""
    difference = 2 / 24 * (ROWS @ encoder @ decoder - ROWS)
    return ROWS.T @ difference @ decoder.T, (ROWS @ encoder).T @ difference


@pytest.mark.parametrize(
    "optimizer",
    ["sgd", "adam", keras.optimizers.Adam(clipnorm=1.0)],
    ids=["sgd", "adam", "clipped"],
)
def test_an_update_changes_the_weights_that_it_names(optimizer):
    encoder, decoder, _ = after_one_step(ERROR_BY_DECODER, optimizer=optimizer)
    np.testing.assert_array_equal(encoder, ENCODER)
    assert np.all(decoder != DECODER)


def test_each_update_lowers_its_own_terms():
    """The second sees what the first has changed."""
    encoder, decoder, _ = after_one_step(SIZE_BY_ENCODER, ERROR_BY_DECODER)
    expected = ENCODER - STEP * slope_of_size(ENCODER)
    np.testing.assert_allclose(encoder, expected, atol=1e-6)
    expected = DECODER - STEP * slopes_of_error(expected, DECODER)[1]
    np.testing.assert_allclose(decoder, expected, atol=1e-6)


def test_two_updates_may_change_the_same_weights():
    encoder, decoder, _ = after_one_step(ERROR_BY_ENCODER, SIZE_BY_ENCODER)
    expected = ENCODER - STEP * slopes_of_error(ENCODER, DECODER)[0]
    expected -= STEP * slope_of_size(expected)
    np.testing.assert_allclose(encoder, expected, atol=1e-6)
    np.testing.assert_array_equal(decoder, DECODER)


def test_without_updates_all_terms_change_all_weights():
    encoder, decoder, _ = after_one_step()
    slopes = slopes_of_error(ENCODER, DECODER)
    expected = ENCODER - STEP * (slope_of_size(ENCODER) + slopes[0])
    np.testing.assert_allclose(encoder, expected, atol=1e-6)
    np.testing.assert_allclose(decoder, DECODER - STEP * slopes[1], atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_rate_scales_the_step(optimizer, rate):
    whole = after_one_step(SIZE_BY_ENCODER, optimizer=optimizer)[0] - ENCODER
    found = after_one_step(SIZE_BY_ENCODER, optimizer=optimizer, rate=rate)[0] - ENCODER
    np.testing.assert_allclose(found, rate * whole, atol=1e-6)


def test_a_term_is_reported_as_its_update_saw_it():
    terms = after_one_step(SIZE_BY_ENCODER, ERROR_BY_DECODER)[2]
    encoder = ENCODER - STEP * slope_of_size(ENCODER)
    assert terms["size"] == pytest.approx(np.mean((ROWS @ ENCODER) ** 2), rel=1e-5)
    expected = np.mean((ROWS @ encoder @ DECODER - ROWS) ** 2)
    assert terms["reconstruction"] == pytest.approx(expected, rel=1e-5)


# Labels: prediction = rows E K + b, squared error

LABELLED = with_head(LINEAR, (), 2)
HEAD = {
    "head_output/kernel": np.array([[0.3, -0.2], [0.1, 0.5]], np.float32),
    "head_output/bias": np.array([0.2, -0.1], np.float32),
}
RNG = np.random.default_rng(1)
VALUES = RNG.normal(size=(8, 2)).astype(np.float32)
COUNTS = RNG.uniform(0.5, 2.0, (8, 2)).astype(np.float32)


def after_one_labelled_step(values, counts, row_weights=None, base=None):
    """The weights after a step with all rows, and the mean of the labels' loss before."""
    row_weights = np.ones(8, np.float32) if row_weights is None else row_weights
    spec = ProgramSpec(
        network=LABELLED,
        objective=supervised(base, "squared_error"),
        loss="squared_error",
        optimizer=gateway.optimizer_settings("sgd", STEP, STEP)[0],
        n_features=3,
        batch_size=8,
        tier="eager",
    )
    labels = np.hstack([values, counts])
    chunk = Chunk(ROWS[None], None, row_weights[None], n_steps=1, labels=labels[None])
    with gateway.borrow_program(spec) as program:
        scalars = {"unsupervised_weight": 0.0}
        program.load({**START, **HEAD}, seed=0, learning_rate=STEP, scalars=scalars)
        staged = program.stage(chunk)
        loss = program.evaluate(staged)[0] / row_weights.sum()
        program.train(staged, 0)
        return program.weights(), loss


def labels_loss_and_slopes(values, counts):
    """Mean over rows and outputs of weighted squares, by the head's kernel and by its bias."""
    code = ROWS[: len(values)] @ ENCODER
    difference = code @ HEAD["head_output/kernel"] + HEAD["head_output/bias"] - values
    pulls = 2 / values.size * counts * difference
    return np.mean(counts * difference**2), code.T @ pulls, pulls.sum(axis=0)


def test_the_head_learns_from_labels_and_their_weights():
    weights, found = after_one_labelled_step(VALUES, COUNTS)
    loss, by_kernel, by_bias = labels_loss_and_slopes(VALUES, COUNTS)
    assert found == pytest.approx(loss, rel=1e-5)
    for name, slope in (("kernel", by_kernel), ("bias", by_bias)):
        expected = HEAD[f"head_output/{name}"] - STEP * slope
        np.testing.assert_allclose(weights[f"head_output/{name}"], expected, atol=1e-6)
    np.testing.assert_array_equal(weights["encoder_linear/kernel"], ENCODER)


def test_labels_of_padding_have_no_influence():
    values, counts = VALUES.copy(), COUNTS.copy()
    values[5:], counts[5:] = 100.0, 100.0
    padding = (np.arange(8) < 5).astype(np.float32)
    weights, found = after_one_labelled_step(values, counts, padding)
    loss, by_kernel, _ = labels_loss_and_slopes(VALUES[:5], COUNTS[:5])
    assert found == pytest.approx(loss, rel=1e-5)
    expected = HEAD["head_output/kernel"] - STEP * by_kernel
    np.testing.assert_allclose(weights["head_output/kernel"], expected, atol=1e-6)


def test_what_is_not_known_of_a_row_has_no_influence():
    counts = COUNTS * (np.arange(16).reshape(8, 2) % 3 > 0)
    guesses = np.where(counts > 0, VALUES, 100.0).astype(np.float32)
    weights, loss = after_one_labelled_step(VALUES, counts)
    guessed, same_loss = after_one_labelled_step(guesses, counts)
    assert same_loss == loss
    for name, weight in weights.items():
        np.testing.assert_array_equal(guessed[name], weight)


def test_labels_train_the_encoder_where_it_is_trained():
    weights, _ = after_one_labelled_step(VALUES, COUNTS, base=RECONSTRUCTION)
    code = ROWS @ ENCODER
    kernel, bias = HEAD["head_output/kernel"], HEAD["head_output/bias"]
    pulls = 2 / 16 * COUNTS * (code @ kernel + bias - VALUES)
    expected = ENCODER - STEP * ROWS.T @ pulls @ kernel.T
    np.testing.assert_allclose(weights["encoder_linear/kernel"], expected, atol=1e-6)
    # The error of the output counts nothing here.
    np.testing.assert_array_equal(weights["decoder_linear/kernel"], DECODER)


# Weights that stay zero: the same network, the error alone

KEPT = {name: np.ones_like(array) for name, array in START.items()}
KEPT["encoder_linear/kernel"] = np.float32([[1, 0], [1, 1], [0, 1]])
KEPT["decoder_linear/kernel"] = np.float32([[0, 1, 1], [1, 1, 0]])
MASKED = {name: array * KEPT[name] for name, array in START.items()}
# Flat weights, and one variable each: a norm is never that large.
ADAMS = {"flat": "adam", "one by one": keras.optimizers.Adam(clipnorm=1e6)}


def pruned_spec(optimizer="adam", updates=(), tier="graph"):
    return ProgramSpec(
        network=LINEAR,
        objective=Objective(two_terms, ("size", "reconstruction"), updates=updates),
        loss="squared_error",
        optimizer=gateway.optimizer_settings(optimizer, STEP, STEP)[0],
        n_features=3,
        batch_size=8,
        tier=tier,
        is_pruned=True,
    )


def pruned_steps(program, n_steps, mask=KEPT):
    """Weights and second moments after some steps with all rows."""
    chunk = program.stage(Chunk(ROWS[None], None, np.ones((1, 8), np.float32), n_steps=1))
    program.load(MASKED, seed=0, learning_rate=STEP, scalars={"rate": 0.5}, mask=mask)
    for _ in range(n_steps):
        program.train(chunk, 0)
    return program.weights()


def kernels_of(arrays):
    return arrays["encoder_linear/kernel"], arrays["decoder_linear/kernel"]


OPTIMIZERS = ADAMS | {"sgd": "sgd", "weight decay": keras.optimizers.AdamW(weight_decay=0.1)}


@pytest.mark.parametrize(
    ("optimizer", "tier"),
    [
        *((optimizer, "graph") for optimizer in OPTIMIZERS.values()),
        *((optimizer, tier) for optimizer in ADAMS.values() for tier in ("eager", "xla")),
    ],
    ids=[*OPTIMIZERS, *(f"{name} {tier}" for name in ADAMS for tier in ("eager", "xla"))],
)
def test_masked_weights_stay_zero_and_the_others_are_trained(optimizer, tier):
    with gateway.borrow_program(pruned_spec(optimizer, tier=tier)) as program:
        after = pruned_steps(program, 5)
    for name in ("encoder_linear/kernel", "decoder_linear/kernel"):
        assert np.all(after[name][KEPT[name] == 0] == 0)
        assert np.all(after[name][KEPT[name] == 1] != MASKED[name][KEPT[name] == 1])


def test_masked_weights_stay_zero_through_several_updates_and_a_rate():
    updates = (ERROR_BY_DECODER, ERROR_BY_ENCODER, SIZE_BY_ENCODER)
    with gateway.borrow_program(pruned_spec("adam", updates)) as program:
        after = pruned_steps(program, 5)
    for name in ("encoder_linear/kernel", "decoder_linear/kernel"):
        assert np.all((after[name] == 0) == (KEPT[name] == 0))


def test_a_masked_step_is_a_step_of_the_weights_that_are_left():
    with gateway.borrow_program(pruned_spec("sgd", (ERROR_BY_DECODER,))) as program:
        encoder, decoder = kernels_of(pruned_steps(program, 1))
    start, expected = kernels_of(MASKED)
    expected = expected - STEP * slopes_of_error(start, expected)[1]
    np.testing.assert_array_equal(encoder, start)
    expected *= KEPT["decoder_linear/kernel"]
    np.testing.assert_allclose(decoder, expected, atol=1e-6)


def test_a_mask_is_forgotten_at_the_next_load():
    everything = {name: np.ones_like(array) for name, array in KEPT.items()}
    with gateway.borrow_program(pruned_spec()) as program:
        pruned_steps(program, 2)
        after = pruned_steps(program, 1, everything)
    for name in ("encoder_linear/kernel", "decoder_linear/kernel"):
        assert np.all(after[name] != MASKED[name])


def adams_moments(slopes_at, n_steps):
    """Kingma & Ba (2015) in numpy, where masked weights become zero after each step."""
    kernels = [kernel.astype(np.float64) for kernel in kernels_of(MASKED)]
    first, second = [0.0, 0.0], [0.0, 0.0]
    for step in range(1, n_steps + 1):
        slopes = slopes_at(*kernels)
        for i, slope in enumerate(slopes):
            first[i] = 0.9 * first[i] + 0.1 * slope
            second[i] = 0.999 * second[i] + 0.001 * slope**2
            mean, square = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
            kernels[i] = kernels[i] - STEP * mean / (np.sqrt(square) + 1e-7)
            kernels[i] *= kernels_of(KEPT)[i]
    return first, second


@pytest.mark.parametrize("n_steps", [1, 2])
@pytest.mark.parametrize("optimizer", ADAMS.values(), ids=ADAMS)
def test_moments_of_gradients_are_those_of_adam(optimizer, n_steps):
    def slopes(encoder, decoder):
        by_encoder, by_decoder = slopes_of_error(encoder, decoder)
        return slope_of_size(encoder) + by_encoder, by_decoder

    with gateway.borrow_program(pruned_spec(optimizer)) as program:
        pruned_steps(program, n_steps)
        moments = program.gradient_moments()
    for arrays, expected in zip(moments, adams_moments(slopes, n_steps), strict=True):
        assert {name: array.shape for name, array in arrays.items()} == {
            name: array.shape for name, array in START.items()
        }
        for found, wanted in zip(kernels_of(arrays), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-3)


@pytest.mark.parametrize("optimizer", ADAMS.values(), ids=ADAMS)
def test_moments_of_several_updates_are_those_of_the_first_that_changes_a_weight(optimizer):
    updates = (ERROR_BY_DECODER, ERROR_BY_ENCODER, SIZE_BY_ENCODER)
    with gateway.borrow_program(pruned_spec(optimizer, updates)) as program:
        pruned_steps(program, 1)
        encoder, decoder = kernels_of(program.gradient_moments().mean_squares)
        program.load(MASKED, seed=0, learning_rate=STEP, scalars={"rate": 0.5}, mask=KEPT)
        unmoved = program.gradient_moments()
    start = kernels_of(MASKED)
    slope = slopes_of_error(*start)[1]
    np.testing.assert_allclose(decoder, 0.001 * slope**2, rtol=1e-3)
    stepped = start[1] - STEP * np.sign(slope) * KEPT["decoder_linear/kernel"]
    by_error = slopes_of_error(start[0], stepped)[0]
    np.testing.assert_allclose(encoder, 0.001 * by_error**2, rtol=1e-2)
    assert all(np.all(array == 0) for arrays in unmoved for array in arrays.values())


def test_what_was_pruned_reports_the_moments_of_its_gradients_and_nothing_else_does():
    fitted = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=1, random_state=0).fit(X)
    everything = {name: np.ones_like(array) for name, array in fitted._model.weights.items()}
    about = (fitted._model, Rows(X), fitted._recipe(), Settings.of(fitted))
    plain, pruned = (
        train(*about, origin, Hooks(), np.random.default_rng(0))
        for origin in (AT_THE_MODEL, Origin(mask=everything))
    )
    assert plain.gradient_moments is None
    for arrays in pruned.gradient_moments:
        assert set(arrays) == set(fitted._model.weights)
    for name, array in plain.weights.items():
        np.testing.assert_allclose(pruned.weights[name], array, atol=1e-6)


def test_a_second_program_shares_what_was_compiled_and_no_weights(pool):
    estimator = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=3, jit_compile=True)
    alone = clone(estimator).set_params(random_state=0).fit(X).transform(X)

    class Beside(keras.callbacks.Callback):
        """Fits the same architecture while the outer fit holds its program."""

        def on_epoch_end(self, epoch, logs=None):
            clone(estimator).set_params(random_state=1).fit(X[:70])

    beside = clone(estimator).set_params(random_state=0, callbacks=[Beside()])
    np.testing.assert_array_equal(beside.fit(X).transform(X), alone)
    assert pool.n_built == 2
    assert count_traces(pool) == 2


@pytest.mark.slow
def test_threads_that_begin_together_compile_once(pool):
    estimator = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=3, jit_compile=True)
    seeds = range(4)
    fits = [delayed(clone(estimator).set_params(random_state=seed).fit)(X) for seed in seeds]
    fitted = Parallel(n_jobs=4, require="sharedmem")(fits)
    assert count_traces(pool) == 2
    for seed, threaded in zip(seeds, fitted, strict=True):
        alone = clone(estimator).set_params(random_state=seed).fit(X)
        np.testing.assert_array_equal(threaded.transform(X), alone.transform(X))


def test_rows_that_are_their_own_targets_are_taken_once():
    rows, weights = np.arange(24.0).reshape(3, 2, 4), np.arange(6.0).reshape(3, 2)
    batch = batch_at((tf.constant(rows), None, None, tf.constant(weights)), tf.constant(2))
    assert batch["targets"] is batch["rows"]
    assert batch["labels"] is None
    np.testing.assert_array_equal(batch["rows"], rows[2])
    np.testing.assert_array_equal(batch["weights"], weights[2])


def test_a_program_that_is_let_go_holds_no_weights(pool):
    Autoencoder(2, hidden_layer_sizes=(3000,), max_iter=3, early_stopping=False).fit(X)
    [[program]] = pool._idle.values()
    n_weights = 2 * (X.shape[1] + 2) * 3000
    # Layers, the vector that is trained, two moments of Adam, and what those start from.
    assert program.n_bytes > 6 * 4 * n_weights
    pool.clear()
    held = [tf.size(variable.value.value()).numpy() for variable in program._all_variables()]
    assert sum(held) < n_weights
