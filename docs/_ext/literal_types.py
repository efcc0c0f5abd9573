"""Keep ``n_iter_`` in the type of a parameter from being read as a link of reStructuredText."""

import re

# "history_ : dict of ndarray of shape (n_iter_,)", and what stands for itself under Returns.
_TYPE_LINE = re.compile(r"^(\w[^:`]* : |ndarray of shape )")
_TRAILING = re.compile(r"(?<=\w)_(?=[,)\s]|$)")


def escape(app, what, name, obj, options, lines):
    for place, line in enumerate(lines):
        match = _TYPE_LINE.match(line)
        if match:
            head, rest = line[: match.end()], line[match.end() :]
            lines[place] = head + _TRAILING.sub(r"\\_", rest)


def setup(app):
    # Before numpydoc, which listens with the default priority of 500.
    app.connect("autodoc-process-docstring", escape, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
