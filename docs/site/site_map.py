"""Which pages the site has, and where each is from.

A page is a Markdown file of `docs/`, under its own path, or one of the files elsewhere that are adopted. What is not there is
passed over; what is there and named nowhere goes under *Project*, so that no page is lost.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

# Sections of the contents: caption, and pages in their order; `name*` takes what begins so.
SECTIONS = (
    ("Learn", ("installation", "tutorial", "how_to/index", "gallery")),
    ("Look up", ("reference/index", "faq", "glossary")),
    ("Understand", ("methods/index", "measured/index", "peers")),
    ("Project", ("citing", "trials/*", "project/changelog", "project/contributing", "licences")),
)
CHAPTERS = {
    "how_to/index": (
        ("Figures", ("how_to/mend_a_reading", "how_to/by_hand", "workbench", "how_to/from_a_pdf", "exchange", "batch")),
        ("Patients", ("how_to/rebuild_patients", "how_to/check_against_the_paper", "other_curves", "how_to/go_on_elsewhere")),
        ("Papers and reviews", ("audit", "how_to/pool", "how_to/pool_subgroups", "how_to/few_studies", "how_to/sequential", "how_to/absolute_effects", "how_to/cochrane", "reviews")),
    ),
    "reference/index": (
        ("On the command line", ("reference/commands", "reference/files", "studies", "reference/edits", "reference/flags", "reference/exit_status")),
        ("In Python", ("reference/ipdrecon", "reference/metaanalysis/*")),
        ("Looks and addresses", ("forest_plots", "workbench_api")),
    ),
    "methods/index": (
        ("From a figure to patients", ("reading_figures", "reconstruction", "reconstruction_error", "methods/survival")),
        ("From effects to one result", ("metaanalysis", "methods/pooling", "methods/beyond", "from_patients")),
        ("Sources", ("methods/sources",)),
    ),
    "measured/index": (
        ("How good", ("measured/figures", "measured/drawn*", "measured/practice*", "measured/program*", "measured/vector*", "measured/axes*", "measured/reconstruction*", "measured/coverage", "measured/reference/readme", "measured/reference/*")),
        ("How fast, how many", ("speed", "measured/speed*", "measured/*speed*", "measured/batch*", "measured/draws*")),
        ("How safe", ("hardening", "trust", "measured/fuzz*")),
        ("Others", ("measured/*",)),
    ),
}
# Titles in the contents, where a page's own is long or another page's too.
TITLES = {
    "measured/practice_figures": "Figures made to be hard, pictures",
    "measured/vector_figures": "Figures made to be hard, vector",
    "measured/program_figures": "Figures of R and Python, pictures",
    "measured/program_vector_figures": "Figures of R and Python, vector",
    "measured/drawn_figures": "Random styles, pictures",
    "measured/drawn_vector_figures": "Random styles, vector",
    "measured/reconstruction": "Patients from curves",
    "measured/reconstruction_draws": "Patients from curves, with draws",
    "measured/reconstruction_guyot": "Patients by Guyot's algorithm",
    "measured/reference/readme": "Against R: index",
    "methods/pooling": "Pooling: formulas",
    "methods/survival": "Survival: formulas",
}


def adopted():
    """Files outside `docs/` that become pages: ``{page: path}``."""
    found = {"project/changelog": ROOT / "CHANGELOG.md", "project/contributing": ROOT / "CONTRIBUTING.md"}
    found |= {f"measured/{path.stem}": path for path in sorted((ROOT / "benchmarks").glob("*.md"))}
    found |= {f"measured/reference/{path.stem.lower()}": path for path in sorted((ROOT / "tests" / "reference").glob("*.md"))}
    found |= {"trials/index": ROOT / "digitised" / "README.md", "trials/tacerte": ROOT / "digitised" / "tacerte" / "README.md"}
    return {page: path for page, path in found.items() if path.is_file()}


def pages():
    """Every page of the site, in the order of their names: ``{page: path}``."""
    own = {path.relative_to(DOCS).with_suffix("").as_posix(): path for path in DOCS.rglob("*.md") if "site" not in path.relative_to(DOCS).parts}
    return dict(sorted((adopted() | own).items()))


def matching(pattern, names, taken):
    """Names that a pattern of the contents means and that stand nowhere yet."""
    from fnmatch import fnmatchcase

    return [name for name in names if fnmatchcase(name, pattern) and name not in taken]


def contents(names):
    """Lay the contents out.

    Parameters
    ----------
    names : iterable of str
        All pages; a pattern takes them in this order.

    Returns
    -------
    dict of str to list of (str, list of str)
        For the start page and each chapter's page: captions, and the pages below each.
    """
    names, taken, laid = list(names), {"index"}, {}
    for page, sections in {"index": SECTIONS, **CHAPTERS}.items():
        laid[page] = []
        for caption, patterns in sections:
            found = []
            for pattern in patterns:
                found += matching(pattern, names, taken)
                taken.update(found)
            laid[page].append((caption, found))
    laid["index"][-1][1].extend(name for name in names if name not in taken)
    return laid
