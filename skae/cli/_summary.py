"""A comparison in plain sentences: what was found, and what to do about it.

Two pure functions of a `Comparison`; the rules are those of `Judgement`. Everything said is about
the rows and sizes compared, and can be read off the table.
"""

from skae.cli._judgement import BASELINE, MARGIN, Judgement
from skae.cli._phrases import components, duration, listed, points, share, times

FASTER = 2  # times of fits of a millisecond vary by less
LINEAR = {"PCA", "FastICA", "NMF", "TruncatedSVD"}


def summarise(comparison):
    """Say how much variance the reducers explain.

    Parameters
    ----------
    comparison : Comparison
        The scores.

    Returns
    -------
    sentences : list of str
        The main finding, then one sentence for each size if there are several, and which these
        were: PCA may need fewer components than the next size compared.
    """
    judged = Judgement(comparison)
    lines = [_headline(judged)]
    if len(judged.sizes) > 1:
        lines += [_line(judged, j) for j in judged.places]
        lines.append(f"Only {components(*judged.sizes, word='and')} were compared.")
    return lines


def recommend(comparison):
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
    if len(judged.names) == 1:
        advice = _nothing_to_choose(judged)
    elif BASELINE not in judged.names:
        advice = _without_pca(judged)
    elif judged.gains_places():
        advice = _another(judged)
    else:
        advice = _pca_is_enough(judged)
    return advice + _much_is_lost(judged) + _few_folds(judged)


def _headline(judged):
    gains = judged.gains_places() if BASELINE in judged.names else []
    if len(judged.names) == 1 or not gains:
        return _headline_of_one(judged)
    # The largest size that PCA can match tells most: how many components are saved, and for what.
    matched = [j for j in gains if judged.equal_size(judged.leader(j), j)]
    j = (matched or gains)[-1]
    return f"{_explains(judged, judged.leader(j), j)}; {_what_pca_needs(judged, j)}."


def _headline_of_one(judged):
    j = judged.places[-1]
    leader = judged.leader(j)
    text = _explains(judged, leader, j)
    others = [name for name in judged.names if name != leader]
    if others:
        second = max(others, key=lambda name: judged.mean(name, j))
        text += f", {second} {share(judged.mean(second, j))}"
        differ = judged.is_clear(leader, second, j)
        text += "" if differ else ": no clear difference"
    return f"{text}."


def _explains(judged, name, j):
    explained = share(judged.mean(name, j))
    return f"{name} explains {explained} of the variance with {components(judged.sizes[j])}"


def _what_pca_needs(judged, j):
    leader = judged.leader(j)
    size = judged.equal_size(leader, j)
    if size is not None:
        return f"{BASELINE} needs {size} for as much"
    text = f"{BASELINE} explains {share(judged.mean(BASELINE, j))} with as many"
    return text if j == judged.places[-1] else f"{text} and gets there at no size compared"


def _line(judged, j):
    leader = judged.leader(j)
    others = [name for name in judged.names if name != leader]
    start = f"With {components(judged.sizes[j])}: {leader} {share(judged.mean(leader, j))}"
    if not others:
        return f"{start}."
    if BASELINE in others:
        size = judged.equal_size(leader, j)
        needs = f"; {BASELINE} needs {size} for as much" if size else ""
        return f"{start}, {BASELINE} {share(judged.mean(BASELINE, j))}{needs}."
    second = max(others, key=lambda name: judged.mean(name, j))
    unclear = "" if judged.is_clear(leader, second, j) else ": no clear difference"
    return f"{start}, {second} {share(judged.mean(second, j))}{unclear}."


def _nothing_to_choose(judged):
    name = judged.names[0]
    others = "other reducers" if name == BASELINE else BASELINE
    return [f"Only {name} was compared; compare it with {others} to see what it is worth."]


def _without_pca(judged):
    j = judged.enough(judged.places)
    leader = judged.leader(j)
    advice = (
        f"{leader} with {components(judged.sizes[j])} is the best found on these rows, but "
        f"{BASELINE} was not compared: whether linear components are enough is not known."
    )
    return [advice, *_equals(judged, leader, j)]


def _pca_is_enough(judged):
    gains = {j: judged.gain(judged.challenger(j), BASELINE, j) for j in judged.places}
    j = max(gains, key=gains.get)
    benefits = _benefits(judged, judged.challenger(j))
    return [
        f"{BASELINE} is enough on these rows: {_why_enough(judged, j, gains[j])}.{benefits}",
        *_better_accuracy(judged),
    ]


def _why_enough(judged, j, gain):
    if gain < 0.0005:  # which would be told as 0.0 points
        return "no other reducer explains more of the variance at any size compared"
    name = judged.challenger(j)
    noise = max(judged.deviation(name, j), judged.deviation(BASELINE, j))
    bound = "less than two points" if noise < gain else "within the deviation over folds"
    return (
        f"the largest gain over it, {points(gain)} by {name} with "
        f"{components(judged.sizes[j])}, is {bound}"
    )


