"""Every callback, optimizer, option and setting of the installed Keras, against the page of docs.

A name that Keras adds fails here until the page says what it does, and a test shows it.
"""

import functools
import inspect
import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_iris

from skae import AdversarialAutoencoder, Autoencoder, VariationalAutoencoder
from skae.backend import _gateway as gateway, _starts
from skae.backend._models import with_weights
from skae.fitting import _rows

X = load_iris().data
PAGE = Path(__file__).parents[1] / "docs" / "keras_options.rst"
SHARED = {"batch_size": 150, "early_stopping": False, "random_state": 0, "init": "random"}
SHARED["hidden_layer_sizes"] = (8,)


def table(title):
    """Names in a table of the page, with what is said of each."""
    text = PAGE.read_text(encoding="utf-8").split(f"   * - {title}\n")[1].split("\n\n")[0]
    return dict(re.findall(r"^   \* - ``(\w+)``\n     - (.+)$", text, re.MULTILINE))


CALLBACKS = table("``keras.callbacks``")
OPTIMIZERS = table("``keras.optimizers``")
OPTIONS = table("option")
SETTINGS = table("``keras.config``")


def public_classes(module):
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and not name.startswith("_")
    }


def missing(names, module):
    """Names of the page that an older Keras lacks."""
    return {name for name in names if not hasattr(module, name)}


def test_the_page_has_every_callback():
    names = set(public_classes(keras.callbacks))
    assert set(CALLBACKS) - missing(CALLBACKS, keras.callbacks) == names


def test_the_page_has_every_optimizer():
    names = set(public_classes(keras.optimizers))
    assert set(OPTIMIZERS) - missing(OPTIMIZERS, keras.optimizers) == names


def test_the_page_has_every_option_that_optimizers_share():
    signature = inspect.signature(keras.optimizers.Adam).parameters
    own = {"beta_1", "beta_2", "epsilon", "amsgrad", "kwargs"}
    assert set(OPTIONS) == set(signature) - own


def test_the_page_has_every_setting():
    getters = {"backend", "dtype_policy", "epsilon", "floatx", "image_data_format"}
    getters |= {"max_epochs", "max_steps_per_epoch"}
    names = {n for n in dir(keras.config) if not n.startswith(("_", "is_"))} - getters
    assert set(SETTINGS) - missing(SETTINGS, keras.config) == names


# Optimizers, against the same steps by Keras.


@functools.cache
def start_of_fits():
    """The model that every fit of one seed starts from."""
    frozen = {"optimizer": "sgd", "learning_rate": 1e-30, "max_iter": 1}
    return Autoencoder(2, **frozen, **SHARED).fit(X)._model


def start_of():
    """Scaled rows, and a Keras model with the weights that a fit starts from."""
    start = start_of_fits()
    built = with_weights(start.network, start.weights)
    model = keras.Model(built.encoder.input, built.decoder(built.encoder.output))
    return start.scaling.apply(X).astype(np.float32), built.encoder, model


def step_by_keras(model, rows, optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(rows) - rows))
        loss = optimizer.scale_loss(loss)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)


def check_equal(make_optimizer, n_steps=6, atol=2e-4, **parameters):
    """A fit does what Keras does; one batch, so that the order of rows does not matter."""
    parameters = SHARED | {"max_iter": n_steps} | parameters
    fitted = Autoencoder(2, optimizer=make_optimizer(), **parameters).fit(X)
    rows, encoder, model = start_of()
    optimizer = make_optimizer()
    for _ in range(n_steps):
        step_by_keras(model, rows, optimizer)
    optimizer.finalize_variable_values(model.trainable_variables)
    np.testing.assert_allclose(fitted.transform(X), encoder(rows), atol=atol)


