"""Descriptions of parameters that differ where a network may have no code."""

OF_RESTORING = (
    (
        """n_components : int or float, default=2
    Size of the code.""",
        """n_components : int, float or "auto", default="auto"
    Size of the code; ``"auto"`` means 2, or no code where the network has none.""",
    ),
    (
        '"dense", "convolutional", "recurrent"}, callable or object, default="auto"',
        '"auto", "unet", "residual", "dense", "convolutional", "recurrent"}, callable or \\\n'
        '        object, default="auto"',
    ),
    (
        "What the hidden layers are. A callable",
        """What the hidden layers are. ``"unet"`` and ``"residual"`` have no code: ``"auto"`` means
    ``"unet"`` for a ``sample_shape`` of two to four axes, unless ``n_components`` asks for a code,
    and ``"dense"`` otherwise. A callable""",
    ),
    (
        '(depth, height, width, channels) for ``"convolutional"``,',
        """(depth, height, width, channels) for ``"convolutional"``, ``"unet"``, ``"residual"``,""",
    ),
    (
        """``"recurrent"``. ``()`` gives""",
        """``"recurrent"``, (16, 32, 64) for ``"unet"`` and (32, 32, 32) for ``"residual"``.
    ``()`` gives""",
    ),
    (
        '``"auto"`` means ``"gelu"``, and ``"tanh"`` in recurrent layers.',
        '``"auto"`` means ``"gelu"``, ``"tanh"`` in recurrent layers, ``"relu"`` without a code.',
    ),
)
