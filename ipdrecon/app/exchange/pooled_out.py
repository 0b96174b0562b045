"""A pooled result in the files of other programs: R's metafor and meta, RevMan, CSV and JSON."""

from pathlib import Path

from ipdrecon.app.exchange.written_list import FOLDER, with_list
from ipdrecon.app.json_files import MALFORMED, read_json
from ipdrecon.app.pooled_files import POOLED, STUDIES
from ipdrecon.app.saving import write_files
from ipdrecon.errors import ExchangeError
from metaanalysis.exchange.exports import FORMATS, export_pooled
from metaanalysis.studies.columns import canonical_names, read_frame


def is_pooled(folder):
    """Whether a folder holds a pooled result."""
    return (Path(folder) / POOLED).is_file()


def export_pooled_folder(folder, to, out=None):
    """Write the pooled result of a folder for another program.

    Parameters
    ----------
    folder : str or Path
        Made by ``ipdrecon pool --out``.
    to : {"metafor", "meta", "revman", "json", "csv"}
    out : str or Path, optional
        A folder; by default ``export`` within.

    Returns
    -------
    list of Path

    Raises
    ------
    ExchangeError, FolderError, MetaAnalysisError
    """
    folder = Path(folder)
    out = folder / FOLDER if out is None else Path(out)
    if to not in FORMATS:
        raise ExchangeError(f"{folder} holds a pooled result, and the format is {to!r}; expected one of {', '.join(FORMATS)}: mend --to.")
    if out.resolve() == folder.resolve() or out.suffix in (".csv", ".json"):
        raise ExchangeError(f"--out is {out}; expected another folder, for the files of {to}.")
    again = f"pool again with: ipdrecon pool --out {folder}"
    record = read_json(folder / POOLED, again)
    record = {name: value for name, value in record.items() if name != "files"} if isinstance(record, dict) else record
    details = canonical_names(read_frame(folder / STUDIES)) if (folder / STUDIES).is_file() else None
    try:
        files = {name: text.encode() for name, text in export_pooled(record, to, details=details).items()}
    except MALFORMED as error:
        raise ExchangeError(f"{folder / POOLED} is not as the program writes it ({type(error).__name__}: {error}); {again}") from error
    write_files(out, with_list(folder, out, files))
    return [out / name for name in files]