def _benefits(judged, other):
    """Say what PCA saves beside `other`, as far as it is so."""
    factor = judged.seconds(other) / judged.seconds(BASELINE)
    parts = [f"it fits {times(factor)} faster than {other}"] if factor >= FASTER else []
    # The components of FastICA, NMF and TruncatedSVD are linear too.
    parts += [] if other in LINEAR else ["its components are linear"]
    text = " and ".join(parts)
    return f" {text[0].upper()}{text[1:]}." if text else ""


def _another(judged):
    j = judged.enough(judged.gains_places())
    leader = judged.leader(j)
    return [
        _advice_for_another(judged, leader, j),
        *_largest_gain(judged, j),
        *_equal_pca(judged, leader, j),
        *_longer_fit(judged, leader),
        *_accuracy(judged, leader, j),
        *_equals(judged, leader, j),
    ]


def _advice_for_another(judged, leader, j):
    explains = (
        f"explains {share(judged.mean(leader, j))} of the variance of these rows, "
        f"{points(judged.gain(leader, BASELINE, j))} more than {BASELINE}"
    )
    size = components(judged.sizes[j])
    take = f"Take {leader} with {size}: it {explains} with as many."
    rest = [k for k in judged.places if judged.leader(k) == BASELINE]
    if not rest:
        return take
    enough = f"With {components(*(judged.sizes[k] for k in rest))}, {BASELINE} is enough."
    if judged.places[-1] in rest:
        return f"{enough} With {size}, {leader} {explains}."
    return f"{take} {enough}"


def _largest_gain(judged, j):
    """Say where the advantage is largest, if that is not with the size recommended."""
    gains = {k: judged.gain(judged.leader(k), BASELINE, k) for k in judged.gains_places()}
    best = max(gains, key=gains.get)
    if gains[best] <= gains[j] + MARGIN:
        return []
    return [
        f"The gain is largest with {components(judged.sizes[best])}: {points(gains[best])} by "
        f"{judged.leader(best)}."
    ]


def _equal_pca(judged, leader, j):
    size = judged.equal_size(leader, j)
    if size is None:
        return []
    explained = share(judged.mean(BASELINE, judged.sizes.index(size)))
    return [
        f"If the number of components does not matter, {BASELINE} with {size} is enough: it "
        f"explains {explained}."
    ]


def _longer_fit(judged, leader):
    long, short = judged.seconds(leader), judged.seconds(BASELINE)
    if long < FASTER * short:
        return []
    return [
        f"A fit of {leader} takes {duration(long)} at the median, one of {BASELINE} "
        f"{duration(short)}: {times(long / short)} as long."
    ]


def _accuracy(judged, leader, j):
    """Say whether the neighbours of the codes agree with the explained variance."""
    if "accuracy" not in judged.scores:
        return []
    both = [f"{judged.mean(name, j, 'accuracy'):.2f}" for name in (leader, BASELINE)]
    numbers = f"{both[0]} against {both[1]} of {BASELINE}"
    start = f"Nearest neighbours in the code of {leader} tell the classes apart"
    if judged.is_clear(BASELINE, leader, j, "accuracy"):
        return [
            f"{start} less well: accuracy {numbers}. Where the classes matter, prefer {BASELINE}."
        ]
    if judged.is_clear(leader, BASELINE, j, "accuracy"):
        return [f"{start} better: accuracy {numbers}."]
    return [f"{start} about as well: accuracy {numbers}."]


def _better_accuracy(judged):
    """Say where PCA explains enough and yet tells the classes apart less well than another."""
    if "accuracy" not in judged.scores:
        return []
    found = [
        (judged.gain(name, BASELINE, j, "accuracy"), name, j)
        for name in judged.names
        for j in judged.places
        if judged.is_clear(name, BASELINE, j, "accuracy")
    ]
    if not found:
        return []
    _, name, j = max(found)
    both = [f"{judged.mean(each, j, 'accuracy'):.2f}" for each in (name, BASELINE)]
    return [
        f"But with {components(judged.sizes[j])}, nearest neighbours in the code of {name} tell "
        f"the classes apart better: accuracy {both[0]} against {both[1]} of {BASELINE}."
    ]


def _equals(judged, leader, j):
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


def _much_is_lost(judged):
    if max(judged.mean(name, j) for name in judged.names for j in judged.places) >= 0.5:
        return []
    return ["More than half of the variance is lost at every size; try more components."]


def _few_folds(judged):
    if judged.n_folds > 1:
        return []
    return ["There was one fold only, so how much the scores vary by chance is not known."]
