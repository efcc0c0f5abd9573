"""Mathematics as MathML, which browsers draw by themselves: no script, no font to fetch."""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)


def to_mathml(node, *, as_block):
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except ValueError as problem:  # docutils' MathError is one
        _LOGGER.warning("mathematics that docutils cannot read: %s", problem, location=node)
        return ""


def visit_inline(translator, node):
    translator.body.append(to_mathml(node, as_block=False))
    raise nodes.SkipNode


def visit_block(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(to_mathml(node, as_block=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("docutils_mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
