"""Moderators: from named columns of numbers or words to a design matrix, and from new values to its rows."""

from dataclasses import dataclass, field

import numpy as np

from metaanalysis.errors import MetaAnalysisError

INTERCEPT = "intercept"


@dataclass(frozen=True)
class Moderator:
    """One moderator.

    Attributes
    ----------
    name : str
    levels : tuple of str
        Of a categorical one, the reference first; empty for a number.
    mean : float
        Of a number, where predictions hold it by default.
    columns : tuple of int
        Of the design.
    """

    name: str
    levels: tuple
    mean: float
    columns: tuple

    @property
    def column_names(self):
        """Names of its columns: its own, or ``name: level`` for each level but the reference."""
        return tuple(f"{self.name}: {level}" for level in self.levels[1:]) or (self.name,)

    def encode(self, values):
        """Columns of the design for values of this moderator, shape (n, number of columns)."""
        if not self.levels:
            return np.asarray(values, float)[:, None]
        unknown = [value for value in map(str, values) if value not in self.levels]
        if unknown:
            raise MetaAnalysisError(f"The moderator {self.name} has no level {unknown[0]!r}; expected one of {', '.join(self.levels)}.")
        return np.array([[str(value) == level for level in self.levels[1:]] for value in values], float)


@dataclass(frozen=True)
class Moderators:
    """All moderators of a regression.

    Attributes
    ----------
    terms : tuple of Moderator
    has_intercept : bool
    design : ndarray, shape (k, p)
    """

    terms: tuple
    has_intercept: bool
    design: np.ndarray = field(repr=False)

    @property
    def names(self):
        """Names of the design's columns."""
        return (INTERCEPT,) * self.has_intercept + tuple(name for term in self.terms for name in term.column_names)

    def term(self, name):
        """Give a moderator by its name."""
        for term in self.terms:
            if term.name == name:
                return term
        raise MetaAnalysisError(f"There is no moderator {name!r}; expected one of {', '.join(term.name for term in self.terms)}.")

    def encode(self, at):
        """Rows of the design at new values.

        Parameters
        ----------
        at : mapping
            Values by moderator, one or as many as rows; a number not named is held at its mean, a category at its reference.

        Returns
        -------
        rows : ndarray, shape (n, p)
        values : dict
            All values by moderator, n each.
        """
        given = {self.term(name).name: np.atleast_1d(value) for name, value in at.items()}
        n_rows = max((len(values) for values in given.values()), default=1)
        wrong = [name for name, values in given.items() if len(values) not in (1, n_rows)]
        if wrong:
            raise MetaAnalysisError(f"The moderator {wrong[0]} has {len(given[wrong[0]])} values where others have {n_rows}; give one, or as many.")
        values = {}
        for term in self.terms:
            chosen = given.get(term.name, np.atleast_1d(term.levels[0] if term.levels else term.mean))
            values[term.name] = np.resize(chosen, n_rows).tolist()
        columns = [np.ones((n_rows, 1))] if self.has_intercept else []
        return np.hstack(columns + [term.encode(values[term.name]) for term in self.terms]), values


def _is_number(values):
    return all(isinstance(value, int | float | np.number | np.bool_) for value in values)


def _check_complete(name, values, study):
    for row, value in zip(study, values, strict=True):
        if value is None or value != value or value == "" or (isinstance(value, float | np.floating) and not np.isfinite(value)):
            raise MetaAnalysisError(f"The moderator {name} is missing for {row}; expected a value for every study: fill it in or leave the study out.")


def _levels(name, values, reference):
    levels = list(dict.fromkeys(str(value) for value in values))
    if reference is None:
        return tuple(levels)
    if str(reference) not in levels:
        raise MetaAnalysisError(f"The reference of {name} is {reference!r}; expected one of its levels, {', '.join(levels)}.")
    return (str(reference), *(level for level in levels if level != str(reference)))


def _check_rank(design, names):
    """Name the first column that earlier ones already span."""
    scaled = design / np.linalg.norm(design, axis=0)
    for stop in range(1, design.shape[1] + 1):
        if np.linalg.matrix_rank(scaled[:, :stop], tol=1e-9) < stop:
            raise MetaAnalysisError(f"The moderator column {names[stop - 1]!r} is a combination of {', '.join(map(repr, names[: stop - 1]))}; leave one of them out.")


def read_moderators(moderators, study, *, reference=None, intercept=True):
    """Make the design of a meta-regression.

    Parameters
    ----------
    moderators : mapping or DataFrame
        Values by name, one per study: numbers, or words for categories.
    study : sequence of str
    reference : mapping, optional
        The reference level of categories; the first one seen by default.
    intercept : bool

    Returns
    -------
    Moderators

    Raises
    ------
    MetaAnalysisError
        For missing, constant or collinear moderators, by name.

    Examples
    --------
    >>> moderators = read_moderators({"year": [1990, 1995, 2001], "blind": ["no", "yes", "yes"]}, ["A", "B", "C"])
    >>> moderators.names
    ('intercept', 'year', 'blind: yes')
    """
    reference, terms, columns = reference or {}, [], [np.ones((len(study), 1))] if intercept else []
    position = int(intercept)
    for name in moderators:
        values = list(moderators[name])
        if len(values) != len(study):
            raise MetaAnalysisError(f"The moderator {name} holds {len(values)} values for {len(study)} studies; expected one per study.")
        _check_complete(name, values, study)
        if len(set(values)) == 1:
            raise MetaAnalysisError(f"The moderator {name} is {values[0]} in every study; expected one that varies: leave it out.")
        is_number = _is_number(values) and name not in reference
        levels = () if is_number else _levels(name, values, reference.get(name))
        width = max(len(levels) - 1, 1)
        term = Moderator(str(name), levels, float(np.mean(values)) if is_number else float("nan"), tuple(range(position, position + width)))
        terms.append(term)
        columns.append(term.encode(values))
        position += width
    if not terms:
        raise MetaAnalysisError("A meta-regression was asked for without moderators; expected at least one: use pool() for a mean.")
    design = np.hstack(columns)
    result = Moderators(tuple(terms), intercept, design)
    if len(design) > design.shape[1]:
        _check_rank(design, result.names)
    return result
