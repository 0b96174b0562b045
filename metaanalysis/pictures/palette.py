"""The colours of all pictures.

They keep apart in the common colour deficiencies: a dark blue, a dark red, an orange and an ochre between them in lightness,
greys.
"""

INK, NOTE, FAINT, LEADER, PALE = "#1a1a1a", "#5b6066", "#8c8c8c", "#b9bdc2", "#d9dcdf"
STUDY, POOLED, FLAGGED, EXPECTED = "#2f6690", "#9b2226", "#c75b12", "#b07d2b"
"""Single studies and the course of data; pooled results and boundaries; what stands out; what is foretold."""

SHADES = ("#ffffff", "#c3cad1", "#dde2e7", "#f1f3f5")
"""From the middle of a funnel outwards."""
