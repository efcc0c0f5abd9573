"""Checks that Keras is there and can train in this process, which import nothing.

Keras chooses its backend when it is first imported, and with another than TensorFlow that import
alone may fail or take seconds: so the choice is foreseen here.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from skae.messages import lacking

_BACKEND = "tensorflow"
_NEEDED = ("keras", "tensorflow")


def check_installed() -> None:
    """Refuse an installation that only scores.

    Raises
    ------
    ImportError
        If Keras or TensorFlow is not installed.
    """
    absent = lacking(_NEEDED)
    if absent:
        what = f"{' and '.join(absent)}, which {'are' if len(absent) > 1 else 'is'} not installed"
        raise ImportError(
            "Fits, Keras models, and networks and activations of your own need "
            f'{what}; pip install "skae[train]". Other fitted estimators score without.'
        )


def check_process() -> None:
    """Refuse a process in which Keras cannot do what skae needs.

    Raises
    ------
    ImportError
        If Keras or TensorFlow is not installed.
    RuntimeError
        If Keras runs, or would run, on another backend than TensorFlow, or if eager execution is
        switched off.
    """
    check_installed()
    _check_backend(*_chosen_backend())
    tensorflow = _imported_tensorflow()
    if tensorflow is not None and not tensorflow.executing_eagerly():
        raise RuntimeError(
            "skae trains, and scores networks of your own, with TensorFlow's eager execution, "
            "which is switched off here: leave out tf.compat.v1.disable_eager_execution() (or "
            "disable_v2_behavior()), and do not call it inside a tf.Graph or a tf.function."
        )


def check_place() -> None:
    """Refuse scopes whose variables no program can use: of strategies, and Keras' stateless one.

    Raises
    ------
    RuntimeError
    """
    _check_scopes_of_keras()
    tensorflow = _imported_tensorflow()
    if tensorflow is None or not tensorflow.distribute.has_strategy():
        return
    strategy = type(tensorflow.distribute.get_strategy()).__name__
    raise RuntimeError(
        "skae trains, and scores networks of your own, on one device, but this is inside the "
        f"scope of a {strategy}: call it outside of strategy.scope()."
    )


def _check_scopes_of_keras() -> None:
    state: Any = sys.modules.get("keras.src.backend.common.global_state")
    if state is None:
        return
    scope = state.get_global_attribute("stateless_scope")
    if scope is not None and not getattr(scope, "is_left_by_fits", False):
        raise RuntimeError(
            "skae trains, and scores networks of your own, with variables that keep what they "
            "are given, but this is inside a keras.StatelessScope: call it outside."
        )
    if state.get_global_attribute("distribution") is not None:
        raise RuntimeError(
            "skae trains, and scores networks of your own, on one device, but a distribution is "
            "set: call keras.distribution.set_distribution(None) before, or leave it with its "
            "scope."
        )


def _imported_tensorflow() -> Any:
    tensorflow = sys.modules.get("tensorflow")
    # While another thread still imports it, nobody can have changed a setting.
    return tensorflow if hasattr(tensorflow, "executing_eagerly") else None


def _check_backend(backend: str, origin: str) -> None:
    if backend == _BACKEND:
        return
    raise RuntimeError(
        f"skae trains, and scores networks of your own, with Keras on TensorFlow, but {origin} "
        f"chooses {backend!r}: set the environment variable KERAS_BACKEND=tensorflow before Keras "
        "is first imported. Scoring of networks of skae works with any."
    )


def _chosen_backend() -> tuple[str, str]:
    """The backend that Keras runs on, or will, and where that is said."""
    keras: Any = sys.modules.get("keras")
    if hasattr(keras, "config") and hasattr(keras.config, "backend"):
        return keras.config.backend(), "Keras, which is imported already,"
    # As Keras itself reads it: an empty variable chooses nothing.
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"], "the environment variable KERAS_BACKEND"
    path = _settings_file()
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _BACKEND, "Keras"
    chosen = settings.get("backend", _BACKEND) if isinstance(settings, dict) else _BACKEND
    return chosen, f"the file {path}"


def _settings_file() -> Path:
    home = os.environ.get("KERAS_HOME")
    if home is not None:
        return Path(home).expanduser() / "keras.json"
    # Keras looks elsewhere if it cannot write to the user's home.
    own = Path("~").expanduser()
    return (own if os.access(own, os.W_OK) else Path("/tmp")) / ".keras" / "keras.json"
