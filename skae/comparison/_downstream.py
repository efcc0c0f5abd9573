"""What codes tell about a target that reducers have not seen, in sentences."""

from typing import NamedTuple

from skae.comparison._judgement import Judgement
from skae.comparison._phrases import components


class _Model(NamedTuple):
    """What learns the target from codes, and what it is scored by."""

    who: str
    does: str
    score: str
    what: str


# Whoever reads a table of three digits sees a hundredth.
_VISIBLE = 0.01
# By metric.
_MODELS = {
    "accuracy": _Model(
        "nearest neighbours", "tell the classes apart", "accuracy", "classes matter"
    ),
    "target_auroc": _Model(
        "a logistic regression", "tells the classes apart", "AUROC", "classes matter"
    ),
    "target_r2": _Model("a ridge regression", "predicts the target", "R²", "target matters"),
}


def tells_of_target(judged: Judgement, leader: str, j: int) -> list[str]:
    """Say whether the score of the target agrees with what is explained."""
    metric = _metric(judged)
    if metric is None:
        return []
    model = _MODELS[metric]
    both = [f"{judged.mean(name, j, metric):.2f}" for name in (leader, judged.pca)]
    numbers = f"{model.score} {both[0]} against {both[1]} of {judged.pca}"
    start = f"{_capitalised(model.who)} in the code of {leader} {model.does}"
    if judged.is_clear(judged.pca, leader, j, metric):
        return [f"{start} less well: {numbers}. Where the {model.what}, prefer {judged.pca}."]
    if judged.is_clear(leader, judged.pca, j, metric):
        return [f"{start} better: {numbers}."]
    is_less = judged.gain(leader, judged.pca, j, metric) <= -_VISIBLE
    return [f"{start} {'slightly less' if is_less else 'about as'} well: {numbers}."]


def tells_less(judged: Judgement, leader: str, j: int) -> str:
    """Return how a sentence goes on about codes that tell less of the target, else nothing."""
    metric = _metric(judged)
    if metric is None or judged.gain(leader, judged.pca, j, metric) > -_VISIBLE:
        return ""
    ours, theirs = (f"{judged.mean(name, j, metric):.3f}" for name in (leader, judged.pca))
    return (
        f"; its codes tell less of the target ({_MODELS[metric].score} {ours}, "
        f"{judged.pca} {theirs})"
    )


def better_elsewhere(judged: Judgement) -> list[str]:
    """Say where the baseline explains enough and yet tells less of the target than another."""
    metric = _metric(judged)
    if metric is None:
        return []
    model = _MODELS[metric]
    found = [
        (judged.gain(name, judged.pca, j, metric), name, j)
        for name in judged.names
        for j in judged.places
        if judged.is_clear(name, judged.pca, j, metric)
    ]
    if not found:
        return []
    _, name, j = max(found)
    both = [f"{judged.mean(each, j, metric):.2f}" for each in (name, judged.pca)]
    return [
        f"But with {components(judged.sizes[j])}, {model.who} in the code of {name} {model.does} "
        f"better: {model.score} {both[0]} against {both[1]} of {judged.pca}."
    ]


def _metric(judged: Judgement) -> str | None:
    return next((metric for metric in _MODELS if metric in judged.scores), None)


def _capitalised(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
