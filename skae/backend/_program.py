"""A network, an objective and an optimizer, compiled for one shape of batches.

This file and ``_random`` alone know TensorFlow; both are loaded on first use. Weights live in
variables of the program while it runs: load them, run chunks, take them back. Elementwise
optimizers see all weights as one flat vector: one update instead of one for every kernel and bias,
which makes tracing three times and small steps almost twice as fast.
"""

import functools
import math
from collections import namedtuple

import keras
import numpy as np
import tensorflow as tf

from skae.backend._averages import WeightAverages
from skae.backend._optimizers import rate_variable
from skae.backend._random import RandomDraws

_Update = namedtuple("_Update", ["terms", "weights", "rate"])
_UPDATE_ALL = _Update((), ("",), None)


class Program:
    """Compiled training and evaluation of one architecture.

    Parameters
    ----------
    spec : ProgramSpec
    built : KerasNetwork
        ``encoder``, ``decoder``, ``critic``, ``head`` and ``paths``; ``variables()`` and
        ``generators()``.
    error : callable
        ``error(keras.ops, target, output)``, the loss of each value.
    jacobian : callable
        ``jacobian(built, rows, gradient)``, the code and its Jacobian
        (n, n_components, n_features); ``gradient(function, x)`` is the derivative at x of the sum
        of what a function returns.
    """

    def __init__(self, spec, built, error, jacobian):
        self.spec, self.n_traces = spec, 0
        self._built, self._error, self._jacobian = built, error, jacobian
        self._updates = spec.objective.updates or (_UPDATE_ALL,)
        variables = built.variables()
        self._kept = {name: v for name, v in variables.items() if not v.trainable}
        self._generators = built.generators()
        trained = {name: v for name, v in variables.items() if v.trainable}
        is_flat = spec.optimizer.is_elementwise and not any(v.constraint for v in trained.values())
        self._groups = _group(trained, self._updates, is_flat)
        if spec.is_pruned:
            for group in self._groups:
                group.make_masks()
        self._optimizers = [
            spec.optimizer.build(self._variables_of(i)) for i in range(len(self._updates))
        ]
        self.optimizer = self._optimizers[0]
        self._fresh_optimizer = [v.numpy() for v in self._optimizer_variables()]
        self._starts_from_weights = False
        self._averages = self._new_averages()
        # Validation takes few steps: XLA would take longer to compile them than it ever saves.
        self._train = _compile(self._train_chunk, spec.tier)
        self._evaluate = _compile(
            self._evaluate_chunk, "eager" if spec.tier == "eager" else "graph"
        )
        self._scalars, self._training_scalars = {}, {}

    # Loading and taking back

    def load(
        self, weights, *, seed, learning_rate=None, scalars=None, optimizer_state=None, kept=None
    ):
        """Start from these weights, as if nothing had ever run here.

        Parameters
        ----------
        weights : dict of ndarray
        seed : int
            Of everything random inside the network.
        learning_rate : float or None
            None for a schedule, which is part of the program.
        scalars : dict of float, optional
        optimizer_state : list of ndarray, optional
            As ``optimizer_state()`` returned it; fresh by default.
        kept : dict of ndarray, optional
            For a program whose ``spec.is_pruned``: 1 for each weight that is trained, 0 for each
            that stays zero.
        """
        self.set_weights(weights)
        if self.spec.is_pruned:
            for group in self._groups:
                group.assign_mask(kept)
        self._load_optimizers(optimizer_state)
        if learning_rate is not None:
            for optimizer in self._optimizers:
                optimizer.learning_rate = learning_rate
        for i, variable in enumerate(self._generators):
            variable.assign(np.array([seed % 2**32, i], np.uint32))
        self._scalars = _tensors(scalars or {})
        self._training_scalars = self._scalars

    def _load_optimizers(self, state):
        variables = self._optimizer_variables()
        self._starts_from_weights = state is None and not self.spec.optimizer.is_elementwise
        values = self._fresh_optimizer if state is None else state[: len(variables)]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        if state is not None:
            self._averages.resume(state[len(variables) :])

    def _start_from_weights(self):
        """Start optimizers anew whose state may begin with the weights, as they now are."""
        self._starts_from_weights = False
        for i, optimizer in enumerate(self._optimizers):
            fresh = self.spec.optimizer.build(self._variables_of(i))
            rate = rate_variable(optimizer)
            for variable, new in zip(optimizer.variables, fresh.variables, strict=True):
                if variable is not rate:
                    variable.assign(new.value)

    def _new_averages(self):
        if not self.spec.optimizer.averages:
            return WeightAverages(None, [])
        if len(self._updates) > 1:
            raise ValueError(
                "use_ema=True averages the weights of one optimizer, but this estimator changes "
                f"its weights by {len(self._updates)} of them in turn. Set use_ema=False."
            )
        return WeightAverages(self.optimizer, self._variables_of(0))

    def _judge_averages(self):
        if self._averages.to_judge() and self.spec.is_pruned:
            for group in self._groups:
                group.prune()

    def set_training_scalars(self, scalars):
        """Replace some scalars in training, and not in evaluation, until the next ``load``."""
        self._training_scalars = {**self._scalars, **_tensors(scalars)}

    def set_weights(self, weights):
        """Replace the weights, and nothing else."""
        self._averages.forget()
        for group in self._groups:
            group.assign(weights)
        for name, variable in self._kept.items():
            variable.assign(weights[name])

    def weights(self):
        """A copy of the weights, by name; of their averages, where the optimizer keeps those."""
        self._judge_averages()
        arrays = {name: v.numpy().copy() for name, v in self._kept.items()}
        for group in self._groups:
            arrays |= group.arrays()
        return arrays

    def optimizer_state(self):
        """A copy of the optimizers' variables, and of weights that averages stand in for."""
        self._judge_averages()
        own = [v.numpy().copy() for v in self._optimizer_variables()]
        return own + self._averages.state()

    def second_moments(self):
        """Mean squared gradient of every trained weight, by name, as Adam keeps it.

        Raises
        ------
        ValueError
            For an optimizer that keeps none.
        """
        arrays = {}
        for group in self._groups:
            i = min(group.updates)
            trained = [variable for each in self._groups_of(i) for variable in each.variables]
            kept = [v for v in self._optimizers[i].variables if v.path.endswith("velocity")]
            moments = {id(v): moment for v, moment in zip(trained, kept, strict=True)}
            arrays |= group.named([moments[id(v)].numpy() for v in group.variables])
        return arrays

    def _optimizer_variables(self):
        return [v for optimizer in self._optimizers for v in optimizer.variables]

    # Running

    def stage(self, chunk):
        """A chunk as tensors, worth keeping for rows that are used again unchanged."""
        return (
            tf.constant(chunk.rows),
            None if chunk.targets is None else tf.constant(chunk.targets),
            None if chunk.labels is None else tf.constant(chunk.labels),
            tf.constant(chunk.weights),
            tf.constant(chunk.n_steps, tf.int32),
        )

    def train(self, staged, seed):
        """One step for every batch of a chunk; returns sums over rows, a value a term."""
        self._averages.to_train()
        if self._starts_from_weights:
            self._start_from_weights()
        for optimizer in self._optimizers[1:]:
            # A callback changes the rate of the first.
            if not self.spec.optimizer.has_schedule:
                optimizer.learning_rate = rate_variable(self.optimizer).numpy()
        seed = tf.constant([seed % 2**31, 0], tf.int32)
        return self._train(*staged, self._training_scalars, seed).numpy()

    def evaluate(self, staged, n_draws=1):
        """Sums over the rows of a chunk, a value a term, without training.

        Means of ``n_draws`` of what is random in the objective. They are the same at every call,
        so that weights can be compared. Averages of the weights are judged where the optimizer
        keeps them.
        """
        self._judge_averages()
        if self.spec.tier == "eager" and n_draws > 1:
            # Here a call costs by its operations, hardly by its rows.
            rows, targets, labels, weights, n_steps = staged
            repeated = (_repeat(tensor, n_draws) for tensor in (rows, targets, labels, weights))
            sums = self._evaluate(*repeated, n_steps, self._scalars, tf.constant(1))
        else:
            sums = self._evaluate(*staged, self._scalars, tf.constant(n_draws))
        return sums.numpy() / n_draws

    # What is compiled

    def _train_chunk(self, rows, targets, labels, weights, n_steps, scalars, seed):
        self.n_traces += 1
        batches = (rows, targets, labels, weights)

        def run(step):
            batch = _batch(batches, step)
            return self._train_batch(batch, scalars, tf.stack([seed[0], step]))

        return self._sum_over(n_steps, run)

    def _evaluate_chunk(self, rows, targets, labels, weights, n_steps, scalars, n_draws):
        self.n_traces += 1
        batches = (rows, targets, labels, weights)

        def run(step):
            seed = tf.stack([step // n_steps, step % n_steps])
            return self._evaluate_batch(_batch(batches, step % n_steps), scalars, seed)

        return self._sum_over(n_draws * n_steps, run)

    def _sum_over(self, n_steps, run):
        start = (tf.constant(0), tf.zeros(len(self.spec.objective.terms)))
        return tf.while_loop(
            lambda step, _: step < n_steps, lambda step, sums: (step + 1, sums + run(step)), start
        )[1]

    def _train_batch(self, batch, scalars, seed):
        """All updates of a step, one after the other; a term is reported as its update saw it."""
        reported = {}
        for i, update in enumerate(self._updates):
            terms = self._update(i, update, batch, scalars, seed)
            reported |= {n: v for n, v in terms.items() if n in update.terms or n not in reported}
        return self._sums(reported, batch["weights"])

    def _update(self, i, update, batch, scalars, seed):
        groups = self._groups_of(i)
        changed = [group.tensors() for group in groups]
        others = [group.tensors() for group in self._groups if group not in groups]
        watched = [tensor for tensors in changed for tensor in tensors.values()]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            tensors = {k: v for part in (*changed, *others) for k, v in part.items()}
            terms, states = self._terms(tensors, batch, scalars, seed, training=True)
            loss = self._mean_loss(terms, batch["weights"], scalars, update.terms)
            loss = self._optimizers[i].scale_loss(loss)
        gradients = iter(tape.gradient(loss, watched, unconnected_gradients="zero"))
        pairs = [pair for group in groups for pair in group.gradients(gradients)]
        before = [tf.convert_to_tensor(variable.value) for _, variable in pairs]
        self._optimizers[i].apply(*zip(*pairs, strict=True))
        if update.rate is not None:
            for old, (_, variable) in zip(before, pairs, strict=True):
                variable.assign(old + scalars[update.rate] * (variable.value - old))
        if self.spec.is_pruned:
            for group in groups:
                group.prune()
        for variable, value in states:
            variable.assign(value)
        return terms

    def _variables_of(self, i):
        return [variable for group in self._groups_of(i) for variable in group.variables]

    def _groups_of(self, i):
        return [group for group in self._groups if i in group.updates]

    def _evaluate_batch(self, batch, scalars, seed):
        tensors = {k: v for group in self._groups for k, v in group.tensors().items()}
        terms, _ = self._terms(tensors, batch, scalars, seed, training=False)
        return self._sums(terms, batch["weights"])

    def _terms(self, tensors, batch, scalars, seed, *, training):
        trained = {name: v for group in self._groups for name, v in group.members.items()}
        mapping = [(trained[name], tensor) for name, tensor in tensors.items()]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            network = _Network(self, training)
            terms = self.spec.objective.function(network, batch, scalars, RandomDraws(seed))
        states = [*self._generators, *self._kept.values()]
        changed = ((v, scope.get_current_value(v)) for v in states)
        return terms, [(v, value) for v, value in changed if value is not None]

    def _mean_loss(self, terms, weights, scalars, names):
        total = self.spec.objective.total(terms, scalars, names)
        return tf.reduce_sum(total * weights) / tf.maximum(tf.reduce_sum(weights), 1e-30)

    def _sums(self, terms, weights):
        # A padded row may be anything, infinity included: leave it out rather than multiply it.
        return tf.stack(
            [
                tf.reduce_sum(tf.where(weights > 0, terms[name] * weights, 0.0))
                for name in self.spec.objective.terms
            ]
        )


def _gradient(function, x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, unconnected_gradients="zero")


class _Network:
    """What an objective sees of a network."""

    ops = keras.ops
    gradient = staticmethod(_gradient)

    def __init__(self, program, training):
        self._program, self._built, self._training = program, program._built, training
        self.masks_missing = program.spec.masks_missing

    def at_rest(self):
        """The same as it is when it scores: without dropout, with its own means of batches."""
        return _Network(self._program, training=False)

    def encode(self, rows):
        return self._built.encoder(rows, training=self._training)

    def encode_distribution(self, rows):
        return keras.ops.split(self.encode(rows), 2, axis=-1)

    def encode_with_jacobian(self, rows):
        return self._program._jacobian(self._built, rows, _gradient)

    def decode(self, code):
        return self._built.decoder(code, training=self._training)

    def error(self, target, output):
        """Loss of each row: the mean over the features that have a value."""
        ops, error = keras.ops, self._program._error
        if not self.masks_missing:
            return ops.mean(error(ops, target, output), axis=-1)
        is_missing = ops.isnan(target)
        errors = error(ops, ops.where(is_missing, 0.0, target), output)
        n_present = ops.sum(ops.cast(ops.logical_not(is_missing), errors.dtype), axis=-1)
        return ops.sum(ops.where(is_missing, 0.0, errors), axis=-1) / ops.maximum(n_present, 1.0)

    def code(self, rows):
        """Code of rows; of a distribution, its mean."""
        return self.encode(rows)[:, : self._program.spec.network.n_components]

    def predict(self, code):
        return self._built.head(code, training=self._training)

    def log_noise_variance(self):
        return keras.ops.convert_to_tensor(self._built.noise)

    def criticise(self, code):
        return self._built.critic(code, training=self._training)[:, 0]

    def block(self, half, i, inputs, masked_as=None):
        """One block of a nonlinear path; ``masked_as`` has the mask that ``inputs`` may lack."""
        mask = getattr(masked_as, "_keras_mask", None)
        if mask is not None:
            inputs._keras_mask = mask
        path = self._built.paths[0 if half == "encoder" else 1]
        if half == "decoder":
            # A tensor without the mask that an encoder's block leaves on its own.
            inputs = tf.identity(inputs)
        return path.blocks[i](inputs, training=self._training)


class _Group:
    """Weights that the same updates change; flat, they are one variable.

    Parameters
    ----------
    members : dict of keras.Variable
    updates : frozenset of int
    is_flat : bool
    """

    def __init__(self, members, updates, is_flat):
        self.members, self.updates = members, updates
        self._shapes = {name: tuple(v.shape) for name, v in members.items()}
        self._sizes = [math.prod(shape) for shape in self._shapes.values()]
        self._is_flat = is_flat and len(members) > 1
        self.variables = list(members.values())
        if self._is_flat:
            flat = np.zeros(sum(self._sizes), np.float32)
            self.variables = [keras.Variable(flat, dtype="float32", name="weights")]

    def assign(self, weights):
        self._assign(self.variables, weights)

    def _assign(self, variables, weights):
        arrays = [weights[name] for name in self.members]
        if self._is_flat:
            arrays = [np.concatenate([array.ravel() for array in arrays])]
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    def make_masks(self):
        """Variables that say which weights stay zero."""
        self._masks = [keras.Variable(v.numpy(), dtype="float32") for v in self.variables]

    def assign_mask(self, kept):
        self._assign(self._masks, kept)

    def prune(self):
        for variable, mask in zip(self.variables, self._masks, strict=True):
            variable.assign(variable.value * mask.value)

    def arrays(self):
        return self.named([variable.numpy() for variable in self.variables])

    def named(self, arrays):
        """What the variables hold, or something of their shapes, by the names of the members."""
        if self._is_flat:
            arrays = np.split(arrays[0], np.cumsum(self._sizes)[:-1])
        shaped = zip(self._shapes.items(), arrays, strict=True)
        return {name: array.reshape(shape).copy() for (name, shape), array in shaped}

    def tensors(self):
        if not self._is_flat:
            values = [tf.convert_to_tensor(variable.value) for variable in self.variables]
            return dict(zip(self.members, values, strict=True))
        parts = tf.split(self.variables[0].value, self._sizes)
        shaped = zip(self._shapes.items(), parts, strict=True)
        return {name: tf.reshape(part, shape) for (name, shape), part in shaped}

    def gradients(self, gradients):
        """Pairs of a gradient and its variable, taken from an iterator over the members'."""
        own = [next(gradients) for _ in self.members]
        if self._is_flat:
            own = [tf.concat([tf.reshape(gradient, [-1]) for gradient in own], 0)]
        return list(zip(own, self.variables, strict=True))


def _group(trained, updates, is_flat):
    """Weights by which updates change them, in the order of the weights."""
    members = {}
    for name, variable in trained.items():
        changing = (i for i, update in enumerate(updates) if name.startswith(update.weights))
        changing = frozenset(changing)
        members.setdefault(changing, {})[name] = variable
    return [_Group(named, changing, is_flat) for changing, named in members.items()]


def _batch(batches, step):
    rows, targets, labels, weights = batches
    return {
        "rows": rows[step],
        "targets": (rows if targets is None else targets)[step],
        "labels": None if labels is None else labels[step],
        "weights": weights[step],
    }


def _repeat(batches, n_times):
    """Batches that have all their rows so many times."""
    return None if batches is None else tf.concat([batches] * n_times, axis=1)


def _tensors(scalars):
    return {name: tf.constant(value, tf.float32) for name, value in scalars.items()}


def _compile(function, tier):
    return function if tier == "eager" else _Compiled(function, is_xla=tier == "xla")


class _Compiled:
    """A function of tensors, dictionaries of them and None, traced once for each of their shapes.

    ``tf.function`` would do by itself, but looks at its arguments for as long as a tiny epoch
    takes to compute.
    """

    def __init__(self, function, is_xla):
        # Wrapped anew, or TensorFlow takes the programs of many architectures for one that is
        # retraced over and over, and warns.
        function = functools.partial(function)
        self._function = tf.function(function, jit_compile=is_xla, autograph=False)
        self._traced = {}

    def __call__(self, *arguments):
        signature = tuple(map(_signature, arguments))
        traced = self._traced.get(signature)
        if traced is None:
            traced = self._traced[signature] = self._function.get_concrete_function(*arguments)
        return traced(*arguments)


def _signature(argument):
    """What the trace of a function depends on in an argument."""
    if isinstance(argument, dict):
        return tuple((name, _signature(argument[name])) for name in sorted(argument))
    return None if argument is None else (tuple(argument.shape), argument.dtype)
