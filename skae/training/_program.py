"""A network, an objective and an optimizer, compiled for one shape of batches.

This file and ``_random`` alone know TensorFlow; both are loaded on first use. Weights live in
variables of the program while it runs: load them, run chunks, take them back. Elementwise
optimizers see all weights as one flat vector: one update instead of one for every kernel and bias,
which makes tracing three times and small steps almost twice as fast.
"""

import functools
import json
import math
from collections import namedtuple

import keras
import numpy as np
import tensorflow as tf

from skae.training._random import RandomDraws

_ELEMENTWISE = (
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "RMSprop",
    "SGD",
)

_Network = namedtuple("_Network", ["ops", "encode", "decode", "error", "encode_with_jacobian"])


class Program:
    """Compiled training and evaluation of one architecture.

    Parameters
    ----------
    spec : ProgramSpec
    encoder, decoder : keras.Model
    error : callable
        ``error(keras.ops, target, output)``, one value a row.
    jacobian : callable
        ``jacobian(encoder, rows, slope)``, the code and its Jacobian (n, n_components, n_features);
        ``slope(function, x)`` is the derivative of an elementwise function.
    """

    def __init__(self, spec, encoder, decoder, error, jacobian):
        self.spec = spec
        self.n_traces = 0
        self._models, self._error = (encoder, decoder), error
        self._jacobian = functools.partial(jacobian, slope=_slope)
        self._trainable = [v for model in self._models for v in model.trainable_variables]
        self._state = [v for model in self._models for v in model.non_trainable_variables]
        self._names = [v.path for v in self._trainable]
        self._shapes = [tuple(v.shape) for v in self._trainable]
        self._sizes = [math.prod(shape) for shape in self._shapes]
        self.optimizer = optimizer_from_json(spec.optimizer)
        self._blocks = self._make_blocks()
        self.optimizer.build(self._blocks)
        self._fresh_optimizer = [v.numpy() for v in self.optimizer.variables]
        # Validation takes few steps: XLA would take longer to compile them than it ever saves.
        self._train = _compile(self._train_chunk, spec.tier)
        self._evaluate = _compile(
            self._evaluate_chunk, "eager" if spec.tier == "eager" else "graph"
        )
        self._scalars = {}

    # Loading and taking back

    def load(self, weights, *, seed, learning_rate=None, scalars=None, optimizer_state=None):
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
        """
        self.set_weights(weights)
        for variable, value in zip(
            self.optimizer.variables, optimizer_state or self._fresh_optimizer, strict=True
        ):
            variable.assign(value)
        if learning_rate is not None:
            self.optimizer.learning_rate = learning_rate
        for i, variable in enumerate(self._state):
            if variable.path.endswith("seed_generator_state"):
                variable.assign(np.array([seed % 2**32, i], np.uint32))
        self._scalars = {name: tf.constant(v, tf.float32) for name, v in (scalars or {}).items()}

    def set_weights(self, weights):
        """Replace the trained weights, and nothing else."""
        arrays = [weights[name] for name in self._names]
        if self._is_flat:
            arrays = [np.concatenate([array.ravel() for array in arrays])]
        for block, array in zip(self._blocks, arrays, strict=True):
            block.assign(array)

    def weights(self):
        """A copy of the trained weights, by name."""
        arrays = [block.numpy() for block in self._blocks]
        if self._is_flat:
            arrays = np.split(arrays[0], np.cumsum(self._sizes)[:-1])
        shaped = (a.reshape(s) for a, s in zip(arrays, self._shapes, strict=True))
        return {name: array.copy() for name, array in zip(self._names, shaped, strict=True)}

    def optimizer_state(self):
        """A copy of the optimizer's variables."""
        return [v.numpy().copy() for v in self.optimizer.variables]

    # Running

    def stage(self, chunk):
        """A chunk as tensors, worth keeping for rows that are used again unchanged."""
        return (
            tf.constant(chunk.rows),
            None if chunk.targets is None else tf.constant(chunk.targets),
            tf.constant(chunk.weights),
            tf.constant(chunk.n_steps, tf.int32),
        )

    def train(self, staged, seed):
        """One update for every batch of a chunk; returns sums over rows, a value a term."""
        seed = tf.constant([seed % 2**31, 0], tf.int32)
        return self._train(*staged, self._scalars, seed).numpy()

    def evaluate(self, staged):
        """Sums over the rows of a chunk, a value a term, without training."""
        seed = tf.constant([0, 0], tf.int32)
        return self._evaluate(*staged, self._scalars, seed).numpy()

    # What is compiled

    @property
    def _is_flat(self):
        return len(self._blocks) == 1 and len(self._shapes) > 1

    def _make_blocks(self):
        optimizer = self.optimizer
        if type(optimizer).__name__ not in _ELEMENTWISE or optimizer.clipnorm is not None:
            return self._trainable
        flat = np.zeros(sum(self._sizes), np.float32)
        return [keras.Variable(flat, dtype="float32", name="weights")]

    def _train_chunk(self, rows, targets, weights, n_steps, scalars, seed):
        self.n_traces += 1
        return self._loop(self._train_batch, rows, targets, weights, n_steps, scalars, seed)

    def _evaluate_chunk(self, rows, targets, weights, n_steps, scalars, seed):
        self.n_traces += 1
        return self._loop(self._evaluate_batch, rows, targets, weights, n_steps, scalars, seed)

    def _loop(self, run_batch, rows, targets, weights, n_steps, scalars, seed):
        def body(step, sums):
            batch = {
                "rows": rows[step],
                "targets": (rows if targets is None else targets)[step],
                "weights": weights[step],
            }
            return step + 1, sums + run_batch(batch, scalars, tf.stack([seed[0], step]))

        start = (tf.constant(0), tf.zeros(len(self.spec.objective.terms)))
        return tf.while_loop(lambda step, _: step < n_steps, body, start)[1]

    def _train_batch(self, batch, scalars, seed):
        tensors = self._weight_tensors()
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensors)
            terms, updates = self._terms(tensors, batch, scalars, seed, training=True)
            loss = self._mean_loss(terms, batch["weights"], scalars)
        gradients = tape.gradient(loss, tensors, unconnected_gradients="zero")
        if self._is_flat:
            gradients = [tf.concat([tf.reshape(g, [-1]) for g in gradients], 0)]
        self.optimizer.apply(gradients, self._blocks)
        for variable, value in updates:
            variable.assign(value)
        return self._sums(terms, batch["weights"])

    def _evaluate_batch(self, batch, scalars, seed):
        terms, _ = self._terms(self._weight_tensors(), batch, scalars, seed, training=False)
        return self._sums(terms, batch["weights"])

    def _weight_tensors(self):
        if not self._is_flat:
            return [tf.convert_to_tensor(block.value) for block in self._blocks]
        parts = tf.split(self._blocks[0].value, self._sizes)
        return [tf.reshape(p, s) for p, s in zip(parts, self._shapes, strict=True)]

    def _terms(self, tensors, batch, scalars, seed, *, training):
        mapping = list(zip(self._trainable, tensors, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            network = self._network(training)
            terms = self.spec.objective.function(network, batch, scalars, RandomDraws(seed))
        changed = ((v, scope.get_current_value(v)) for v in self._state)
        return terms, [(v, value) for v, value in changed if value is not None]

    def _network(self, training):
        encoder, decoder = self._models
        return _Network(
            keras.ops,
            lambda rows: encoder(rows, training=training),
            lambda code: decoder(code, training=training),
            lambda target, output: self._error(keras.ops, target, output),
            lambda rows: self._jacobian(encoder, rows),
        )

    def _mean_loss(self, terms, weights, scalars):
        strengths = dict(self.spec.objective.strengths)
        total = sum(
            value * scalars[strengths[name]] if name in strengths else value
            for name, value in terms.items()
        )
        return tf.reduce_sum(total * weights) / tf.maximum(tf.reduce_sum(weights), 1e-30)

    def _sums(self, terms, weights):
        # A padded row may be anything, infinity included: leave it out rather than multiply it.
        return tf.stack(
            [
                tf.reduce_sum(tf.where(weights > 0, terms[name] * weights, 0.0))
                for name in self.spec.objective.terms
            ]
        )


def _slope(function, x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, unconnected_gradients="zero")


def _compile(function, tier):
    if tier == "eager":
        return function
    return tf.function(function, jit_compile=tier == "xla", autograph=False)


def optimizer_to_json(optimizer, learning_rate):
    """Configuration of an optimizer and its learning rate.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or None
        None for the optimizer's own.

    Returns
    -------
    configuration : str
        JSON, without the learning rate unless that is a schedule.
    learning_rate : float or None
        None for a schedule.
    """
    serialized = keras.optimizers.serialize(keras.optimizers.get(optimizer))
    config = serialized["config"]
    config.pop("name", None)
    if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        config["learning_rate"] = keras.optimizers.schedules.serialize(learning_rate)
    elif learning_rate is not None:
        config["learning_rate"] = learning_rate
    own = config["learning_rate"]
    if isinstance(own, dict):
        return json.dumps(serialized, sort_keys=True), None
    del config["learning_rate"]
    return json.dumps(serialized, sort_keys=True), float(own)


def optimizer_from_json(configuration):
    """A new optimizer of this configuration."""
    return keras.optimizers.deserialize(json.loads(configuration))
