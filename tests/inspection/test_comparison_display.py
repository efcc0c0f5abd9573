import numpy as np
import pytest

from skae.comparison import Comparison
from skae.inspection._drawing._legends import text_width

ROWS = np.zeros((1, 4))
CODE = np.random.default_rng(0).normal(size=(40, 2))
LABELS = np.array([f"a class with a long and detailed name, {k % 20}" for k in range(40)])


@pytest.mark.parametrize("n_reducers", [1, 2, 4, 5])
def test_panels_of_codes_have_room_beside_long_names(n_reducers):
    names = [f"reducer {k}" for k in range(n_reducers)]
    scores = {"reconstruction_r2": np.ones((n_reducers, 1, 2))}
    codes = dict.fromkeys(names, CODE)
    comparison = Comparison(names, [2], scores, ROWS, {}, 0, 1, codes=codes, labels=LABELS)
    figure = comparison.plot_codes().figure_
    figure.canvas.draw()
    for ax in figure.axes:
        assert min(ax.get_window_extent().size) > 2.5 * figure.dpi
    legend = figure.axes[-1].get_legend().get_window_extent()
    assert legend.x1 <= figure.bbox.x1
    assert not any(legend.overlaps(ax.get_window_extent()) for ax in figure.axes)


@pytest.mark.filterwarnings("error")
def test_a_letter_that_the_font_lacks_is_measured_without_a_warning():
    assert text_width("目标") > 0
