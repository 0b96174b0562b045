"""The elements of an SVG file, within limits: nothing is fetched, and no entity can swell."""

import re
import zlib
from xml.etree.ElementTree import TreeBuilder
from xml.parsers import expat

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector.svg_limits import MOST

MOST_BYTES = 64 * 2**20
MOST_LEVELS = 256
MOST_ENTITY_CHARACTERS = 10_000_000
COMMENT = "#comment"
_GZIP = b"\x1f\x8b"


def parse_elements(data, source):
    """Parse an SVG file, also a gzipped one.

    Parameters
    ----------
    data : bytes
    source : str
        Name of the file, for messages.

    Returns
    -------
    xml.etree.ElementTree.Element
        The ``svg`` element. Names of SVG's own elements stand without prefix and namespace, names of all others with
        their prefix; attributes as written, and as attribute `COMMENT` the last comment right within an element.

    Raises
    ------
    FigureError
        When it is no SVG, is damaged, is beyond a limit, or declares entities that are not plain short texts.
    """
    data = _unpacked(data, source)
    elements = _Elements(data, source)
    try:
        elements.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FigureError(_malformed(data, source, error)) from error
    except (ValueError, LookupError) as error:
        raise FigureError(f"{source} is written in an encoding that is not known; save it as UTF-8.") from error
    return elements.builder.close()


def _unpacked(data, source):
    if not data.startswith(_GZIP):
        if len(data) > MOST_BYTES:
            raise FigureError(f"{source} has {len(data) / 2**20:.0f} MB; at most {MOST_BYTES >> 20} MB of SVG are read.")
        return data
    packed = zlib.decompressobj(wbits=31)
    try:
        data = packed.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise FigureError(f"{source} is damaged: it cannot be unpacked ({error}). Download or export it again.") from error
    if len(data) > MOST_BYTES:
        raise FigureError(f"{source} unpacks to over {MOST_BYTES >> 20} MB; at most that much SVG is read.")
    if not packed.eof:
        raise FigureError(f"{source} is cut short: its packed data do not end. Download or export it again.")
    return data


def _malformed(data, source, error):
    what = f"{expat.errors.messages.get(error.code, 'malformed')}, line {error.lineno}"
    if b"<svg" in data or re.search(rb"<\w+:svg", data) or b"<\0s\0v\0g" in data:
        return f"{source} is damaged or cut short ({what}); download or export the SVG file again."
    return f"{source} is no SVG file ({what}); give an SVG, PDF or picture file."


class _Elements:
    """The parser's handlers: they count, and build the tree."""

    def __init__(self, data, source):
        self.source = source
        self.builder = TreeBuilder()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.builder.data
        self.parser.EntityDeclHandler = self._entity
        self.parser.CommentHandler = self._comment
        self._open = []
        self._n_references = data.count(b"&")
        self._prefix = None
        self._level = 0
        self._n_elements = 0

    def _start(self, name, attributes):
        if self._prefix is None:
            self._prefix = self._root_prefix(name)
        self._level += 1
        self._n_elements += 1
        if self._level > MOST_LEVELS:
            raise FigureError(f"{self.source} nests its elements over {MOST_LEVELS} deep; no figure does. Export it again.")
        if self._n_elements > MOST["elements"]:
            raise FigureError(f"{self.source} has over {MOST['elements']} elements; that is too many. Cut the figure out of it.")
        self._open.append(self.builder.start(name.removeprefix(self._prefix), attributes))

    def _end(self, name):
        self._level -= 1
        self._open.pop()
        self.builder.end(name.removeprefix(self._prefix))

    def _comment(self, text):
        if self._open:
            self._open[-1].set(COMMENT, text.strip())

    def _root_prefix(self, name):
        if name.rpartition(":")[2] != "svg":
            raise FigureError(f"{self.source} is no SVG file (its first element is <{name[:40]}>); expected <svg>.")
        return name.removesuffix("svg")

    def _entity(self, name, is_parameter, value, base, system_id, public_id, notation):
        if value is None or is_parameter:
            raise FigureError(f"{self.source} declares the external entity {name[:40]!r}; nothing is fetched. Export it without.")
        if "&" in value or "%" in value or len(value) * self._n_references > MOST_ENTITY_CHARACTERS:
            raise FigureError(f"{self.source} declares the entity {name[:40]!r}, which swells; export the figure without entities.")
