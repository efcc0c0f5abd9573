"""What learning_rate and early_stopping mean, and how a small table chooses its epochs."""

import contextlib
import io
import signal
import threading
import time
from copy import deepcopy

import keras
import numpy as np
import pytest
from sklearn.datasets import load_wine, make_swiss_roll
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, DenoisingAutoencoder, VariationalAutoencoder, diagnose
from skae.exceptions import StartKeptWarning
from skae.fitting import CrossFit
from skae.folds import HeldOutFolds
from skae.threads import check_stop

X = StandardScaler().fit_transform(load_wine().data)
TINY = {"hidden_layer_sizes": (8,), "random_state": 0}
# Enough for folds to choose from two numbers of epochs.
FOLDED = TINY | {"max_iter": 60, "jit_compile": False}


class Rates(keras.callbacks.Callback):
    """Remembers the rate after each epoch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(float(self.model.optimizer.learning_rate))


def rates(X=X, **parameters):
    seen = Rates()
    Autoencoder(2, **{**TINY, "callbacks": [seen], "max_iter": 30, **parameters}).fit(X)
    return np.array(seen.seen)


def bits(**parameters):
    return Autoencoder(2, **{**TINY, "max_iter": 12, **parameters}).fit(X).transform(X).tobytes()


@pytest.mark.parametrize("name", ["auto", "cosine"])
def test_an_annealed_rate_rises_and_falls_to_almost_nothing(name):
    seen = rates(learning_rate=name)
    assert len(seen) == 30
    assert 0.004 < seen.max() <= 0.005
    assert seen[-1] < 0.01 * seen.max()
    assert np.all(np.diff(seen[5:]) < 0)


def test_constant_is_what_its_number_is():
    assert np.allclose(rates(learning_rate="constant"), 0.002)
    assert bits(learning_rate="constant") == bits(learning_rate=0.002)


def test_an_optimizer_that_is_given_brings_its_rate():
    assert np.allclose(rates(optimizer=keras.optimizers.Adam(0.01)), 0.01)
    seen = rates(optimizer=keras.optimizers.Adam(0.01), learning_rate="cosine")
    assert 0.008 < seen.max() <= 0.01
    assert seen[-1] < 1e-4


def test_plateau_lowers_the_rate_three_times():
    # Nothing is learned from noise: patience runs out at once.
    noise = np.random.default_rng(0).standard_normal((200, 6))
    seen = rates(noise, learning_rate="plateau", n_iter_no_change=2, max_iter=80)
    assert len(seen) < 80
    assert np.allclose(np.unique(seen.round(9)), 0.002 * 0.2 ** np.arange(3, -1, -1), rtol=1e-4)


@pytest.mark.parametrize("name", ["cosine", "plateau"])
def test_a_rate_that_is_planned_has_no_schedule_beside_it(name):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.5)
    estimator = Autoencoder(2, optimizer=keras.optimizers.Adam(schedule), learning_rate=name)
    with pytest.raises(ValueError, match="brings a schedule of its own"):
        estimator.fit(X)


@pytest.mark.parametrize("name", ["cosine", "plateau"])
def test_a_single_pass_cannot_plan(name):
    with pytest.raises(ValueError, match="how many passes will follow"):
        Autoencoder(2, learning_rate=name).partial_fit(X)


def test_a_single_pass_takes_auto_for_constant():
    def passed(rate):
        return Autoencoder(2, learning_rate=rate, **TINY).partial_fit(X).transform(X)

    assert passed("auto").tobytes() == passed("constant").tobytes()


@pytest.mark.parametrize("wrong", ["linear", None, 0.0, -1.0])
def test_other_rates_are_refused(wrong):
    with pytest.raises(ValueError, match="'learning_rate' parameter"):
        Autoencoder(2, learning_rate=wrong).fit(X)


def test_auto_plans_fewer_epochs_where_rows_are_many():
    rows = np.random.default_rng(0).standard_normal((2600, 4))
    estimator = Autoencoder(2, hidden_layer_sizes=(4,), batch_size=512, random_state=0)
    # 2340 rows train: 5 batches of 512, and 3000 steps times the root of 2340 over 2000 and of 32
    # over 512.
    n_epochs = int(np.ceil(3000 * np.sqrt(2340 / 2000 * 32 / 512) / 5))
    assert estimator.set_params(jit_compile=False).fit(rows).n_iter_ == n_epochs


def test_cosine_takes_all_epochs():
    estimator = Autoencoder(2, learning_rate="cosine", early_stopping=True, max_iter=40, **TINY)
    assert estimator.fit(X).n_iter_ == 40


# Epochs that folds choose


@pytest.fixture(scope="module")
def seen_folds():
    """A fit whose epochs folds chose, not to be changed; these folds; and what was printed."""
    seen, printed = [], io.StringIO()

    class Spy(HeldOutFolds):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            seen.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skae.fitting._cross_fitting.HeldOutFolds", Spy)
        # One after the other.
        patch.setenv("OMP_NUM_THREADS", "1")
        with contextlib.redirect_stdout(printed):
            return Autoencoder(2, verbose=1, **FOLDED).fit(X), seen[0], printed.getvalue()


@pytest.fixture(scope="module")
def chosen(seen_folds):
    return seen_folds[0]


def test_folds_choose_the_epochs_with_the_lowest_loss_and_all_rows_train(chosen):
    estimator, losses = chosen, chosen.cross_fit_losses_
    assert min(losses, key=losses.get) == estimator.n_iter_ == estimator.best_epoch_ > 0
    assert estimator.best_loss_ == min(losses.values())
    assert "val_loss" not in estimator.history_


def test_the_loss_before_the_first_epoch_is_that_of_pca_without_the_fold(seen_folds):
    estimator, seen, _ = seen_folds
    log_losses, weights = [], []
    for fold in range(5):
        others, left = X[seen.of_rows != fold], X[seen.of_rows == fold]
        pca = PCA(2).fit(others)
        missed = (pca.inverse_transform(pca.transform(left)) - left) ** 2
        log_losses.append(np.log(missed.mean() / others.var(axis=0).mean()))
        weights.append(len(left))
    expected = np.exp(np.average(log_losses, weights=weights))
    assert estimator.cross_fit_losses_[0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("n_copies", [3, 12])
def test_equal_rows_are_held_out_together(n_copies):
    noise = np.random.default_rng(0).standard_normal((60, 6))
    short = Autoencoder(2, max_iter=200 // n_copies, jit_compile=False, random_state=0)
    with pytest.warns(StartKeptWarning, match="folds in turn"):
        estimator = short.fit(np.repeat(noise, n_copies, axis=0))
    assert estimator.best_epoch_ == 0


@pytest.mark.parametrize(("far", "n_far"), [(20, 3), (-30, 1)])
def test_a_few_rows_far_out_do_not_decide_for_the_others(far, n_far):
    rows = X.copy()
    rows[:n_far] *= far
    assert Autoencoder(2, **FOLDED).fit(rows).best_epoch_ > 0


def test_folds_count_by_their_weight_and_errors_by_their_ratios():
    of_folds = {0: [4.0, 1.0], 9: [1.0, 2.0]}
    assert CrossFit(of_folds, [1.0, 1.0], "graph").losses == pytest.approx({0: 2, 9: 2**0.5})
    assert CrossFit(of_folds, [1.0, 9.0], "graph").n_epochs == 0
    # Negative log-likelihoods have no ratios.
    of_folds = {0: [-4.0, 1.0], 9: [-1.0, 0.0]}
    assert CrossFit(of_folds, [3.0, 1.0], "graph").losses == pytest.approx({0: -2.75, 9: -0.75})


@pytest.mark.parametrize(("last", "n_epochs"), [(0.5, 9), (0.99, 0), (1.1, 0)])
def test_the_start_is_left_for_gains_beyond_half_their_standard_error(last, n_epochs):
    # Mean gains of the logarithm are .27, .04 and .00, and halves of their errors .12, .04 and .05.
    of_folds = {0: [1.0, 1.0, 1.0], 9: [np.exp(-0.2), 1.1, last]}
    crossed = CrossFit(of_folds, [1.0] * 3, "graph")
    assert crossed.losses[9] < crossed.losses[0]
    assert crossed.n_epochs == n_epochs


@pytest.mark.parametrize(
    ("losses", "is_falling"),
    [([1, 0.9, 0.7], True), ([1, 0.9, 0.8], False), ([1, 0.5, 0.6], False), ([-1, -2], False)],
)
def test_more_epochs_are_tried_where_the_last_were_much_better(losses, is_falling):
    of_folds = {place: [loss] for place, loss in enumerate(losses)}
    assert CrossFit(of_folds, [1.0], "graph").is_falling() is is_falling


@pytest.mark.slow
def test_a_curve_that_is_hard_to_learn_is_trained_longer():
    rows = make_swiss_roll(320, noise=0.1, random_state=0)[0]
    estimator = Autoencoder(2, hidden_layer_sizes=(32,), random_state=0).fit(rows)
    # 3,000 steps are 300 epochs, and 10,000 more than max_iter.
    assert list(estimator.cross_fit_losses_)[-2:] == [300, 500]
    assert estimator.n_iter_ == 500


def test_noise_keeps_the_start_and_says_so():
    noise = np.random.default_rng(0).standard_normal((80, 6))
    with pytest.warns(StartKeptWarning, match="folds in turn"):
        estimator = Autoencoder(2, max_iter=100, jit_compile=False, random_state=0).fit(noise)
    # The history shows the fewest epochs that were tried.
    fewest = min(filter(None, estimator.cross_fit_losses_))
    assert (estimator.best_epoch_, estimator.n_iter_) == (0, fewest)
    assert estimator.best_loss_ == estimator.cross_fit_losses_[0]
    pca = PCA(2).fit(noise)
    expected = pca.inverse_transform(pca.transform(noise))
    np.testing.assert_allclose(estimator.reconstruct(noise), expected, atol=1e-5)
    assert "this is PCA" in diagnose(estimator, noise).names


@pytest.mark.slow
@pytest.mark.parametrize("cls", [DenoisingAutoencoder, VariationalAutoencoder])
def test_other_objectives_are_judged_by_folds_too(cls):
    assert cls(2, **FOLDED).fit(X).cross_fit_losses_.keys() >= {0, 17}


def test_a_share_of_variance_is_counted_once_for_all_folds():
    estimator = Autoencoder(0.55, **FOLDED).fit(X)
    assert estimator.n_components_ == PCA(0.55).fit(X).n_components_
    assert len(estimator.cross_fit_losses_) > 1


def test_rows_without_weight_are_in_no_fold():
    weight = np.r_[np.ones(150), np.zeros(len(X) - 150)]
    with_others = Autoencoder(2, **FOLDED).fit(X, sample_weight=weight)
    alone = Autoencoder(2, **FOLDED).fit(X[:150])
    assert with_others.cross_fit_losses_ == pytest.approx(alone.cross_fit_losses_, rel=1e-4)


def test_tiny_weights_count_by_their_ratios():
    tiny = Autoencoder(2, **FOLDED).fit(X, sample_weight=np.full(len(X), 1e-38))
    ones = Autoencoder(2, **FOLDED).fit(X, sample_weight=np.ones(len(X)))
    assert tiny.transform(X).tobytes() == ones.transform(X).tobytes()


@pytest.mark.parametrize(
    "asked",
    [
        {"early_stopping": True},
        {"early_stopping": False},
        {"n_iter_no_change": 5},
        {"learning_rate": "constant"},
        {"learning_rate": 0.002},
        {"learning_rate": "cosine"},
        {"batch_size": 1000, "max_iter": 300},
        {"max_iter": 49},
        {"validation_fraction": 0.2},
        {"callbacks": [keras.callbacks.LambdaCallback()]},
        {"callbacks": [keras.callbacks.EarlyStopping(patience=2)]},
    ],
)
def test_what_is_asked_for_stands_against_folds(asked):
    estimator = Autoencoder(2, **FOLDED | asked).fit(X)
    assert not hasattr(estimator, "cross_fit_losses_")
    assert ("val_loss" in estimator.history_) == (asked.get("early_stopping", True) is not False)


def test_an_interruption_among_the_folds_keeps_the_start(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("skae.fitting._cross_fitting.loss_after", interrupt)
    with pytest.warns(UserWarning, match="Training interrupted: the start is kept"):
        estimator = Autoencoder(2, **TINY).fit(X)
    assert estimator.best_epoch_ == 0
    assert not hasattr(estimator, "cross_fit_losses_")
    assert estimator.best_loss_ == pytest.approx(estimator.history_["loss"][0])


def test_callbacks_that_record_change_nothing(chosen):
    recorded = Autoencoder(2, **FOLDED, callbacks=[keras.callbacks.TerminateOnNaN()]).fit(X)
    assert recorded.transform(X).tobytes() == chosen.transform(X).tobytes()


@pytest.mark.parametrize(
    "steering",
    [
        keras.callbacks.ReduceLROnPlateau(patience=1000),
        keras.callbacks.EarlyStopping(patience=1000),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate),
    ],
)
def test_callbacks_that_steer_find_a_constant_rate(steering):
    seen = Rates()
    Autoencoder(2, **TINY, max_iter=5, callbacks=[steering, seen]).fit(X)
    assert np.allclose(seen.seen, 0.002)


def test_a_later_fit_without_folds_forgets_their_losses(chosen):
    estimator = deepcopy(chosen)
    estimator.set_params(early_stopping=True, max_iter=3).fit(X)
    assert not hasattr(estimator, "cross_fit_losses_")


def test_verbose_says_what_folds_choose(seen_folds):
    first = seen_folds[2].splitlines()[0]
    assert first.startswith("Loss of rows held out, mean over folds: 0 epochs ")


def test_folds_in_threads_change_no_bit(chosen, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr("joblib.effective_n_jobs", lambda n_jobs: 3)
    fitted = Autoencoder(2, **FOLDED).fit(X)
    assert fitted.cross_fit_losses_ == chosen.cross_fit_losses_
    assert fitted.transform(X).tobytes() == chosen.transform(X).tobytes()


# It may fall into a finalizer, where Python tells of it and loses it: the fit ends all the same.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_while_folds_train_in_threads_is_heeded_at_once(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr("joblib.effective_n_jobs", lambda n_jobs: 2)
    training = threading.Barrier(2)

    def endless(*_):
        training.wait(30)
        time.sleep(0.2)  # until the caller waits
        if threading.current_thread().name.endswith("_0"):
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            check_stop()
            time.sleep(0.001)

    monkeypatch.setattr("skae.fitting._cross_fitting.loss_after", endless)
    start = time.monotonic()
    with pytest.warns(UserWarning, match="Training interrupted: the start is kept"):
        Autoencoder(2, **TINY).fit(X)
    assert time.monotonic() - start < 20
