"""Formulas as MathML, written at build time: browsers draw it themselves, so that nothing is loaded from anywhere."""

from latex2mathml.converter import convert


def _inline(translator, node):
    translator.body.append(convert(node.astext(), display="inline"))
    raise_skip()


def _block(translator, node):
    translator.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>\n')
    raise_skip()


def raise_skip():
    """Tell the writer that a node has been written whole."""
    from docutils.nodes import SkipNode

    raise SkipNode


def setup(app):
    """Give Sphinx the writer of formulas."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
