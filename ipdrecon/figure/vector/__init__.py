"""Figures read from the paths and the text of a PDF page or an SVG file, without pixels."""
