"""Write what is made from the program and from `benchmarks/` into the pages themselves, for who reads them without the site.

    python docs/site/kept.py [--check]

A page keeps what stands in a place where ``<!-- made: NAME -->`` is followed by ``<!-- until here -->``. With --check nothing is
written; pages that keep something else than is made now are named, and the program ends with 1.
"""

import argparse
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

KEPT = re.compile(r"(?ms)^(<!-- made: ([\w-]+)(?: ([^\n]*?))? -->)\n(?:(?!<!-- made: ).)*?^(<!-- until here -->)$")
FOR_THE_SITE = re.compile(r"(?m)^(\{\.[^}\n]*\}|:{3,}.*)\n")


def up_to_date(text, path):
    """Return a page with what is made now in each place that keeps it.

    Parameters
    ----------
    text : str
    path : Path
        Of the page.

    Returns
    -------
    str
    """
    from staging import MAKERS

    def one(match):
        begin, name, words, end = match.groups()
        made = listed(path) if name == "contents" else MAKERS[name](*(words or "").split())
        return f"{begin}\n\n{plain(made)}\n\n{end}"

    return KEPT.sub(one, text)


def listed(path):
    """List the pages below a chapter's page by their titles; pages that the site alone has are left out."""
    from site_map import DOCS, TITLES, contents, pages

    found = pages()
    parts = []
    for caption, names in contents(found)[path.relative_to(DOCS).with_suffix("").as_posix()]:
        lines = [f"- [{TITLES.get(name) or title(found[name])}]({Path(os.path.relpath(found[name], path.parent)).as_posix()})" for name in names]
        parts += [f"**{caption}**", "", *lines, ""] if lines else []
    return "\n".join(parts)


def title(path):
    """Return the first heading of a page."""
    return re.search(r"(?m)^# (.+)$", path.read_text("utf-8")).group(1)


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
    now = {path: up_to_date(text, path) for path, text in texts.items()}
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
