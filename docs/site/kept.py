"""Write what is made from the program and from `benchmarks/` into the pages themselves, for who reads them without the site.

    python docs/site/kept.py [--check]

A page keeps what stands in a place where ``<!-- made: NAME -->`` is followed by ``<!-- until here -->``. With --check nothing is
written; pages that keep something else than is made now are named, and the program ends with 1.
"""

import argparse
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

KEPT = re.compile(r"(?ms)^(<!-- made: ([\w-]+)(?: ([^\n]*?))? -->)\n(?:(?!<!-- made: ).)*?^(<!-- until here -->)$")
FOR_THE_SITE = re.compile(r"(?m)^(\{\.[^}\n]*\}|:{3,}.*)\n")


def up_to_date(text):
    """Return a page with what is made now in each place that keeps it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    from staging import MAKERS

    def one(match):
        begin, name, words, end = match.groups()
        return f"{begin}\n\n{plain(MAKERS[name](*(words or '').split()))}\n\n{end}"

    return KEPT.sub(one, text)


def plain(text):
    """Leave out what only the site understands: classes of tables, and boxes."""
    return FOR_THE_SITE.sub("", text).strip()


def outdated():
    """Pages that keep something else than is made now.

    Returns
    -------
    dict of Path to str
        The text that each should have.
    """
    from site_map import DOCS

    texts = {path: path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}
    now = {path: up_to_date(text) for path, text in texts.items()}
    return {path: text for path, text in now.items() if text != texts[path]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    found = outdated()
    for path, text in found.items():
        print(path.relative_to(HERE.parents[1]))
        if not check:
            path.write_text(text, "utf-8")
    sys.exit(bool(found) and check)
