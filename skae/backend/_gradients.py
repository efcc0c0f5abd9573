"""Gradients that a trace has registered, and nobody will ask for again.

Keras' optimizers sum gradients over devices, even of one, by a function with a gradient of its own.
TensorFlow keeps each of these in a table of the process, and with it the whole graph: about 3 MB of
every small architecture that was ever trained.
"""

import tensorflow as tf
from tensorflow.python.framework import ops

_MADE_FOR_ONE_GRAPH = b"CustomGradient-"


def forget_gradients(traced: tf.types.experimental.ConcreteFunction) -> None:
    """Remove a graph's own gradients from TensorFlow's table, so that it can be freed.

    Parameters
    ----------
    traced : ConcreteFunction
        That nobody will derive: its own gradients are taken inside.
    """
    graph = traced.graph.as_graph_def()
    nodes = [*graph.node, *(node for each in graph.library.function for node in each.node_def)]
    # A private table; without it nothing is wrong but memory.
    registered = getattr(getattr(ops, "gradient_registry", None), "_registry", {})
    for node in nodes:
        name = node.attr["_gradient_op_type"].s if "_gradient_op_type" in node.attr else b""
        if name.startswith(_MADE_FOR_ONE_GRAPH):
            registered.pop(name.decode(), None)
