"""The epoch loop by itself, around a program of one weight that takes given steps."""

import numpy as np
import pytest

from skae.objectives import Objective
from skae.training import Annealing, Data, Diverged, Hooks, Plan, ProgramSpec, Start, run

# One feature; the loss of a row is its squared distance from the weight.
ROWS = np.array([[0.0], [2.0], [4.0], [6.0]])
TRAINING, VALIDATION, NONE = np.array([0, 1]), np.array([2, 3]), np.array([], int)
OBJECTIVE = Objective(lambda *_: None, ("distance",))


class InMemory:
    resident = True

    def __len__(self):
        return len(ROWS)

    def read(self, indices, out):
        out[:] = ROWS[indices]


class Walk:
    """A program whose weight is, after each epoch, the next of some places."""

    def __init__(self, places, batch_size=2, objective=OBJECTIVE):
        self.spec = ProgramSpec("a point", objective, "none", "none", 1, batch_size, "graph")
        self.places, self.scalars, self.n_evaluated = iter(places), [], 0

    def load(self, weights, **options):
        self.place, self.loaded = weights["place"], options

    def set_weights(self, weights):
        self.place = weights["place"]

    def set_training_scalars(self, scalars):
        self.scalars.append(scalars)

    def weights(self):
        return {"place": self.place}

    def optimizer_state(self):
        return [np.array(self.place)]

    def stage(self, chunk):
        return chunk

    def train(self, chunk, seed):
        # Reported as it was in training, before the step.
        sums = self.evaluate(chunk)
        self.place = next(self.places)
        if isinstance(self.place, BaseException):
            raise self.place
        return sums

    def evaluate(self, chunk, n_draws=1):
        self.n_evaluated += 1
        distances = (chunk.rows[..., 0] - self.place) ** 2
        return np.array([np.sum(chunk.weights * distances)])


def trained(places, validation=VALIDATION, start=10.0, hooks=None, **plan):
    data = Data(InMemory(), TRAINING, validation)
    plan = Plan(**({"max_iter": len(places), "patience": 10, "min_delta": 0.0} | plan))
    program = Walk(places)
    rng = np.random.default_rng(0)
    return run(
        program,
        data,
        Start({"place": start}, seed=0, learning_rate=0.1),
        plan,
        hooks or Hooks(),
        rng,
    )


def held_out_loss(place):
    return np.mean((ROWS[VALIDATION] - place) ** 2)


def test_the_weights_of_the_best_epoch_are_kept():
    outcome = trained([8.0, 5.5, 7.0])
    assert outcome.weights == {"place": 5.5}
    assert outcome.best_epoch == 2
    assert outcome.best_loss == held_out_loss(5.5)
    expected = [held_out_loss(place) for place in (10.0, 8.0, 5.5, 7.0)]
    np.testing.assert_allclose(outcome.history.columns()["val_loss"], expected)


def test_a_start_that_nothing_beats_is_kept():
    outcome = trained([7.0, 8.0], start=5.0)
    assert (outcome.weights, outcome.best_epoch) == ({"place": 5.0}, 0)


def test_patience_ends_training():
    outcome = trained([5.0, 6.0, 6.0, 6.0, 5.0], patience=3)
    assert outcome.history.n_epochs == 4
    assert trained([5.0, 6.0, 6.0, 6.0, 5.0], patience=3, n_grace_epochs=2).history.n_epochs == 5


def test_an_improvement_below_min_delta_does_not_count_against_patience():
    assert trained([5.9, 5.8, 5.7, 5.6], patience=2, min_delta=1.0, start=6.0).history.n_epochs == 2


@pytest.mark.parametrize(("places", "kept", "epoch"), [([3.0, 2.0], 2.0, 2), ([8.0, 9.0], 5.0, 0)])
def test_without_rows_held_out_the_last_weights_are_kept_unless_they_are_worse(places, kept, epoch):
    outcome = trained(places, NONE, start=5.0)
    assert (outcome.weights["place"], outcome.best_epoch) == (kept, epoch)


def test_a_later_pass_keeps_its_weights_where_they_are_worse():
    assert trained([8.0], NONE, start=5.0, keep_start_if_better=False).weights == {"place": 8.0}


def test_a_loss_that_is_no_number_ends_training_with_its_epoch():
    with pytest.raises(Diverged) as caught:
        trained([5.0, np.nan, 5.0])
    assert caught.value.epoch == 2


def test_an_absurd_loss_of_the_last_weights_is_a_divergence():
    with pytest.raises(Diverged):
        trained([1e4], NONE, start=5.0, keep_start_if_better=False)


def test_an_interruption_keeps_what_was_best_so_far():
    outcome = trained([5.5, KeyboardInterrupt()], max_iter=5, keeps_interrupted=True)
    assert outcome.interrupted
    assert (outcome.weights, outcome.best_epoch) == ({"place": 5.5}, 1)
    assert outcome.history.n_epochs == 1


class InterruptedAtTheEnd(Hooks):
    def end(self):
        raise KeyboardInterrupt


