"""Settings of Sphinx; `make docs` builds the pages."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
# The checkout is what is documented, also in examples that start processes of their own.
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [sys.path[0], os.getenv("PYTHONPATH")]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")

from skae import __version__ as release  # noqa: E402 - of the checkout

project = "skae"
author = "The skae developers"
version = release
language = "en"
smartquotes = False  # types such as {"pca", "random"} are Python

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "docutils_mathml",
    "links_outside",
    "literal_types",
]
exclude_patterns = ["_build", "_static", "_templates", "gallery/**/*.ipynb", "gallery/**/*.py"]
templates_path = ["_templates"]
default_role = "code"
html_math_renderer = "docutils_mathml"

# API pages: one for each public name, its methods in the order of their first letter.
autosummary_generate = True
autodoc_default_options = {"members": True}
autodoc_member_order = "alphabetical"
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = True
numpydoc_class_members_toctree = False
numpydoc_attributes_as_param_list = True

# Design notes and changelog are Markdown; headings can be linked to.
myst_heading_anchors = 3

# The examples: every file runs, and an error ends the build.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "reading_order.ReadingOrder",
    "abort_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skae",),
    "reference_url": {"skae": None},
    "reset_modules": ("matplotlib",),
    "image_scrapers": ("matplotlib",),
    "image_srcset": ["2x"],
    "thumbnail_size": (400, 280),
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "copyfile_regex": r"^$",
}
# The gallery looks at the whole path: a checkout may lie in a folder with a space in its name.
suppress_warnings = ["sphinx_gallery.space_in_filename"]

# The pictures of the pages themselves, drawn while the pages are built.
plot_formats = [("png", 150)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = False
plot_rcparams = {"font.size": 11}

copybutton_exclude = ".linenos, .gp, .go"
copybutton_only_copy_prompt_lines = False

html_theme = "pydata_sphinx_theme"
html_title = "skae"
html_favicon = "_static/skae.svg"
html_static_path = ["_static"]
html_css_files = ["skae.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "logo": {
        "text": "skae",
        "image_light": "_static/skae.svg",
        "image_dark": "_static/skae.svg",
        "alt_text": "skae",
    },
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navigation_depth": 3,
    "show_nav_level": 1,
    "show_toc_level": 2,
    # None beside an example, whose code needs the width; a page may match one pattern only.
    "secondary_sidebar_items": {"[!g]*": ["page-toc"], "ge*": ["page-toc"], "ga*": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
# Pages that have none below them would show an empty column on the left.
html_sidebars = {page: [] for page in ("index", "getting_started", "design", "changelog")}
copyright = "The skae developers, BSD 3-Clause"  # what the footer shows
