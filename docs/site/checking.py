"""Follow every link of the site: what leads nowhere, and what would be fetched from another machine."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "object": "data", "embed": "src", "link": "href"}
# links that name a place and fetch nothing
NAMED_ONLY = {"canonical", "next", "prev", "index", "search", "author", "license", "copyright"}
STYLED = re.compile(r"""url\(\s*['"]?(?!data:|#)([^'")]+)|@import\s+['"]([^'"]+)""")


class Page(HTMLParser):
    """What a page links to, fetches, and which places it has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.fetched, self.places = [], [], set()
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note links, resources and places."""
        known = dict(attrs)
        self.places |= {known[name] for name in ("id", "name") if known.get(name)}
        self._in_style = tag == "style"
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])
        if tag == "link" and NAMED_ONLY & set((known.get("rel") or "").split()):
            self.links.append(known["href"])
        elif tag in FETCHED and known.get(FETCHED[tag]):
            self.fetched.append(known[FETCHED[tag]])
        self.fetched += styled(known.get("style") or "")

    def handle_data(self, data):
        """Note what a style sheet within the page fetches."""
        if self._in_style:
            self.fetched += styled(data)


def styled(text):
    """Addresses that a style sheet fetches."""
    return [first or second for first, second in STYLED.findall(text)]


def is_elsewhere(address):
    """Whether an address is on another machine."""
    return bool(urlsplit(address).netloc)


def faults(site):
    """Find dead links and calls to other machines.

    Parameters
    ----------
    site : Path
        Folder of the built site.

    Returns
    -------
    list of str
        One sentence for each fault, in the order of the pages.
    """
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        where = path.relative_to(site)
        for address in page.fetched:
            if is_elsewhere(address):
                found.append(f"{where} fetches {address}")
            elif not address.startswith("data:") and not target(path, address).exists():
                found.append(f"{where} fetches {address}, which is not there")
        found += [f"{where} links to {link}, which is not there" for link in page.links if is_dead(path, link, pages)]
    for path in sorted(site.rglob("*.css")):
        found += [f"{path.relative_to(site)} fetches {address}" for address in styled(path.read_text(encoding="utf-8")) if is_elsewhere(address)]
    return found


def target(path, address):
    """Return the file an address within the site means."""
    return (path.parent / unquote(urlsplit(address).path)).resolve()


def is_dead(path, link, pages):
    """Whether a link leads nowhere in the site; what lies outside is not asked for."""
    if is_elsewhere(link) or link.startswith("mailto:"):
        return False
    aim = target(path, link) if urlsplit(link).path else path
    part = unquote(urlsplit(link).fragment)
    if aim not in pages:
        return not aim.is_file()
    return bool(part) and part not in pages[aim].places
