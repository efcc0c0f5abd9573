"""Whatever is wrong with a parameter, its error says which one it is."""

import keras
import numpy as np
import pytest

import skae
from skae import Autoencoder

X = np.random.default_rng(0).random((24, 4))
SHORT = {"max_iter": 1, "hidden_layer_sizes": (6,), "random_state": 0}
SCHEDULE = keras.optimizers.schedules.LearningRateSchedule


class Gives(SCHEDULE):
    """A schedule of a user's own, in full."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        if self.rate == "an error":
            raise RuntimeError("no rate today")
        return None if self.rate == "nothing" else keras.ops.convert_to_tensor(self.rate)

    def get_config(self):
        return {"rate": self.rate}


class Renamed(Gives):
    def get_config(self):
        return {"speed": self.rate}


class Holding(Gives):
    def get_config(self):
        return {"rate": print}


# What stands among the activations of Keras and is none.
NO_ACTIVATIONS = {"deserialize", "get", "glu", "serialize", "threshold"}


def halves(x):
    return x[:, ::2]


def whole_numbers(x):
    return keras.ops.cast(x, "int32")


def of_two(x, y):
    return x


def failing(x):
    raise RuntimeError("not today")


@pytest.mark.parametrize(
    ("activation", "match"),
    [
        ("glu", r"activation='glu' makes .*3\) of float32 of a tensor of shape .* keeps both"),
        ("threshold", r"activation='threshold' cannot be called with .*alone: TypeError"),
        (halves, r"activation=<function halves.* makes .* keeps both"),
        (whole_numbers, r"activation=<function whole_.* makes .* of int32"),
        (
            of_two,
            r"activation=<function of_two.* cannot be called with a tensor of shape \(None, 6\)",
        ),
        (failing, r"activation=<function failing.*RuntimeError\(not today\)"),
        (np.tanh, r"activation=<ufunc 'tanh'> cannot be called with"),
        (object, r"activation=<class 'object'> is a class, but a function of a tensor"),
        (keras.layers.PReLU(), r"activation=<PReLU.* is a layer with weights, .* would share"),
        (keras.layers.LeakyReLU, r"activation=<class .*LeakyReLU'> is a class, .* LeakyReLU\(\)"),
    ],
)
def test_activations_that_no_layer_can_have(activation, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(2, activation=activation, **SHORT).fit(X)


@pytest.mark.parametrize(
    "name", sorted(name for name in vars(keras.activations) if not name.startswith("_"))
)
def test_every_name_in_keras_trains_or_is_refused_by_name(name):
    model = Autoencoder(2, activation=name, **SHORT)
    if name in NO_ACTIVATIONS:
        with pytest.raises(ValueError, match=f"activation={name!r}"):
            model.fit(X)
    else:
        assert np.isfinite(model.fit(X).inverse_transform(model.transform(X))).all()


def test_an_activation_layer_without_weights_is_one():
    given, named = keras.layers.LeakyReLU(negative_slope=0.2), "leaky_relu"
    codes = [Autoencoder(2, activation=a, **SHORT).fit(X).transform(X) for a in (given, named)]
    np.testing.assert_allclose(*codes, rtol=1e-5)


def of_flat_rows(x):
    return keras.ops.transpose(keras.ops.transpose(x, (1, 0)), (1, 0))


def over_space(x):
    return x - keras.ops.mean(x, axis=(1, 2), keepdims=True)


@pytest.mark.parametrize("activation", [of_flat_rows, over_space])
def test_a_convolution_asks_for_activations_of_images_and_of_codes(activation):
    rows = np.random.default_rng(0).random((8, 16))
    small = {"hidden_layer_sizes": (2,), "max_iter": 1, "random_state": 0}
    image = {"network": "convolutional", "sample_shape": (4, 4, 1)}
    with pytest.raises(ValueError, match=rf"activation=<function {activation.__name__}"):
        Autoencoder(1, activation=activation, **image, **small).fit(rows)


@pytest.mark.parametrize(
    ("schedule", "match"),
    [
        (Gives("an error"), r"learning_rate=Gives cannot be asked .*RuntimeError\(no rate today\)"),
        (Gives("nothing"), r"learning_rate=Gives cannot be asked for the rate of a step"),
        (Gives([0.1, 0.2]), r"learning_rate=Gives gives \[0.1 0.2\] for the first step"),
        (Gives(-1.0), r"learning_rate=Gives gives -1.0 for the first step"),
        (Gives(float("nan")), r"learning_rate=Gives gives nan for the first step"),
        (Renamed(0.1), r"learning_rate=Renamed: every fit .* from_config\(\) raised TypeError"),
        (Holding(0.1), r"learning_rate=Holding: every fit .* holds no plain values"),
    ],
)
def test_schedules_that_cannot_be_followed(schedule, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(2, learning_rate=schedule, **SHORT).fit(X)
    of_an_optimizer = match.replace("=Gives ", "=Gives of optimizer=SGD ")
    of_an_optimizer = of_an_optimizer.replace("=Renamed:", "=Renamed of optimizer=SGD:")
    with pytest.raises(ValueError, match=of_an_optimizer):
        Autoencoder(2, optimizer=keras.optimizers.SGD(schedule), **SHORT).fit(X)


def test_a_schedule_of_the_users_own_is_followed():
    rates = {
        name: Autoencoder(2, optimizer="sgd", learning_rate=rate, **SHORT).fit(X).transform(X)
        for name, rate in (("own", Gives(0.01)), ("number", 0.01))
    }
    np.testing.assert_allclose(rates["own"], rates["number"], rtol=1e-5)


@pytest.mark.parametrize(
    ("optimizer", "match"),
    [
        ("lossscaleoptimizer", "optimizer='lossscaleoptimizer' cannot be used: it is made around"),
        ("__builtins__", "optimizer='__builtins__' is not the name"),
        ("schedules", "optimizer='schedules' is not the name"),
        ("", "optimizer='' is not the name"),
    ],
)
def test_names_in_keras_that_are_no_optimizers(optimizer, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(2, optimizer=optimizer, **SHORT).fit(X)


@pytest.mark.parametrize(
    ("callback", "match"),
    [
        (1, r"callbacks\[0\]=int is not a keras.callbacks.Callback"),
        (
            keras.callbacks.EarlyStopping,
            r"callbacks\[0\]=type is the class EarlyStopping; pass an instance",
        ),
        (
            keras.callbacks.EarlyStopping("accuracy_of_none"),
            r"callbacks\[0\]=EarlyStopping raised this in on_\w+: .*monitor=accuracy_of_none",
        ),
        (
            keras.callbacks.LearningRateScheduler(lambda epoch: -1.0),
            r"callbacks\[0\]=LearningRateScheduler raised this in on_epoch_begin: .* to -1",
        ),
    ],
)
def test_callbacks_that_cannot_be_called(callback, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(2, callbacks=[callback], **SHORT).fit(X)


def test_what_a_users_callback_raises_keeps_its_class_and_says_where():
    dividing = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        Autoencoder(2, callbacks=[dividing], **SHORT).fit(X)
    assert caught.value.__notes__ == ["callbacks[0]=LambdaCallback raised this in on_epoch_end."]


def test_functions_that_are_no_network():
    for make in (lambda: None, object, lambda one: None):
        with pytest.raises(ValueError, match=r"network=<.* should be a function \(sample_shape, "):
            Autoencoder(2, network=make, **SHORT).fit(X)


def test_what_a_users_network_raises_keeps_its_class_and_says_where():
    def broken(sample_shape, n_components, hidden_layer_sizes, activation):
        raise ZeroDivisionError("of mine")

    with pytest.raises(ZeroDivisionError, match="of mine") as caught:
        Autoencoder(2, network=broken, **SHORT).fit(X)
    assert "network=<function" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"n_components": 10**30}, "n_components=1000"),
        ({"hidden_layer_sizes": (10**30,)}, "hidden_layer_sizes="),
        ({"hidden_layer_sizes": np.array(3.5)}, "hidden_layer_sizes="),
        ({"hidden_layer_sizes": [[1, 2], [3]]}, "hidden_layer_sizes="),
        ({"network": "convolutional", "kernel_size": 10**30}, "kernel_size=1000"),
        ({"network": "recurrent", "mask_value": 10**400}, "mask_value=1000"),
        ({"learning_rate": 1e300}, "'learning_rate' parameter"),
        ({"learning_rate": 10**400}, "'learning_rate' parameter"),
    ],
)
def test_numbers_that_nothing_can_hold(parameters, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(**{"n_components": 2, **SHORT, **parameters}).fit(X)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (skae.AdversarialAutoencoder(critic_hidden_layer_sizes=[0]), "^critic_hidden_layer_sizes="),
        (skae.ContractiveAutoencoder(contraction=1e300), r"Lower contraction \(now 1e\+300\)"),
        (skae.VariationalAutoencoder(beta=1e300), r"Lower beta \(now 1e\+300\)"),
        (
            skae.AdversarialAutoencoder(divergence="mmd", divergence_weight=1e300),
            r"Lower divergence_weight \(now 1e\+300\): losses",
        ),
        (
            skae.DenoisingAutoencoder(2, noise_level=(1e29, 1e30)),
            r"Lower noise_level \(now \(1e\+29, 1e\+30\)\): losses",
        ),
        (
            skae.StackedAutoencoder(pretrain_noise="gaussian", pretrain_noise_level=1e30),
            r"Lower pretrain_noise_level \(now 1e\+30\): losses",
        ),
    ],
)
def test_parameters_of_variants(model, match):
    with pytest.raises(ValueError, match=match):
        model.set_params(**SHORT).fit(X)


def test_a_head_names_a_parameter_of_its_autoencoder():
    pretrained = skae.VariationalAutoencoder(2, **SHORT).fit(X).set_params(beta=1e300)
    head = skae.AutoencoderClassifier(from_pretrained=pretrained, max_iter=1, random_state=0)
    with pytest.raises(ValueError, match=r"Lower beta \(now 1e\+300\): losses"):
        head.fit(X, np.arange(len(X)) % 2)


def test_a_network_beyond_memory_is_named():
    huge = 2**31 - 1
    model = Autoencoder(2, hidden_layer_sizes=(huge, huge), max_iter=1)
    with pytest.raises(MemoryError, match=rf"hidden_layer_sizes=\({huge}, {huge}\) and n_comp"):
        model.fit(X)


def test_a_network_that_cannot_be_built_leaves_the_others_alone():
    rows = np.random.default_rng(0).random((8, 4))
    shape = {"network": "convolutional", "sample_shape": (4, 1), "hidden_layer_sizes": (2,)}
    with pytest.raises(
        ValueError, match=r"kernel_size=2147483647 and hidden_layer_sizes=\(2,\) make"
    ):
        Autoencoder(2, **shape, kernel_size=2**31 - 1, max_iter=1).fit(rows)
    Autoencoder(2, **shape, kernel_size=2, max_iter=1).fit(rows)


def test_true_is_one_and_shares_no_program_under_another_name():
    ones = {"batch_size": True, "max_iter": True, "hidden_layer_sizes": (True,)}
    first = Autoencoder(True, **ones, random_state=0).fit(X)
    again = Autoencoder(1, batch_size=1, max_iter=1, hidden_layer_sizes=(1,), random_state=0).fit(X)
    np.testing.assert_array_equal(first.transform(X), again.transform(X))


@pytest.mark.parametrize("cls", [skae.Autoencoder, skae.DenoisingAutoencoder])
def test_weights_that_are_all_zero(cls):
    for fit in (cls(2, **SHORT).fit, cls(2, **SHORT).partial_fit):
        with pytest.raises(ValueError, match="sample_weight is zero for all 24 rows"):
            fit(X, sample_weight=np.zeros(len(X)))
