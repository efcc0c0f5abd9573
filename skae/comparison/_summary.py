"""A comparison in plain sentences: what was found.

A pure function of a `Comparison`; the rules are those of `Judgement`. Everything said is about the
rows and sizes compared, and can be read off the table.
"""

from typing import TYPE_CHECKING

from skae.comparison._judgement import Judgement
from skae.comparison._phrases import components, share

if TYPE_CHECKING:
    from skae.comparison._comparison import Comparison


def summarise(comparison: "Comparison") -> list[str]:
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


def _headline(judged: Judgement) -> str:
    gains = judged.gains_places() if judged.baseline is not None else []
    if len(judged.names) == 1 or not gains:
        return _headline_of_one(judged)
    # The largest size that PCA can match tells most: how many components are saved, and for what.
    matched = [j for j in gains if judged.equal_size(judged.leader(j), j)]
    j = (matched or gains)[-1]
    return f"{_explains(judged, judged.leader(j), j)}; {_what_pca_needs(judged, j)}."


def _headline_of_one(judged: Judgement) -> str:
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


def _explains(judged: Judgement, name: str, j: int) -> str:
    explained = share(judged.mean(name, j))
    whole, size = judged.words.whole, components(judged.sizes[j])
    return f"{name} explains {explained} of the {whole} with {size}"


def _what_pca_needs(judged: Judgement, j: int) -> str:
    leader = judged.leader(j)
    size = judged.equal_size(leader, j)
    if size is not None:
        return f"{judged.pca} needs {size} for as much"
    text = f"{judged.pca} explains {share(judged.mean(judged.pca, j))} with as many"
    return text if j == judged.places[-1] else f"{text} and gets there at no size compared"


def _line(judged: Judgement, j: int) -> str:
    leader = judged.leader(j)
    others = [name for name in judged.names if name != leader]
    start = f"With {components(judged.sizes[j])}: {leader} {share(judged.mean(leader, j))}"
    if not others:
        return f"{start}."
    if judged.baseline in others:
        size = judged.equal_size(leader, j)
        needs = f"; {judged.pca} needs {size} for as much" if size else ""
        return f"{start}, {judged.pca} {share(judged.mean(judged.pca, j))}{needs}."
    second = max(others, key=lambda name: judged.mean(name, j))
    unclear = "" if judged.is_clear(leader, second, j) else ": no clear difference"
    return f"{start}, {second} {share(judged.mean(second, j))}{unclear}."
