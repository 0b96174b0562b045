"""Hostile and broken SVG files end in one line, or are read as far as they are fine; quickly, and without fetching anything."""

import base64
import gzip
import io
import socket
import time

import pytest
from PIL import Image

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector import svg_limits, svg_style, svg_xml
from ipdrecon.figure.vector.svg import read_svg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100pt" height="100pt" viewBox="0 0 100 100">'
RECT = '<rect width="10" height="10"/>'
LONGEST_S = 20


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "socket", refuse)


@pytest.fixture
def small(monkeypatch):
    """Limits so low that a test reaches them quickly."""
    for what in svg_limits.MOST:
        monkeypatch.setitem(svg_limits.MOST, what, 2000)


def file_of(body, doctype=""):
    return f"{doctype}{HEAD}{body}</svg>".encode()


def read(data):
    begin = time.process_time()
    try:
        return read_svg(data, "figure.svg")
    finally:
        assert time.process_time() - begin < LONGEST_S


def refused(data, match):
    with pytest.raises(FigureError, match=match) as caught:
        read(data)
    message = str(caught.value)
    assert message.startswith("figure.svg ")
    assert "\n" not in message
    assert len(message) < 250


def n_shapes(body, **more):
    return len(read(file_of(body, **more)).shapes)


# --- entities ---


def test_a_billion_laughs():
    rows = "".join(f'<!ENTITY {name} "' + f"&{before};" * 10 + '">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    refused(file_of("<text>&i;</text>", f'<!DOCTYPE svg [<!ENTITY a "ha">{rows}]>'), "declares the entity 'b', which swells")


def test_a_quadratic_blowup():
    entity = f'<!DOCTYPE svg [<!ENTITY a "{"a" * 50_000}">]>'
    refused(file_of(f"<text>{'&a;' * 50_000}</text>", entity), "declares the entity 'a', which swells")


@pytest.mark.parametrize("entity", ['a SYSTEM "file:///etc/passwd"', '% a SYSTEM "http://127.0.0.1/a.dtd"', '% a "x"', 'a PUBLIC "a" "http://127.0.0.1/a"'])
def test_external_and_parameter_entities(entity):
    refused(file_of(f"<text>a</text>{RECT}", f"<!DOCTYPE svg [<!ENTITY {entity}>]>"), "external entity")


# --- what lies outside ---


@pytest.mark.parametrize("address", ["http://127.0.0.1/a.png", "file:///etc/passwd", "a.png", "//127.0.0.1/a", "#r", ""])
def test_an_external_picture_is_left_out_and_alone_refused(address):
    image = f'<image xlink:href="{address}" width="9" height="9"/>'
    assert n_shapes(image + RECT) == 1
    refused(file_of(image), "lies outside of it; nothing is fetched")


def test_external_styles_uses_and_paints_are_left_out():
    body = '<style>@import url(http://127.0.0.1/a.css); rect{fill: url(http://127.0.0.1/a.svg#b) red}</style><use href="http://127.0.0.1/a.svg#b"/>'
    assert read(file_of(f'<?xml-stylesheet href="http://127.0.0.1/a.css"?>{body}{RECT}')).shapes[0].fill is not None


# --- <use>, clips and gradients that lead in circles, or to ever more ---


@pytest.mark.parametrize(
    "body",
    [
        '<g id="a"><use href="#a"/>{}</g>',
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>{}',
        '<use id="a" href="#a"/>{}',
        '<symbol id="a"><use href="#a"/></symbol><use href="#a"/>{}',
        '<svg id="a"><use href="#a"/></svg>{}',
        '<clipPath id="c" clip-path="url(#c)"><rect width="5" height="5" clip-path="url(#c)"/></clipPath><g clip-path="url(#c)">{}</g>',
        '<linearGradient id="a" href="#b"/><linearGradient id="b" href="#a"/><g fill="url(#a)">{}</g>',
    ],
)
def test_circles(body):
    assert n_shapes(body.format(RECT)) >= 1


@pytest.mark.parametrize("leaf", ["", RECT, "<text>a</text>", f'<image href="data:image/png;base64,{"A" * 8}"/>'])
def test_an_exponential_use(small, leaf):
    groups = "".join(f'<g id="a{i + 1}">' + f'<use href="#a{i}"/>' * 10 + "</g>" for i in range(20))
    refused(file_of(f'<defs><g id="a0">{leaf}</g>{groups}</defs><use href="#a20"/>'), "draws over 2000 (elements|letters|points)")


def test_an_exponential_clip(small):
    part = '<rect width="9" height="9" clip-path="url(#c{})" transform="translate({})"/>'
    clips = "".join(f'<clipPath id="c{i}">' + "".join(part.format(i + 1, k) for k in range(9)) + "</clipPath>" for i in range(12))
    refused(file_of(f'{clips}<g clip-path="url(#c0)">{RECT}</g>'), "draws over 2000 (elements|points|subpaths)")


def test_a_long_path_used_often(small):
    body = f'<defs><path id="p" d="M0 0{"h1v1" * 200}"/></defs>' + '<use href="#p"/>' * 20
    refused(file_of(body), "draws over 2000 points")


# --- sheer size ---


def test_a_million_segments_are_read():
    scene = read(file_of(f'<path fill="none" stroke="red" d="M0 0{"l.1 0v.1" * 500_000}"/>'))
    assert len(scene.shapes[0].parts[0]) == 1_000_001


def test_a_million_elements():
    refused(file_of("<g/>" * 1_000_000), "has over [0-9]+ elements")


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (f'<path stroke="red" d="{"M0 0h1" * 3000}"/>', "draws over 2000 subpaths"),
        (f'<path d="M0 0{"c99 0 0 99 9 9" * 1000}"/>', "draws over 2000 points"),
        (f"<text>{'a' * 3000}</text>", "draws over 2000 letters"),
        (f"<text>{' ' * 3000}</text>", "draws over 2000 letters"),
    ],
)
def test_each_kind_of_drawing_has_its_limit(small, body, match):
    refused(file_of(body), match)


