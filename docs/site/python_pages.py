"""The reference of both packages, room by room, from their docstrings."""

import inspect
import textwrap

import ipdrecon
import metaanalysis

ROOMS = {
    "pooling": ("pooling", "From effects and their variances to one result: models, estimators of τ², heterogeneity, subgroups."),
    "studies": ("studies and routes", "Tables of studies, two-by-two tables, and the routes from what a paper prints to a hazard ratio."),
    "regression": ("moderators and subgroups within trials", "Meta-regression, and comparisons of subgroups within trials."),
    "robustness": ("robustness", "What a result rests on: single studies, small studies, the choice of model."),
    "monitoring": ("sequential analysis", "Whether there is enough evidence, and boundaries for repeated looks."),
    "bayes": ("Bayesian model", "A normal model with a prior on τ, by quadrature: for few studies."),
    "patients": ("patients", "Meta-analysis of patients, real or rebuilt."),
    "pictures": ("pictures", "Forest plots and the other pictures."),
    "reporting": ("absolute effects and methods in words", "What a result means per 1000 patients, and how it was made, in words."),
    "exchange": ("files of other programs", "Reviews from RevMan in, results for metafor, meta and RevMan out."),
}
ALONE = "pooling"
VERBS = {
    "Verbs": (
        "digitise", "read_figure", "reconstruct", "reconstruct_arm", "reconstruct_incidence", "estimate_hazard_ratio", "validate", "run_review",
    ),
    "Files": (
        "read_digitisation", "write_digitisation", "write_pictures", "read_reported", "ImportRequest", "import_figure", "import_to_folder", "ExportRequest",
        "export_from_folder",
    ),
}  # fmt: skip


def rooms():
    """Pages of `metaanalysis`: ``{page: [(dotted name of the module, public name)]}``."""
    found = {}
    for room, names in metaanalysis._ROOMS.items():
        top = room.partition(".")[0] if "." in room else ALONE
        found.setdefault(f"reference/metaanalysis/{top}", []).extend(names)
    order = [f"reference/metaanalysis/{name}" for name in ROOMS]
    return {page: found[page] for page in sorted(found, key=lambda page: (order.index(page) if page in order else len(order), page))}


def room_page(page):
    """Write the page of one room of `metaanalysis`."""
    top = page.rpartition("/")[2]
    title, told = ROOMS.get(top, (top.capitalize(), ""))
    return "\n".join([f"# metaanalysis: {title}", "", f"`import metaanalysis`. {told}", "", directives("metaanalysis", rooms()[page])])


def verbs():
    """Write the reference of `ipdrecon`: verbs, files, and everything else under nouns."""
    named = {name for names in VERBS.values() for name in names}
    sections = {**VERBS, "Nouns": [name for name in ipdrecon.__all__ if name not in named and name != "__version__"]}
    parts = []
    for heading, names in sections.items():
        parts += [f"## {heading}", "", directives("ipdrecon", [name for name in names if name in ipdrecon.__all__])]
    return "\n".join(parts)


def directives(package, names):
    """Ask Sphinx for the docstrings of some names."""
    lines = []
    for name in names:
        thing = getattr(__import__(package), name)
        lines += ["```{eval-rst}", *directive(f"{package}.{name}", thing), "```", ""]
    return "\n".join(lines)


def directive(name, thing):
    """Ask for one docstring; of a class, for its methods and properties too, unless they are told in its docstring."""
    if inspect.isclass(thing):
        own = members(thing)
        return [f".. autoclass:: {name}", *([f"   :members: {', '.join(own)}"] if own else [])]
    if inspect.isroutine(thing):
        return [f".. autofunction:: {name}"]
    return [f".. data:: {name}", "", *textwrap.indent(constant(name, thing), "   ").splitlines()]


def members(thing):
    """Public methods and properties of a class that have a docstring of their own and no line in its own."""
    told = inspect.getdoc(thing) or ""
    found = []
    for name, member in vars(thing).items():
        held = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        is_told = f"\n{name} :" in told or f"\n{name}, " in told or f", {name} :" in told
        if not name.startswith("_") and (inspect.isfunction(held) or isinstance(held, property)) and held.__doc__ and not is_told:
            found.append(name)
    return found


def constant(name, thing):
    """Tell a public constant: its names."""
    kinds = ", ".join(f"``{key}``" for key in thing)
    return f"The names that may be asked for: {kinds}.\n" if kinds else f"{name}\n"


MAKERS = {"verbs": verbs}
