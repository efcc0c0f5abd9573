"""What to do about a comparison, in plain sentences: which reducer to take, or that PCA is enough.

A pure function of a `Comparison`; the rules are those of `Judgement`.
"""

from typing import TYPE_CHECKING

from skae.comparison._downstream import better_elsewhere, tells_less, tells_of_target
from skae.comparison._judgement import MARGIN, OF_TABLES, Judgement
from skae.comparison._phrases import components, duration, listed, points, share, times

if TYPE_CHECKING:
    from skae.comparison._comparison import Comparison


NOTHING, MUCH = 0.02, 0.5  # shares of variance explained
FASTER = 2  # times of fits of a millisecond vary by less
LINEAR = {"PCA", "FastICA", "NMF", "TruncatedSVD"}


def recommend(comparison: "Comparison") -> list[str]:
    """Say which reducer to take with how many components, or that PCA is enough.

    Parameters
    ----------
    comparison : Comparison
        The scores.

    Returns
    -------
    sentences : list of str
        The advice, then what to mind.
    """
    judged = Judgement(comparison)
    if judged.best() < NOTHING:
        return [_nothing_explained(), *_few_folds(judged)]
    if len(judged.names) == 1:
        advice = _nothing_to_choose(judged)
    elif judged.baseline is None:
        advice = _without_pca(judged)
    elif judged.gains_places():
        advice = _another(judged)
    else:
        advice = _pca_is_enough(judged)
    return advice + _much_is_lost(judged) + _few_folds(judged)


def _nothing_explained() -> str:
    return (
        "No reducer explains anything of rows that it has not seen: there are too few rows, or "
        "nothing that the columns share."
    )


def _nothing_to_choose(judged: Judgement) -> list[str]:
    name = judged.names[0]
    others = "other reducers" if name == judged.baseline else judged.words.linear
    return [f"Only {name} was compared; compare it with {others} to see what it is worth."]


def _without_pca(judged: Judgement) -> list[str]:
    j = judged.enough(judged.places)
    leader = judged.leader(j)
    advice = (
        f"{leader} with {components(judged.sizes[j])} is the best found on these rows, but "
        f"{judged.words.linear} was not compared: whether linear components are enough is not "
        "known."
    )
    return [advice, *_equals(judged, leader, j)]


def _pca_is_enough(judged: Judgement) -> list[str]:
    gains = {j: judged.gain(judged.challenger(j), judged.pca, j) for j in judged.places}
    j = max(gains, key=lambda place: gains[place])
    benefits = _benefits(judged, judged.challenger(j))
    much = judged.best() >= MUCH
    verdict = f"{judged.pca} is enough" if much else f"Nothing is clearly better than {judged.pca}"
    return [
        f"{verdict} on these rows: {_why_enough(judged, j, gains[j])}.{benefits}",
        *better_elsewhere(judged),
    ]


def _why_enough(judged: Judgement, j: int, gain: float) -> str:
    if gain < 0.0005:  # which would be told as 0.0 points
        return f"no other reducer explains more of the {judged.words.whole} at any size compared"
    name = judged.challenger(j)
    noise = max(judged.deviation(name, j), judged.deviation(judged.pca, j))
    bound = "less than two points" if noise < gain else "within the deviation over folds"
    return (
        f"the largest gain over it, {points(gain)} by {name} with "
        f"{components(judged.sizes[j])}, is {bound}"
    )


def _benefits(judged: Judgement, other: str) -> str:
    """Say what PCA saves beside `other`, as far as it is so."""
    factor = judged.seconds(other) / judged.seconds(judged.pca)
    parts = [f"it fits {times(factor)} faster than {other}"] if factor >= FASTER else []
    # The components of FastICA, NMF and TruncatedSVD are linear too.
    parts += [] if other in LINEAR else ["its components are linear"]
    text = " and ".join(parts)
    return f" {text[0].upper()}{text[1:]}." if text else ""


def _another(judged: Judgement) -> list[str]:
    j = judged.enough(judged.gains_places())
    leader = judged.leader(j)
    return [
        _advice_for_another(judged, leader, j),
        *_largest_gain(judged, j),
        *_equal_pca(judged, leader, j),
        *_longer_fit(judged, leader),
        *tells_of_target(judged, leader, j),
        *_equals(judged, leader, j),
    ]


def _advice_for_another(judged: Judgement, leader: str, j: int) -> str:
    whole = "table" if judged.words == OF_TABLES else "variance of these rows"
    explains = (
        f"explains {share(judged.mean(leader, j))} of the {whole}, "
        f"{points(judged.gain(leader, judged.pca, j))} more than {judged.pca}"
    )
    size = components(judged.sizes[j])
    less = tells_less(judged, leader, j)
    take = f"Take {leader} with {size}: it {explains} with as many{less}."
    rest = [k for k in judged.places if judged.leader(k) == judged.pca]
    if not rest:
        return take
    enough = f"With {components(*(judged.sizes[k] for k in rest))}, {judged.pca} is enough."
    if judged.places[-1] in rest:
        return f"{enough} With {size}, {leader} {explains}{less}."
    return f"{take} {enough}"


def _largest_gain(judged: Judgement, j: int) -> list[str]:
    """Say where the advantage is largest, if that is not with the size recommended."""
    gains = {k: judged.gain(judged.leader(k), judged.pca, k) for k in judged.gains_places()}
    best = max(gains, key=lambda place: gains[place])
    if gains[best] <= gains[j] + MARGIN:
        return []
    return [
        f"The gain is largest with {components(judged.sizes[best])}: {points(gains[best])} by "
        f"{judged.leader(best)}."
    ]


def _equal_pca(judged: Judgement, leader: str, j: int) -> list[str]:
    size = judged.equal_size(leader, j)
    if size is None:
        return []
    explained = share(judged.mean(judged.pca, judged.sizes.index(size)))
    return [
        f"If the number of components does not matter, {judged.pca} with {size} is enough: it "
        f"explains {explained}."
    ]


def _longer_fit(judged: Judgement, leader: str) -> list[str]:
    long, short = judged.seconds(leader), judged.seconds(judged.pca)
    if long < FASTER * short:
        return []
    return [
        f"A fit of {leader} takes {duration(long)} at the median, one of {judged.pca} "
        f"{duration(short)}: {times(long / short)} as long."
    ]


def _equals(judged: Judgement, leader: str, j: int) -> list[str]:
    """Name reducers that are as good, and the fastest of them."""
    equals = judged.equals(leader, j)
    if not equals:
        return []
    fastest = min([leader, *equals], key=judged.seconds)
    verb = "explains" if len(equals) == 1 else "explain"
    return [
        f"{listed(equals)} {verb} as much within the deviation over folds; the fastest of them is "
        f"{fastest}, {duration(judged.seconds(fastest))} a fit at the median."
    ]


def _much_is_lost(judged: Judgement) -> list[str]:
    if judged.best() >= MUCH:
        return []
    has_room = judged.sizes[-1] < judged.n_features - 1
    advice = "; try more components." if has_room else "."
    return [f"More than half of the {judged.words.whole} is lost at every size{advice}"]


def _few_folds(judged: Judgement) -> list[str]:
    if judged.n_folds > 1:
        return []
    return ["There was one fold only, so how much the scores vary by chance is not known."]