# Values other than the defaults, for options of single classes.
VALUES = {
    "adam_beta_1": 0.8,
    "adam_beta_2": 0.98,
    "adam_lr_ratio": 0.5,
    "adam_weight_decay": 0.1,
    "amsgrad": True,
    "beta": 0.1,
    "beta_1": 0.8,
    "beta_2": 0.98,
    "beta_2_decay": -0.7,
    "centered": True,
    "clip_threshold": 0.5,
    "epsilon": 1e-2,
    "epsilon_1": 1e-3,
    "epsilon_2": 1e-2,
    "exclude_embeddings": False,
    "exclude_layers": ["decoder"],
    "initial_accumulator_value": 0.3,
    "l1_regularization_strength": 0.01,
    "l2_regularization_strength": 0.01,
    "l2_shrinkage_regularization_strength": 0.01,
    "learning_rate_power": -0.6,
    "momentum": 0.7,
    "muon_a": 3.0,
    "muon_b": -4.0,
    "muon_c": 2.0,
    "nesterov": True,
    "ns_steps": 3,
    "relative_step": False,
    "rho": 0.8,
    "rms_rate": 0.3,
    "warmup_steps": 3,
}
SHARED_VALUES = {
    "learning_rate": 0.02,
    "weight_decay": 0.1,
    "clipnorm": 0.01,
    "clipvalue": 0.003,
    "global_clipnorm": 0.01,
    "use_ema": True,
    "loss_scale_factor": 64.0,
    "gradient_accumulation_steps": 2,
}
HONOURED = [name for name, said in OPTIMIZERS.items() if said == "honoured"]
PLAIN = [
    name for name in HONOURED if hasattr(keras.optimizers, name) and name != "LossScaleOptimizer"
]


@pytest.mark.parametrize("name", PLAIN)
def test_an_optimizer_with_all_its_options_does_what_keras_does(name):
    cls = getattr(keras.optimizers, name)
    own = set(inspect.signature(cls).parameters) - set(OPTIONS) - {"kwargs"}
    options = {option: VALUES[option] for option in own}
    if name == "Muon":
        options["nesterov"] = False
    # Steps of equal size whatever the gradient: a rounding error may decide a sign.
    atol = 1e-3 if name in ("Lion", "Muon") else 2e-4
    check_equal(lambda: cls(0.01, **options), n_steps=4, atol=atol)


# Of the others one looks at whole variables, and one has weights beside those that it steps.
@pytest.mark.parametrize(
    ("cls", "option"),
    [
        *(("Adam", option) for option in SHARED_VALUES),
        *(("Lamb", option) for option in ("clipnorm", "weight_decay", "use_ema")),
        *(("ScheduleFreeAdamW", option) for option in ("gradient_accumulation_steps", "use_ema")),
    ],
)
def test_an_option_of_all_optimizers_does_what_keras_does(cls, option):
    if not hasattr(keras.optimizers, cls):
        pytest.skip("this Keras has no such optimizer")
    options = {"learning_rate": 0.01, option: SHARED_VALUES[option]}
    check_equal(lambda: getattr(keras.optimizers, cls)(**options), n_steps=4)


def test_every_option_of_all_optimizers_is_tested():
    elsewhere = {"name", "ema_momentum", "ema_overwrite_frequency"}
    assert {n for n, said in OPTIONS.items() if said == "honoured"} == {*SHARED_VALUES, *elsewhere}
    assert "refused" not in OPTIONS.values()


AVERAGED = {
    "momentum": {"ema_momentum": 0.6},
    "overwriting": {"ema_momentum": 0.6, "ema_overwrite_frequency": 2},
    "accumulating": {"ema_momentum": 0.6, "gradient_accumulation_steps": 3},
}


# What XLA compiles is what is traced to a graph.
@pytest.mark.parametrize(
    ("case", "tier"),
    [
        ("momentum", False),
        ("overwriting", "auto"),
        ("overwriting", True),
        ("accumulating", "auto"),
        ("accumulating", True),
    ],
)
def test_averages_are_those_of_keras(case, tier):
    def make():
        return keras.optimizers.Adam(0.02, use_ema=True, **AVERAGED[case])

    check_equal(make, jit_compile=tier)


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["auto", True], ids=["eager", "xla"])
def test_a_loss_scale_optimizer_does_what_keras_does(tier):
    def make():
        inner = keras.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.6)
        return keras.optimizers.LossScaleOptimizer(inner, 64.0, dynamic_growth_steps=2)

    check_equal(make, jit_compile=tier)


def split_in_order(n_rows, fraction, rng):
    return np.arange(100), np.arange(100, n_rows)


def test_averages_are_what_validation_judges(monkeypatch):
    monkeypatch.setattr(_rows, "split_rows", split_in_order)

    def make():
        return keras.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.6)

    parameters = SHARED | {"batch_size": 100, "max_iter": 4, "early_stopping": True}
    fitted = Autoencoder(2, optimizer=make(), **parameters).fit(X)
    rows, encoder, model = start_of()
    optimizer, judged = make(), []
    for _ in range(4):
        step_by_keras(model, rows[:100], optimizer)
        weights = model.get_weights()
        optimizer.finalize_variable_values(model.trainable_variables)
        judged.append(float(tf.reduce_mean(tf.square(model(rows[100:]) - rows[100:]))))
        average = encoder(rows)
        model.set_weights(weights)
    np.testing.assert_allclose(fitted.history_["val_loss"][-4:], judged, atol=1e-4)
    assert fitted.best_epoch_ == 4
    np.testing.assert_allclose(fitted.transform(X), average, atol=2e-4)