def test_deep_nesting():
    refused(file_of(f"{'<g>' * 100_000}{RECT}{'</g>' * 100_000}"), "nests its elements over 256 deep")
    assert n_shapes(f"{'<g>' * 250}{RECT}{'</g>' * 250}") == 1
    assert len(read(file_of(f"<text>{'<tspan>' * 250}x{'</tspan>' * 250}</text>")).texts) == 1


def test_a_gzip_bomb_and_a_large_file(monkeypatch):
    refused(gzip.compress(bytes(svg_xml.MOST_BYTES + 1), 1), "unpacks to over 64 MB")
    monkeypatch.setattr(svg_xml, "MOST_BYTES", 1 << 20)
    refused(file_of(RECT + " " * (1 << 20)), "at most 1 MB of SVG are read")


def test_pictures_too_large(small):
    data = io.BytesIO()
    Image.new("1", (30, 30)).save(data, "PNG")
    image = f'<image id="i" width="9" height="9" href="data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"/>'
    assert len(read(file_of(image)).pictures) == 1
    refused(file_of(f'{image}<use href="#i"/><use href="#i"/>'), "draws over 2000 pixels")
    refused(file_of(image.replace("<image", '<image transform="rotate(30) scale(1 50)"')), "draws over 2000 pixels")


@pytest.mark.parametrize("data", ["data:image/png;base64,iVBORw0KGgo", "data:image/png;base64,%%", "data:image/png,abc", "data:,", "data:image/svg+xml,<svg/>"])
def test_damaged_pictures_are_left_out(data):
    address = data.replace("<", "&lt;")
    assert n_shapes(f'<image width="9" height="9" href="{address}"/>{RECT}') == 1


# --- styles ---


def test_style_sheets_without_end(monkeypatch):
    refused(file_of(f"<style>{'a b c d e f{fill:red}' * 5000}</style>{RECT}"), "too many style rules")
    monkeypatch.setattr(svg_style, "MOST_SELECTOR_TESTS", 1000)
    refused(file_of(f"<style>{'rect{fill:red}' * 50}</style>{RECT * 50}"), "too many style rules")
    refused(file_of(f"<style>{' ' * 1_000_001}</style>{RECT}"), "characters of style sheets")
    refused(file_of(f"<style>rect {{ fill: {'a(' * 5000} }}</style>{RECT}"), "brackets nested beyond")


def test_selectors_cost_no_more_than_their_length():
    sheet = f"{' '.join('*' * 100)}{{fill:red}} nope {' '.join('*' * 60)}{{fill:red}} rect ~ rect ~ rect ~ rect{{fill:blue}}"
    assert n_shapes(f"<style>{sheet}</style>{'<g>' * 200}{RECT * 1000}{'</g>' * 200}") == 1000


@pytest.mark.parametrize("text", ["(" * 20_000, '"a\n' * 20_000, "{" * 20_000, "/*" * 20_000, "fill:'" * 20_000, "a:b;" * 20_000, "!" * 20_000])
def test_malformed_styles(text):
    quoted = text.replace('"', "&quot;")
    assert n_shapes(f'<style>{quoted}</style><rect width="9" height="9" style="{quoted}"/>{RECT}') >= 1


