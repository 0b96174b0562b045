"""Several readings of one figure: who has read it, where two differ, and what was agreed upon."""


def readers(asked):
    """Who has read the figure."""
    rows = []
    for reader in (None, *asked.entry.readers):
        desk = asked.figures.desk(asked.entry, reader)
        rows.append({"reader": reader, "status": desk.status, "revision": desk.revision, "n_edits": len(desk.journal.edits)})
    return {"readers": rows}


def add_reader(asked):
    """Begin a further reading."""
    raise NotImplementedError


def compare(asked):
    """Where two readings differ."""
    raise NotImplementedError


def agree(asked):
    """Store what was agreed upon."""
    raise NotImplementedError
