"""How the weights of a network are called: a layer, then what it holds.

A network has two halves, ``"encoder"`` and ``"decoder"``, and perhaps readers of the code, a
critic and a head. Names begin with the layer, so that a beginning stands for some of the weights.
"""

# Beginnings that stand for all weights of a part.
ENCODER, DECODER, CRITIC, HEAD = "encoder_", "decoder_", "critic_", "head_"
# The only weight of no layer: log variances of the rows around the output.
NOISE = "noise/log_variance"
# The floor of those of features; not trained.
LEAST_NOISE = "noise/least"
# What the decoder's outputs are multiplied by; not trained.
OUTPUT_UNITS = "outputs/unit"
# Beginning of the weights of a learned distribution of the code.
PRIOR = "prior/"
# How much each column of a table counts; not trained.
COLUMN_WEIGHTS = "columns/weight"
# Below these a unit of a sparse code is zero: logarithms, trained, one a unit; one for all units,
# learned from batches.
LOG_THRESHOLDS, THRESHOLD = "jump_relu/log_threshold", "keep_largest_of_batch/threshold"
# Rows that each unit of a sparse code has been zero for; not trained.
IDLE = "idle_units/idle"


def hidden(part: str, i: int) -> str:
    """The hidden layer of this place in a part, counted from 1 in the direction of the data."""
    return f"{part}_hidden_{i}"


def linear(half: str) -> str:
    """The linear path of a half."""
    return f"{half}_linear"


def nonlinear(half: str) -> str:
    """The last layer of the nonlinear path of a half."""
    return f"{half}_nonlinear"


def output(part: str) -> str:
    """The last layer of a reader of the code."""
    return f"{part}_output"


def class_hidden(half: str) -> str:
    """What a class adds to the first hidden layer of a half, before its activation."""
    return f"{half}_class_hidden"


def class_linear(half: str) -> str:
    """What a class adds to the linear path of a half."""
    return f"{half}_class_linear"


def kernel(layer: str) -> str:
    """The weight by which a layer multiplies its inputs."""
    return f"{layer}/kernel"


def bias(layer: str) -> str:
    """The weight that a layer adds."""
    return f"{layer}/bias"


def all_of(layer: str) -> str:
    """Beginning of the names of all weights of a layer, and of no other."""
    return f"{layer}/"


def is_bias(name: str) -> bool:
    """Whether a weight is added; a recurrent unit's bias may have two axes."""
    return name.endswith("bias")


def is_exact(name: str) -> bool:
    """Whether a weight keeps all its bits: what is added, and what the prior has learned."""
    return is_bias(name) or name.startswith(PRIOR)


def is_hidden_bias(name: str) -> bool:
    """Whether a weight is the bias of a hidden layer of the encoder or the decoder."""
    return "coder_hidden_" in name and name.endswith("/bias")