# --- numbers ---


@pytest.mark.parametrize(
    "body",
    [
        '<path stroke="red" d="M1e300 0L5 1e308"/>',
        '<path stroke="red" d="M0 0L1e999 5"/>',
        '<path stroke="red" d="MNaN NaN L inf 5"/>',
        '<path stroke="red" d="M1e9 0h1"/>',
        '<rect x="1e300" width="1e300" height="1e300"/>',
        '<rect width="NaN" height="inf"/>',
        '<text x="1e300" font-size="1e200"> </text>',
        '<text x="1e20">a</text>',
        '<g transform="scale(1e25)">' * 20 + '<circle r="1e29"/><text font-size="1e29">x</text>' + "</g>" * 20,
        f'<g transform="{"scale(1e25) " * 20}"><circle r="1e29"/></g>',
        '<circle r="1e29"/>',
        '<g transform="scale(0)"><circle r="9"/><text>b</text></g>',
        '<g transform="scale(1 0)"><path stroke="red" d="M0 0C1 1 2 2 3 0"/><text>b</text></g>',
        '<svg viewBox="0 0 1e-300 1e-300"><circle r="9"/></svg>',
        '<svg viewBox="0 0 -1 5"><circle r="9"/></svg>',
        '<svg width="-5"><circle r="9"/></svg>',
    ],
)
def test_coordinates_beyond_all_pages_are_left_out(body):
    scene = read(file_of(body + RECT))
    assert (len(scene.shapes), len(scene.texts)) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        '<g transform="scale(1e400) rotate(1e400) skewX(1e400)">{}</g>',
        '<g transform="rotate(1e29)">{}</g>',
        '<g transform="scale(1e300)"><circle r="5"/>{}</g>',
        '<path stroke="red" d="M0 0A1e-300 1 1e300 0 1 5 5 1e300 1 0 0 0 6 6zA1e30 1e30 0 0 0 1e-30 0"/>{}',
        '<path stroke="red" stroke-width="1e300" stroke-dasharray="1e300 1e-300" d="M0 0h5"/>{}',
        '<g opacity="1e300" font-size="1e300" stroke-width="nan">{}</g>',
        f'<rect width="{"1" * 100_000}!" height="9"/>{{}}',
        f'<path d="M{"1" * 100_000}"/>{{}}',
        f'<g transform="{"a" * 100_000}">{{}}</g>',
        f'<g transform="{"scale(" * 100_000}">{{}}</g>',
        f'<path stroke="red" d="M0 0h9" stroke-dasharray="{"1 " * 100_000}"/>{{}}',
    ],
)
def test_numbers_out_of_reason_do_no_harm(body):
    assert n_shapes(body.format(RECT)) >= 1


@pytest.mark.parametrize(
    ("attributes", "match"),
    [
        ('viewBox="0 0 -5 5"', "empty viewBox"),
        ('viewBox="0 0 0 0" width="5" height="5"', "empty viewBox"),
        ('viewBox="0 0 1e9 1e9"', "has a page of 7.5e\\+08 × 7.5e\\+08 pt"),
        ('width="1e9" height="5"', "has a page of"),
        ('width="0" height="5"', "without width or height"),
        ('width="-5" height="5"', "without width or height"),
        ('viewBox="0 0 1e-30 1e-30" width="5" height="5"', "draws nothing"),
        ('viewBox="0 0 1e30 1e-30"', "has a page of"),
    ],
)
def test_pages_out_of_reason(attributes, match):
    refused(f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{RECT}</svg>'.encode(), match)


@pytest.mark.parametrize("box", ["0 0 1e300 1e300", "NaN 0 1 1", "1 2 3", ""])
def test_a_malformed_view_box_is_none(box):
    assert read(f'<svg viewBox="{box}" width="40" height="20">{RECT}</svg>'.encode()).width == 30


# --- no SVG ---


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "is no SVG file"),
        (b"hello", "is no SVG file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is no SVG file"),
        (b"%PDF-1.7", "is no SVG file"),
        (b"<html><body/></html>", "its first element is <html>"),
        (file_of(RECT)[:-12], "damaged or cut short"),
        (file_of(RECT)[:60], "damaged or cut short"),
        (file_of("<g></h>"), "damaged or cut short"),
        (gzip.compress(file_of(RECT))[:-20], "cut short"),
        (b"\x1f\x8b" + bytes(40), "damaged"),
        (b'<?xml version="1.0" encoding="no-such"?>' + file_of(RECT), "encoding"),
    ],
)
def test_what_is_no_svg(data, match):
    refused(data, match)
