"""Gather the site's pages in one folder: links rewritten to where each page stands, made parts put in their places."""

import os
import re
import shutil
from pathlib import Path, PurePosixPath

import code_pages
import measured_pages
import python_pages
from site_map import DOCS, ROOT, TITLES, contents, pages

FENCE = re.compile(r"(?ms)^(```|~~~).*?^\1")
# a link, whose words may hold code; or code, which holds no link
LINK = re.compile(r"(!?)\[((?:[^\]\n]|\n(?!\n))*)\]\(([^)\s]+)\)|`[^`\n]*`")
# what a page keeps in the place, for who reads it without the site, is made anew
PLACE = re.compile(r"(?ms)^<!-- made: ([\w-]+)(?: ([^\n]*?))? -->$(?:\n(?:(?!<!-- made: ).)*?^<!-- until here -->$)?")
PICTURES = {".png", ".webp", ".svg", ".jpg"}
MAKERS = code_pages.MAKERS | python_pages.MAKERS | measured_pages.MAKERS


def stage(folder):
    """Write every page and picture of the site to a folder.

    Parameters
    ----------
    folder : Path
        Emptied first.

    Returns
    -------
    list of str
        The pages written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    found = pages() | dict.fromkeys(python_pages.rooms())
    if not measured_pages.unpaged():
        found.pop("measured/others", None)
    home = {path.resolve(): page for page, path in found.items() if path}
    laid = contents(found)
    for page, path in found.items():
        text = python_pages.room_page(page) if path is None else path.read_text(encoding="utf-8")
        text = PLACE.sub(lambda match, page=page: made(match, page, laid), text)
        if path is not None:
            text = outside_code(text, lambda part, path=path, page=page: rewritten(part, path, page, home, folder))
        target = folder / f"{page}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return list(found)


def outside_code(text, change):
    """Change what is no block of code in a Markdown text."""
    parts, at = [], 0
    for match in FENCE.finditer(text):
        parts += [change(text[at : match.start()]), match.group()]
        at = match.end()
    return "".join([*parts, change(text[at:])])


def rewritten(text, path, page, home, folder):
    """Let the links of a piece of text lead to pages of the site; pictures are copied, other files are named."""

    def one(match):
        bang, words, target = match.groups()
        if target is None or re.match(r"[a-z]+:|#", target):
            return match.group()
        place, _, part = target.partition("#")
        aim = (path.parent / place).resolve()
        if aim.is_dir():
            aim /= "README.md"
        if aim == ROOT / "README.md":
            return f"[{words}]({upwards(page)}index.md)"
        if aim in home:
            return f"[{words}]({upwards(page)}{home[aim]}.md{'#' + part if part else ''})"
        if made_page := within(aim, home):
            return f"[{words}]({upwards(page)}{made_page}.md{'#' + part if part else ''})"
        if bang and aim.suffix in PICTURES and aim.is_file():
            return f"![{words}]({upwards(page)}{copied(aim, folder)})"
        if not aim.exists():
            raise SystemExit(f"{path}: the link {target} leads nowhere")
        where = PurePosixPath(os.path.relpath(aim, ROOT))
        return words if where.name in words else f"{words} (`{where}`)"

    return LINK.sub(one, text)


def within(aim, home):
    """Return the page, made from docstrings and no file, that a link of `docs/` means; None where it means none."""
    page = aim.relative_to(DOCS).with_suffix("").as_posix() if aim.is_relative_to(DOCS) else ""
    return page if page in home.values() or page in python_pages.rooms() else None


def upwards(page):
    """From a page to the top of the site."""
    return "../" * page.count("/")


def copied(path, folder):
    """Copy a picture; its place in the site."""
    base = DOCS if path.is_relative_to(DOCS) else ROOT
    place = PurePosixPath("pictures") / path.relative_to(base).as_posix()
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return place


def made(match, page, laid):
    """Return what stands in the place of ``<!-- made: NAME WORDS -->``."""
    name, words = match.group(1), (match.group(2) or "").split()
    if name == "contents":
        return toctrees(page, laid[page], hidden="hidden" in words)
    if name not in MAKERS:
        raise SystemExit(f"{page}: nothing is called {name}; expected one of contents, {', '.join(MAKERS)}")
    return MAKERS[name](*words)


def toctrees(page, sections, *, hidden):
    """Write the contents below a page."""
    lines = []
    for caption, names in sections:
        if names:
            lines += ["```{toctree}", f":caption: {caption}", *([":hidden:"] if hidden else [":maxdepth: 1"]), ""]
            lines += [entry(os.path.relpath(name, Path(page).parent.as_posix()), TITLES.get(name)) for name in names] + ["```", ""]
    return "\n".join(lines)


def entry(path, title):
    """One line of the contents."""
    return f"{title} <{path}>" if title else path
