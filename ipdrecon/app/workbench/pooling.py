"""Pooling what the figures of the workbench give."""


def rows(asked):
    """What the figures may give."""
    raise NotImplementedError


def pool(asked):
    """Pool."""
    raise NotImplementedError


def file(asked, name):
    """A file of the last pool."""
    raise NotImplementedError