def test_averages_go_on_from_pass_to_pass():
    def make():
        return keras.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.6)

    fitted = Autoencoder(2, optimizer=make(), **SHARED)
    for _ in range(3):
        fitted.partial_fit(X)
    rows, encoder, model = start_of()
    optimizer = make()
    for _ in range(3):
        step_by_keras(model, rows, optimizer)
    optimizer.finalize_variable_values(model.trainable_variables)
    np.testing.assert_allclose(fitted.transform(X), encoder(rows), atol=2e-4)


def test_names_are_excluded_from_weight_decay_as_keras_does():
    def make():
        optimizer = keras.optimizers.AdamW(0.02, weight_decay=5.0)
        optimizer.exclude_from_weight_decay(var_names=["kernel"])
        return optimizer

    check_equal(make)
    decayed = Autoencoder(2, optimizer=keras.optimizers.AdamW(0.02, weight_decay=5.0), **SHARED)
    excluded = Autoencoder(2, optimizer=make(), **SHARED)
    decayed, excluded = (each.set_params(max_iter=2).fit(X) for each in (decayed, excluded))
    assert not np.allclose(decayed.transform(X), excluded.transform(X), atol=1e-3)


@keras.saving.register_keras_serializable("test_keras_options")
class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, first):
        self.first = first

    def __call__(self, step):
        return self.first * 0.5 ** keras.ops.cast(step, "float32")

    def get_config(self):
        return {"first": self.first}


SCHEDULES = {
    "CosineDecay": (0.02, 4),
    "CosineDecayRestarts": (0.02, 2),
    "ExponentialDecay": (0.02, 1, 0.5),
    "InverseTimeDecay": (0.02, 1, 0.5),
    "PiecewiseConstantDecay": ([1, 3], [0.02, 0.01, 0.001]),
    "PolynomialDecay": (0.02, 4),
}


def schedule_named(name):
    cls = Halving if name == "Halving" else getattr(keras.optimizers.schedules, name)
    return cls(*SCHEDULES.get(name, (0.02,)))


def test_every_schedule_of_keras_is_tested():
    names = set(public_classes(keras.optimizers.schedules))
    assert names - {"LearningRateSchedule"} == set(SCHEDULES)


@pytest.mark.parametrize("name", [*SCHEDULES, "Halving"])
def test_a_schedule_does_what_keras_does(name):
    check_equal(lambda: keras.optimizers.Adam(schedule_named(name)))


class Forgetful(keras.optimizers.SGD):
    """Its configuration leaves out what it was made with."""

    def __init__(self, strength=1.0, **options):
        super().__init__(**options)
        self.strength = strength


class Doubled(Forgetful):
    """A subclass that is nowhere registered, of steps twice as long."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.strength, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "strength": self.strength}


def test_an_optimizer_of_ones_own_does_what_keras_does():
    check_equal(lambda: Doubled(2.0, learning_rate=0.05))


class Adam(keras.optimizers.SGD):
    """Has the name of another, and looks at the norm of each variable."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient / (1 + tf.norm(gradient)), variable, learning_rate)


def test_an_optimizer_is_not_taken_for_another_of_its_name():
    check_equal(lambda: Adam(0.1))


class Wordless(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1


def excluding():
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_list=[keras.Variable(1.0)])
    return optimizer


REFUSED = [
    (lambda: "optimizer", r"optimizer='optimizer' cannot be used: it is the base"),
    (lambda: "lossscaleoptimizer", r"is made around another optimizer. Pass it as an instance"),
    (lambda: "sgdd", r"optimizer='sgdd' is not the name of a Keras optimizer"),
    (lambda: Forgetful(2.0, learning_rate=0.1), r"get_config\(\) leaves out strength"),
    (lambda: keras.optimizers.Adam(lambda: 0.1), r"is neither a number nor a schedule"),
    (lambda: keras.optimizers.Adam(Wordless()), r"learning_rate=Wordless.*get_config\(\) raised"),
    (lambda: keras.optimizers.AdamW, r"AdamW'> is a class, but an instance .* Pass AdamW\(\)"),
    (lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay), "is a class, but a n"),
    (excluding, r"Say which by their names"),
]


