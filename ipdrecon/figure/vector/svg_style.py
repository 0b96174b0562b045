"""The cascade: what an element looks like by its attributes, the style sheets and what it inherits."""

import re
from functools import lru_cache

import cssselect2
import tinycss2

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector.svg_values import length

MOST_SHEET_CHARACTERS = 1_000_000
MOST_SELECTOR_TOKENS = 20_000
MOST_SELECTOR_TESTS = 10_000_000
INITIAL = {
    "fill": "black",
    "fill-rule": "nonzero",
    "fill-opacity": "1",
    "stroke": "none",
    "stroke-width": "1",
    "stroke-dasharray": "none",
    "stroke-opacity": "1",
    "stroke-linecap": "butt",
    "color": "black",
    "visibility": "visible",
    "font-size": "medium",
    "font-family": "sans-serif",
    "font-weight": "normal",
    "font-style": "normal",
    "letter-spacing": "normal",
    "word-spacing": "normal",
    "text-anchor": "start",
    "dominant-baseline": "auto",
    "white-space": "normal",
}
NOT_INHERITED = {
    "display": "inline",
    "opacity": "1",
    "overflow": "hidden",
    "clip-path": "none",
    "baseline-shift": "baseline",
    "alignment-baseline": "auto",
    "stop-color": "black",
    "transform": "none",
    "vector-effect": "none",
}
_PROPERTIES = INITIAL.keys() | NOT_INHERITED.keys() | {"font"}
_SIZES = {
    "xx-small": 9.6,
    "x-small": 12.0,
    "small": 14.2,
    "medium": 16.0,
    "large": 19.2,
    "x-large": 24.0,
    "xx-large": 32.0,
}
_SHORTHAND = re.compile(r"(.*?)(?<![\w.-])([0-9.]+(?:[a-z]+|%)|(?:xx?-)?(?:small|large)|medium)(?:\s*/\s*\S+)?\s+(.+)", re.S)
_DECLARATION = re.compile(r"""(?:[^;"'(]++|"[^"]*"|'[^']*'|\([^()]*\)|\()++""")
_IMPORTANT = re.compile(r"!\s*important\s*$", re.I)
_TOO_MANY = "{} has too many style rules for its elements; export it with styles in the elements."
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.S)


class Cascade:
    """The style sheets of a file, and what each of its elements is told.

    Parameters
    ----------
    root : Element
    source : str
        Name of the file, for messages.
    """

    def __init__(self, root, source):
        sheets = "\n".join("".join(sheet.itertext()) for sheet in root.iter("style"))
        if len(sheets) > MOST_SHEET_CHARACTERS:
            raise FigureError(f"{source} has over {MOST_SHEET_CHARACTERS} characters of style sheets; export it without.")
        rules = _sheet_rules(sheets, source)
        self._told = _matched(root, rules, source) if rules else {}

    def style(self, element, parent):
        """Style of an element.

        Parameters
        ----------
        element : Element
        parent : dict or None
            Style of its parent; None for the root.

        Returns
        -------
        dict
            The value of each property of `INITIAL` and `NOT_INHERITED`, as text, but ``font-size``, a float in user units.
        """
        parent = parent or INITIAL | NOT_INHERITED | {"font-size": _SIZES["medium"]}
        told = self._declared(element)
        style = parent | NOT_INHERITED | told
        for name, value in told.items():
            if value in ("inherit", "unset", "initial"):
                style[name] = _by_keyword(name, value, parent)
        if "font-size" in told:
            style["font-size"] = _font_size(style["font-size"], parent["font-size"])
        if style["color"].lower() == "currentcolor":
            style["color"] = parent["color"]
        return style

    def _declared(self, element):
        own = _style_attribute(element.get("style", ""))
        told = {name: value.strip() for name, value in element.items() if name in _PROPERTIES and name != "font"}
        if "xml:space" in element.attrib:
            told.setdefault("white-space", "pre" if element.get("xml:space") == "preserve" else "normal")
        for important in (False, True):
            for sheet in self._told.get(element, ()):
                told.update(sheet[important])
            told.update(own[important])
        return told


def _by_keyword(name, value, parent):
    inherited = value == "inherit" or (value == "unset" and name in INITIAL)
    return parent[name] if inherited else (INITIAL | NOT_INHERITED)[name]


def _font_size(value, parent):
    if isinstance(value, float):
        return value
    if value in ("smaller", "larger"):
        return parent * (1.2 if value == "larger" else 1 / 1.2)
    size = _SIZES.get(value) or length(value, whole=parent, em=parent)
    return parent if size is None or size < 0 else size


@lru_cache(maxsize=4096)
def _style_attribute(text):
    """Declarations of a style attribute: the plain and the important ones, each as ``{property: value}``."""
    pairs = (part.partition(":") for part in _DECLARATION.findall(_COMMENT.sub(" ", text)))
    return _wanted((name.strip().lower(), *_weighed(value)) for name, _, value in pairs)


