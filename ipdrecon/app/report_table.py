"""A table of a report: as people read it, and as the CSV file that goes with it.

Examples
--------
>>> import pandas as pd
>>> table = ReportTable("sizes", "Sizes", ("Trial", "Patients"), (("A", "120"),), pd.DataFrame({"trial": ["A"], "n": [120]}), right=(1,))
>>> table.csv().decode().splitlines()
['trial,n', 'A,120']
"""

from dataclasses import dataclass, field

import pandas as pd

from ipdrecon.app import saving


@dataclass(frozen=True)
class ReportTable:
    """A table.

    Attributes
    ----------
    name : str
        Of its file.
    title : str
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
    frame : DataFrame
        The same with bare numbers, for the file; it may hold more.
    lead : str
        What a reader should know before the table.
    right : tuple of int
        Columns of numbers.
    wide : tuple of int
        Columns of running text.
    """

    name: str
    title: str
    columns: tuple
    rows: tuple = field(repr=False)
    frame: pd.DataFrame = field(repr=False)
    lead: str = ""
    right: tuple = ()
    wide: tuple = ()

    def csv(self):
        """Make the content of its file."""
        return saving.frame_csv(self.frame)


def text_table(name, title, records, headings, *, lead="", wide=()):
    """Make a table of texts.

    Parameters
    ----------
    name, title : str
    records : sequence of dict
    headings : dict of str to str
        Heading by key of the records.
    lead : str
    wide : tuple of str
        Keys of running text.

    Returns
    -------
    ReportTable or None
        None without records.
    """
    if not records:
        return None
    rows = tuple(tuple(str(record[key]) for key in headings) for record in records)
    places = tuple(place for place, key in enumerate(headings) if key in wide)
    return ReportTable(name, title, tuple(headings.values()), rows, pd.DataFrame(records, columns=list(headings)), lead, wide=places)
