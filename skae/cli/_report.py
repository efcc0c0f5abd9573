"""Write a comparison as `comparison.csv`, `comparison.png` and `report.html`, all or nothing."""

import io
import math
import os
import platform
import warnings
from base64 import b64encode
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

import skae
from skae.cli._scores import COLUMNS, score_rows

_PACKAGES = ("scikit-learn", "numpy", "keras", "tensorflow")


def write_report(directory, comparison, table, **details):
    """Render everything first, then write the files beside their names and move them there.

    Parameters
    ----------
    directory : path-like
        Made with its parents if it does not exist.

    comparison : Comparison
        The scores.

    table : Table
        What was compared.

    **details
        `command` (str), `settings` (dict), `models` (dict of name to estimator) and `warnings`
        (list of str), shown in the page.

    Returns
    -------
    paths : list of Path
        The files.
    """
    contents = {
        "comparison.csv": comparison.to_frame().to_csv(index=False).encode(),
        "comparison.png": _draw_curves(comparison, list(comparison.scores)),
        "report.html": _render(comparison, table, details).encode(),
    }
    return _write_together(Path(directory), contents)


def check_writable(directory):
    """Refuse before a long comparison what could not be written after it."""
    directory = Path(directory)
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise ValueError(
            f"--output {directory}: {existing} is not a directory that can be written to; "
            "choose another."
        )


def _render(comparison, table, details):
    import jinja2

    template = files(__package__).joinpath("_report.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    labels = {metric: COLUMNS[metric].label for metric in comparison.scores}
    return environment.from_string(template).render(
        comparison=comparison,
        table=table,
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        labels=labels,
        rows=score_rows(comparison),
        curves={metric: _embed(_draw_curves(comparison, [metric])) for metric in labels},
        reconstructions=_embed(_draw_reconstructions(comparison, table.columns)),
        versions=_versions(),
        **details,
    )


def _draw_curves(comparison, metrics):
    """Return a PNG with a panel for each metric, two in a row."""
    n_columns = min(2, len(metrics))
    n_rows = math.ceil(len(metrics) / n_columns)
    figure = _new_figure()
    figure.set_size_inches(5 * n_columns, 3.6 * n_rows)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax, metric in zip(axes, metrics, strict=False):
        comparison.plot(metric, ax=ax).ax_.get_legend().remove()
    for ax in axes[len(metrics) :]:
        ax.set_axis_off()
    # One legend above: within the panels, it would hide curves as soon as there are several.
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3 * n_columns, frameon=False)
    return _to_png(figure)


def _draw_reconstructions(comparison, names):
    figure = _new_figure()
    comparison.plot_reconstructions(feature_names=names, figure=figure)
    return _to_png(figure)


def _new_figure():
    # Not through pyplot, which would keep it and might open a window.
    from matplotlib.figure import Figure

    return Figure(layout="constrained")


def _to_png(figure):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A column named in a script that matplotlib's font lacks gets boxes for a label.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format="png", dpi=144)
    return buffer.getvalue()


def _embed(png):
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _versions():
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    others = {name: _version(name) for name in _PACKAGES}
    return {"python": python, "skae": skae.__version__, **others}


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _write_together(directory, contents):
    made = [path for path in (directory, *directory.parents) if not path.exists()]
    drafts = {directory / name: directory / f".{name}.{os.getpid()}" for name in contents}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for draft, content in zip(drafts.values(), contents.values(), strict=True):
            draft.write_bytes(content)
        for path, draft in drafts.items():
            os.replace(draft, path)
    except OSError:
        _remove(drafts.values(), made)
        raise
    return list(drafts)


def _remove(drafts, directories):
    for draft in drafts:
        draft.unlink(missing_ok=True)
    for directory in directories:
        if directory.is_dir():
            directory.rmdir()
