"""Links to the pages of other projects by rule: no inventory is downloaded for a build.

``:class:`~sklearn.decomposition.PCA``` leads to scikit-learn's page of that name. A name that the
installed package does not have is a warning, so a link cannot outlive what it leads to.
"""

from importlib import import_module

from docutils import nodes

# Linked to, and not there without these.
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)
PAGES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
}
GLOSSARY = "https://scikit-learn.org/stable/glossary.html#term-{}"


def exists(name):
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(import_module(module), attribute)
    except ImportError:
        return False


def link(app, env, node, content):
    if node.get("refdomain") == "std":
        return link_from_inherited(node, content)
    name = node.get("reftarget", "")
    page = PAGES.get(name.partition(".")[0])
    if node.get("refdomain") != "py" or page is None or "." not in name:
        return None
    if not exists(name):
        _LOGGER.warning("%s does not exist", name, location=node)
        return None
    return nodes.reference("", "", content, internal=False, refuri=page.format(name))


def link_from_inherited(node, content):
    """What docstrings that come from scikit-learn refer to stands in its pages."""
    source = node.source or ""
    if "docstring of sklearn." not in source and not source.endswith("<autosummary>"):
        return None
    if node["reftype"] != "term":
        return content
    address = GLOSSARY.format(node["reftarget"].replace(" ", "-"))
    return nodes.reference("", "", content, internal=False, refuri=address)


def setup(app):
    app.connect("missing-reference", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