def _weighed(value):
    plain = _IMPORTANT.sub("", value)
    return plain.strip(), plain != value


def _declarations(nodes):
    return _wanted(
        (node.lower_name, tinycss2.serialize(node.value).strip(), node.important) for node in nodes if node.type == "declaration"
    )


def _wanted(declarations):
    found = ({}, {})
    for name, value, important in declarations:
        if name in _PROPERTIES and value:
            found[important].update(_font(value) if name == "font" else {name: value})
    return found


def _font(value):
    """The parts of a ``font`` that matter here."""
    match = _SHORTHAND.fullmatch(value)
    if not match:
        return {}
    words = match[1].split()
    return {
        "font-style": next((word for word in words if word in ("italic", "oblique")), "normal"),
        "font-weight": next((word for word in words if word in ("bold", "bolder") or word.isdigit()), "normal"),
        "font-size": match[2],
        "font-family": match[3],
    }


def _sheet_rules(text, source):
    """Rules of the sheets as ``(chain of compounds, specificity, declarations)``, one for each selector that is understood."""
    rules, n_tokens = [], 0
    for rule in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        try:
            declarations = _declarations(tinycss2.parse_blocks_contents(rule.content))
        except RecursionError as error:
            raise FigureError(f"{source} has a style sheet with brackets nested beyond what any figure needs; export it without.") from error
        if any(declarations):
            n_tokens += len(rule.prelude)
            if n_tokens > MOST_SELECTOR_TOKENS:
                raise FigureError(_TOO_MANY.format(source))
            rules += [(*chain, declarations) for chain in map(_chain, _parted(rule.prelude)) if chain]
    return rules


def _parted(prelude):
    """The selectors of a list, each as its tokens."""
    selectors = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        elif token.type != "comment":
            selectors[-1].append(token)
    return selectors


def _chain(tokens):
    """A selector as its compounds, ``[(combinator, test), ...]``, and its specificity; None where it is not understood.

    Pseudo-classes with arguments, and those that count siblings, are not understood: none of them is needed by a figure,
    and their cost is without a bound.
    """
    compounds = [(None, [])]
    for token in tokens:
        combinator = " " if token.type == "whitespace" else token.value if token in (">", "+", "~") else None
        if combinator is None:
            compounds[-1][1].append(token)
        elif compounds[-1][1]:
            compounds.append((combinator, []))
        elif combinator != " ":
            compounds[-1] = (combinator, [])
    if not compounds[-1][1]:
        compounds.pop()
    if not compounds or compounds[0][0] is not None or any(map(_is_costly, tokens)):
        return None
    try:
        compiled = [(combinator, cssselect2.compile_selector_list(tokens)[0]) for combinator, tokens in compounds]
    except cssselect2.SelectorError:
        return None
    if compiled[-1][1].pseudo_element:
        return None
    specificity = tuple(map(sum, zip(*(selector.specificity for _, selector in compiled), strict=True)))
    return [(combinator, selector.test) for combinator, selector in compiled], specificity


def _is_costly(token):
    return token.type == "function" or (token.type == "ident" and token.value.endswith(("-of-type", "only-child")))


def _matched(root, rules, source):
    """What the sheets tell each element: ``{element: [declarations, ...]}``, the weightiest last.

    All chains are followed at once down the tree, each compound a bit: which an element, any ancestor of it and any sibling
    before it completes. So the cost is compounds by elements, whatever the selectors.
    """
    steps, ends = _steps(rules)
    any_end = sum(1 << end for end in ends)
    ranks = sorted(range(len(rules)), key=lambda i: rules[i][1])
    told, masks = {}, {None: (0, 0, 0)}
    n_tests = 0
    for wrapper in cssselect2.ElementWrapper.from_xml_root(root).iter_subtree():
        n_tests += len(steps)
        if n_tests > MOST_SELECTOR_TESTS:
            raise FigureError(_TOO_MANY.format(source))
        element = wrapper.etree_element
        own, above, _ = masks[wrapper.parent and wrapper.parent.etree_element]
        last, _, before = masks[wrapper.previous and wrapper.previous.etree_element]
        done = {None: -1, ">": own, " ": own | above, "+": last, "~": last | before}
        found = sum(1 << i for i, (combinator, needed, test) in enumerate(steps) if done[combinator] & needed and test(wrapper))
        masks[element] = (found, own | above, last | before)
        if found & any_end:
            told[element] = [rules[i][2] for i in ranks if found >> ends[i] & 1]
    return told


def _steps(rules):
    """All compounds of all chains in a row, each with the bit that the one before it sets; and where each chain ends."""
    steps, ends = [], []
    for chain, _, _ in rules:
        for i, (combinator, test) in enumerate(chain):
            steps.append((combinator, 1 << (len(steps) - 1) if i else -1, test))
        ends.append(len(steps) - 1)
    return steps, ends