@pytest.mark.parametrize(("make", "match"), REFUSED)
def test_what_would_be_ignored_of_an_optimizer_is_refused(make, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(2, optimizer=make(), max_iter=2, **SHARED).fit(X)


@pytest.mark.parametrize("name", [n for n, said in OPTIMIZERS.items() if said == "refused"])
def test_a_refused_optimizer_is_refused_by_name_and_as_an_instance(name):
    if not hasattr(keras.optimizers, name):
        pytest.skip("this Keras has no such optimizer")
    by_name = Autoencoder(2, optimizer=name.lower(), max_iter=2, **SHARED)
    with pytest.raises(ValueError, match=r"cannot be used: .*\. (Give|Use) one"):
        by_name.fit(X)
    if name == "MultiOptimizer":
        rules = keras.optimizers.OptimizerMap(keras.optimizers.Adam())
        several = Autoencoder(2, optimizer=keras.optimizers.MultiOptimizer(rules), **SHARED)
        with pytest.raises(ValueError, match="Give one optimizer for all weights"):
            several.fit(X)


def test_averages_of_several_optimizers_are_refused():
    averaging = keras.optimizers.Adam(use_ema=True)
    with pytest.raises(ValueError, match=r"changes its weights by . of them in turn.* Set use_ema"):
        AdversarialAutoencoder(2, optimizer=averaging, max_iter=2, random_state=0).fit(X)


def test_the_rate_of_the_estimator_goes_before_that_of_any_optimizer():
    inner = keras.optimizers.Adam(0.5)
    scaled = keras.optimizers.LossScaleOptimizer(inner, 1.0)
    common = SHARED | {"max_iter": 2, "learning_rate": 0.01}
    fitted = Autoencoder(2, optimizer=scaled, **common).fit(X)
    same = Autoencoder(2, optimizer="adam", **common).fit(X)
    np.testing.assert_allclose(fitted.transform(X), same.transform(X), atol=1e-5)


def test_a_constraint_of_an_own_network_holds():
    def network(sample_shape, n_components, hidden_layer_sizes, activation):
        rows, codes = keras.Input(sample_shape), keras.Input((n_components,))
        bound = keras.constraints.MaxNorm(0.1)
        code = keras.layers.Dense(n_components, kernel_constraint=bound)(rows)
        return keras.Model(rows, code), keras.Model(codes, keras.layers.Dense(4)(codes))

    fitted = Autoencoder(2, network=network, max_iter=2, learning_rate=0.1, **SHARED).fit(X)
    kernel = fitted.encoder_.get_weights()[0]
    assert np.linalg.norm(kernel, axis=0).max() <= 0.1 + 1e-6


# Settings.


def forget_all():
    gateway.POOL.clear()
    gateway.SCORERS.clear()
    gateway._named_optimizer.cache_clear()
    _starts._remembered_starts.cache_clear()


def own_network(sample_shape, n_components, hidden_layer_sizes, activation):
    rows = keras.Input(sample_shape, dtype="float32")
    codes = keras.Input((n_components,), dtype="float32")
    code = keras.layers.Dense(n_components)(rows)
    return keras.Model(rows, code), keras.Model(codes, keras.layers.Dense(4)(codes))


def bits_of_fits():
    """Weights and codes of some fits, in programs compiled anew."""
    forget_all()
    shared = SHARED | {"hidden_layer_sizes": (5,), "max_iter": 2, "batch_size": 75}
    schedule = keras.optimizers.schedules.ExponentialDecay(0.02, 3, 0.5)
    images = {"network": "convolutional", "sample_shape": (2, 2, 1)}
    estimators = [
        Autoencoder(2, dropout=0.2, **shared),
        Autoencoder(2, optimizer="adafactor", **shared),
        Autoencoder(2, optimizer="nadam", **shared),
        Autoencoder(2, learning_rate=schedule, jit_compile=False, **shared),
        Autoencoder(2, network=own_network, **shared),
        Autoencoder(2, **images, **shared),
        VariationalAutoencoder(2, network="recurrent", sample_shape=(2, 2), **shared),
    ]
    return b"".join(estimator.fit(X).transform(X).tobytes() for estimator in estimators)


@pytest.fixture(scope="module")
def bits():
    return bits_of_fits()


CHANGES = {
    "set_floatx": ("float16", "float32"),
    "set_dtype_policy": ("mixed_float16", "float32"),
    "set_epsilon": (0.1, 1e-7),
    "set_image_data_format": ("channels_first", "channels_last"),
    "set_max_epochs": (1, None),
    "set_max_steps_per_epoch": (1, None),
    "enable_flash_attention": (),
    "disable_flash_attention": (),
    "enable_interactive_logging": (),
    "disable_interactive_logging": (),
    "enable_traceback_filtering": (),
    "disable_traceback_filtering": (),
    "enable_unsafe_deserialization": (),
}


# Two settings of types at once would say less; the others have nothing to do with each other.
TOGETHER = [
    ["set_floatx"],
    ["set_dtype_policy"],
    ["set_epsilon", "set_image_data_format", "set_max_epochs", "set_max_steps_per_epoch"],
]


def test_every_setting_without_effect_is_tested():
    assert {n for n, said in SETTINGS.items() if said == "no effect"} == set(CHANGES)
    assert {n for names in TOGETHER for n in names} == {
        n for n, values in CHANGES.items() if values
    }


@pytest.fixture
def switches():
    """All settings that are switches, the other way, and numbers of Keras' own."""
    keras.config.enable_unsafe_deserialization()
    keras.config.disable_traceback_filtering()
    keras.config.disable_interactive_logging()
    keras.utils.set_random_seed(7)
    yield
    keras.config.enable_traceback_filtering()
    keras.config.enable_interactive_logging()


@pytest.mark.slow
@pytest.mark.usefixtures("switches")
@pytest.mark.parametrize("names", TOGETHER, ids=" ".join)
def test_a_setting_of_keras_has_no_effect(bits, names):
    # This Keras may lack one.
    known = {name: getattr(keras.config, name) for name in names if hasattr(keras.config, name)}
    for name, set_it in known.items():
        set_it(CHANGES[name][0])
    try:
        assert bits_of_fits() == bits
    finally:
        for name, set_it in known.items():
            set_it(CHANGES[name][1])
        forget_all()


@pytest.mark.slow
def test_float64_has_no_effect(bits):
    keras.config.set_floatx("float64")
    try:
        assert bits_of_fits() == bits
    finally:
        keras.config.set_floatx("float32")
        forget_all()


@pytest.mark.parametrize("network", ["dense", "convolutional", own_network])
def test_a_scope_of_names_has_no_effect(network):
    parameters = SHARED | {"hidden_layer_sizes": (7,), "max_iter": 1}
    forget_all()
    with keras.name_scope("of_the_caller"):
        inside = Autoencoder(2, network=network, **parameters).fit(X)
    forget_all()
    outside = Autoencoder(2, network=network, **parameters).fit(X)
    np.testing.assert_array_equal(inside.transform(X), outside.transform(X))
    assert set(inside._model.weights) == set(outside._model.weights)


def in_half_precision(**options):
    def network(sample_shape, n_components, hidden_layer_sizes, activation):
        rows, codes = keras.Input(sample_shape, dtype=options.get("input")), keras.Input((2,))
        code = keras.layers.Dense(n_components, dtype=options.get("layer"))(rows)
        return keras.Model(rows, code), keras.Model(codes, keras.layers.Dense(4)(codes))

    return network


def penalised(**options):
    def network(sample_shape, n_components, hidden_layer_sizes, activation):
        rows, codes = keras.Input(sample_shape), keras.Input((n_components,))
        code = keras.layers.Dense(n_components)(rows)
        inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, **options)])
        return keras.Model(rows, code), keras.Model(codes, inner(codes))

    return network


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (in_half_precision(input="float16"), r"made an input .* of type float16"),
        (in_half_precision(layer="float16"), r"made a weight .* of type float16"),
        (penalised(kernel_regularizer="l2"), r"made a regularizer of .*AdamW\(weight_decay="),
        (penalised(activity_regularizer="l1"), r"made an activity_regularizer of .*Sparse"),
    ],
)
def test_what_would_be_passed_over_in_an_own_network_is_refused(network, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(2, network=network, max_iter=1, **SHARED).fit(X)


@pytest.mark.parametrize("names", [["kernal"], ["bias", "kernal"]])
def test_an_exclusion_that_no_weight_has_the_name_of_is_refused(names):
    optimizer = keras.optimizers.AdamW(weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=names)
    match = r"AdamW excludes 'kernal' from weight decay, but .* 'bias', 'kernel'. Correct"
    for given in optimizer, keras.optimizers.LossScaleOptimizer(optimizer):
        with pytest.raises(ValueError, match=match):
            Autoencoder(2, optimizer=given, max_iter=1, **SHARED).fit(X)


def test_an_exclusion_that_a_loss_scale_optimizer_keeps_for_itself_is_refused():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.AdamW(weight_decay=0.5))
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    with pytest.raises(ValueError, match="Call exclude_from_weight_decay of its inner_optimizer"):
        Autoencoder(2, optimizer=optimizer).fit(X)
