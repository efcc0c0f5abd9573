"""Compiled functions find the tensors of their arguments by place."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from skae.backend._compiled import compile_function
from skae.backend._traces import Traces


@pytest.fixture
def compiled():
    """A function of tensors, None and a dictionary, times a variable that it captures."""
    variable = keras.Variable(2.0)

    def combined(first, second, named):
        first = first if second is None else first - second
        return variable * (first + 10.0 * named["a"] + 100.0 * named["b"])

    return compile_function(combined, "graph", [variable], Traces())


def of(*numbers):
    return [tf.constant(float(number)) for number in numbers]


def test_tensors_of_later_calls_take_the_places_of_the_first(compiled):
    for numbers in ((1, 2, 3, 4), (5, 6, 7, 8)):
        first, second, a, b = of(*numbers)
        found = compiled(first, second, {"a": a, "b": b}).numpy()
        assert found == 2 * (numbers[0] - numbers[1] + 10 * numbers[2] + 100 * numbers[3])


def test_keys_of_a_dictionary_may_come_in_another_order(compiled):
    for order in ("ab", "ba"):
        first, a, b = of(1, 2, 3)
        named = {"a": a, "b": b}
        assert compiled(first, None, {key: named[key] for key in order}).numpy() == 642


def test_one_tensor_may_come_twice_and_others_later(compiled):
    (one,) = of(1)
    assert compiled(one, one, {"a": one, "b": one}).numpy() == 220
    first, second, a, b = of(1, 2, 3, 4)
    assert compiled(first, second, {"a": a, "b": b}).numpy() == 858


def test_what_is_no_tensor_yet_becomes_one(compiled):
    one = np.float32(1)
    for _ in range(2):
        assert compiled(one, None, {"a": one, "b": one}).numpy() == 222


def test_another_shape_is_traced_anew(compiled):
    first, a, b = of(1, 2, 3)
    assert compiled(first, None, {"a": a, "b": b}).numpy() == 642
    several = compiled(tf.constant([1.0, 2.0]), None, {"a": a, "b": b})
    np.testing.assert_array_equal(several, [642, 644])