def test_an_interruption_of_a_part_is_raised_and_so_is_a_second_one():
    with pytest.raises(KeyboardInterrupt):
        trained([5.5, KeyboardInterrupt()], max_iter=5)
    with pytest.raises(KeyboardInterrupt):
        trained([5.5], hooks=InterruptedAtTheEnd())
    both = {"hooks": InterruptedAtTheEnd(), "keeps_interrupted": True}
    assert trained([5.5], **both).interrupted
    with pytest.raises(KeyboardInterrupt):
        trained([5.5, KeyboardInterrupt()], max_iter=5, **both)


class Listener(Hooks):
    def __init__(self, stop_after=None, given=None):
        self.heard, self.stop_after, self.given = [], stop_after, given

    def begin(self, program):
        self.heard.append("begin")

    def epoch_begin(self, epoch):
        self.heard.append(f"epoch {epoch}")

    def epoch_end(self, epoch, logs, weights):
        self.heard.append((logs["val_loss"], weights()["place"]))
        return epoch == self.stop_after

    def end(self):
        self.heard.append("end")
        return self.given


def test_a_listener_hears_of_each_epoch_and_may_stop():
    listener = Listener(stop_after=2)
    trained([5.0, 6.0, 7.0], hooks=listener)
    told = [(held_out_loss(place), place) for place in (5.0, 6.0)]
    assert listener.heard == ["begin", "epoch 1", told[0], "epoch 2", told[1], "end"]


def test_weights_that_a_listener_chose_are_the_result():
    outcome = trained([5.0, 7.0], hooks=Listener(given=2))
    assert (outcome.weights, outcome.best_epoch) == ({"place": 7.0}, 2)
    assert outcome.best_loss == held_out_loss(7.0)


def test_a_departure_is_trained_from_and_the_start_is_to_be_beaten():
    data = Data(InMemory(), TRAINING, VALIDATION)
    start = Start({"place": 5.0}, 0, None, departure={"place": 100.0})
    program, plan = Walk([9.0]), Plan(1, 10, 0.0)
    outcome = run(program, data, start, plan, Hooks(), np.random.default_rng(0))
    # In training the error was that of the departure.
    assert outcome.history.columns()["loss"][1] == np.mean((ROWS[TRAINING] - 100.0) ** 2)
    assert outcome.weights == {"place": 5.0}


def test_a_schedule_counts_the_epochs_of_earlier_runs():
    start = Start({"place": 5.0}, 0, None, schedule=lambda epoch: {"t": epoch}, n_past_epochs=3)
    program, data = Walk([5.0, 5.0]), Data(InMemory(), TRAINING, VALIDATION)
    run(program, data, start, Plan(2, 10, 0.0), Hooks(), np.random.default_rng(0))
    assert program.scalars == [{"t": 4}, {"t": 5}]


def test_rows_of_no_weight_count_for_nothing():
    weight = np.array([3.0, 0.0, 1.0, 0.0])
    data = Data(InMemory(), TRAINING[:1], VALIDATION[:1], sample_weight=weight)
    program, start = Walk([4.0]), Start({"place": 1.0}, 0, None)
    history = run(program, data, start, Plan(1, 10, 0.0), Hooks(), np.random.default_rng(0)).history
    assert history.columns()["loss"][0] == 1.0
    assert history.columns()["val_loss"].tolist() == [9.0, 0.0]


class RatedWalk(Walk):
    """A walk that remembers the rate of every step."""

    rates: tuple = ()
    rate = np.float32(0.1)

    def learning_rate(self):
        return self.rate

    def set_learning_rate(self, rate):
        self.rate = np.float32(rate)

    def train(self, chunk, seed):
        self.rates = (*self.rates, float(self.rate))
        return super().train(chunk, seed)


def rated(places, **plan):
    program = RatedWalk(places)
    plan = Plan(**({"max_iter": len(places), "patience": 2, "min_delta": 0.0} | plan))
    start = Start({"place": 10.0}, seed=0, learning_rate=0.1)
    data, rng = Data(InMemory(), TRAINING, VALIDATION), np.random.default_rng(0)
    return program, run(program, data, start, plan, Hooks(), rng)


def test_an_annealed_rate_is_that_of_each_step():
    annealing = Annealing(peak=0.4, n_steps=5)
    program, _ = rated([9.0, 8.0, 7.0, 6.0, 5.0], patience=np.inf, annealing=annealing)
    assert program.rates == pytest.approx([annealing.rate(step) for step in range(5)], rel=1e-5)


def test_patience_that_runs_out_lowers_the_rate_and_goes_back_to_the_best():
    # The best is 6; then two epochs are worse, and the walk goes on.
    places = [8.0, 6.0, 9.0, 9.0, 5.5, 9.0, 9.0, 9.0]
    program, outcome = rated(places, n_reductions=1)
    assert program.rates == pytest.approx([0.1] * 4 + [0.02] * 3)
    assert (outcome.history.n_epochs, outcome.best_epoch) == (7, 5)
    # Judged before its step, the fifth epoch has the loss of the training rows at 6.
    fifth = outcome.history.columns()["loss"][5]
    assert fifth == pytest.approx(np.mean((ROWS[TRAINING] - 6.0) ** 2))
