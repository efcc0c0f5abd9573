"""Decision trees, whose compiled code follows the numbers of nodes without a look at them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

TREE = "sklearn.tree._tree.Tree"
_NO_CHILD = -1


def check_tree(arguments: Sequence[Any], state: Mapping[str, Any]) -> None:
    """Refuse a tree whose nodes lead out of it, or back.

    Parameters
    ----------
    arguments : list
        Numbers of features, classes and outputs.
    state : dict
        As the tree would be given it, which checks types and shapes itself.

    Raises
    ------
    ValueError
    """
    n_features, n_classes, n_outputs = arguments
    nodes, values, n_nodes = state["nodes"], state["values"], state["node_count"]
    places = np.arange(n_nodes)
    left, right, feature = (nodes[name] for name in ("left_child", "right_child", "feature"))
    is_leaf = left == _NO_CHILD
    is_sound = (
        nodes.shape == (n_nodes,)
        and n_nodes > 0
        and np.array_equal(is_leaf, right == _NO_CHILD)
        # Children follow their parents: no way leads back.
        and np.all(is_leaf | ((left > places) & (left < n_nodes)))
        and np.all(is_leaf | ((right > places) & (right < n_nodes)))
        and np.all(is_leaf | ((feature >= 0) & (feature < n_features)))
        and np.shape(n_classes) == (n_outputs,)
        and values.shape == (n_nodes, n_outputs, int(np.max(n_classes)))
    )
    if not is_sound:
        raise ValueError("the nodes of a decision tree do not fit each other")
