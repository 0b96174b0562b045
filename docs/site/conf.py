"""Settings of the documentation site; `build.py` gathers the pages and calls Sphinx with them."""

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

project = "ipdrecon"
author = "the ipdrecon developers"
copyright = "the ipdrecon developers; MIT licence"
try:
    release = metadata.version("ipdrecon")
except metadata.PackageNotFoundError:
    release = "0.1.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "mathml"]
source_suffix = {".md": "markdown"}
root_doc = "index"
language = "en"
nitpicky = False
default_role = "code"
highlight_language = "none"
# examples cut short with "…" are shown as they are
suppress_warnings = ["misc.highlighting_failure"]

myst_enable_extensions = ["dollarmath", "deflist", "colon_fence", "attrs_inline", "attrs_block"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
autosummary_generate = False
numpydoc_validation_checks = set()

html_theme = "furo"
html_title = f"ipdrecon {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/mark.svg"
html_theme_options = {
    "light_logo": "mark.svg",
    "dark_logo": "mark_dark.svg",
    "sidebar_hide_name": False,
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#00507d", "color-brand-content": "#00659e"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f2", "color-brand-content": "#7cc4f2"},
}
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = None
# a summary would be fetched, and a page opened from disk may fetch nothing
html_show_search_summary = False
html_domain_indices = False
