"""How a command talks: its result, its messages, its errors and its exit status."""

import contextlib
import errno
import functools
import inspect
import json
import os
import sys
import traceback
from dataclasses import dataclass, field

import typer

from ipdrecon.errors import IpdreconError
from ipdrecon.flags import numbered
from metaanalysis.errors import MetaAnalysisError, one_line, visible
from metaanalysis.wording import counted

DONE, FAILED, REVIEW, INTERRUPTED = 0, 1, 3, 130
_NOT_TAKEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EPIPE)
# steps may take minutes each; over a shorter stretch no speed would be known between two of them
_SPEED_OVER_S = 1800.0


@dataclass(frozen=True)
class Outcome:
    """What a verb did.

    Attributes
    ----------
    record : dict or None
        The result as `--json` prints it; None where it was announced before.
    needs_review : bool
        Whether a check failed or a part should be looked at.
    """

    record: dict = field(default_factory=dict)
    needs_review: bool = False


@dataclass(frozen=True)
class Talk:
    """Messages to a person; they leave standard output alone where the result goes there as JSON.

    Attributes
    ----------
    json, quiet, verbose, debug : bool
        As given on the command line.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    @functools.cached_property
    def _console(self):
        from rich.console import Console

        return Console(stderr=self.json, highlight=False, soft_wrap=True, markup=False)

    def say(self, text="", *, style=None):
        """Print a line, unless silence is wanted."""
        if not self.quiet:
            self._console.print(visible(text), style=style)

    def announce(self, text, record):
        """Print a line at once, also where silence is wanted; as JSON where the result goes to standard output so."""
        stream = sys.__stdout__ if self.json else sys.stdout
        stream.write((json.dumps(record, ensure_ascii=False) if self.json else text) + "\n")
        stream.flush()

    def show(self, table):
        """Print a table as wide as the terminal, unless silence is wanted."""
        if not self.quiet:
            self._console.print(table, soft_wrap=False)

    def detail(self, text):
        """Print a line where more words are wanted."""
        if self.verbose:
            self.say(text, style="dim")

    def flags(self, flags, *, with_numbers=False):
        """Print flags in words, those that need a look first; the others as a count unless more words are wanted.

        Their numbers are those of the pictures and of `figure.json`.
        """
        shown = {flag: f"{number}. {flag}" if with_numbers else str(flag) for flag, number in numbered(flags).items()}
        flags = tuple(shown)
        others = [flag for flag in flags if not flag.needs_review]
        for flag in flags:
            if flag.needs_review:
                self.say(f"  ! {shown[flag]}", style="yellow")
        for flag in others:
            self.detail(f"  - {shown[flag]}")
        if others and not self.verbose:
            more = " more" if len(others) < len(flags) else ""
            self.say(f"  {counted(len(others), 'note')}{more}; -v shows {'it' if len(others) == 1 else 'them'}", style="dim")

    @contextlib.contextmanager
    def working(self, text):
        """Show a spinner on a terminal while the work inside goes on; elsewhere show nothing."""
        if self.quiet or not self._console.is_terminal:
            yield
        else:
            with self._console.status(text):
                yield

    @contextlib.contextmanager
    def counting(self, text):
        """Show a bar with the time left on a terminal; elsewhere a line per step where more words are wanted.

        Gives a function to be called with how many are done, how many there are, and what was done last.
        """
        if self.quiet or not self._console.is_terminal:
            yield lambda done, total, last: self.detail(f"{done}{'' if total is None else f' of {total}'}: {last}")
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[last]}"))
        with Progress(*columns, console=self._console, speed_estimate_period=_SPEED_OVER_S) as progress:
            task = progress.add_task(text, total=None, last="")
            yield lambda done, total, last: progress.update(task, completed=done, total=total, last=last)


_COMMON = {
    "json": typer.Option("--json", help="Print the result as JSON on standard output, and nothing else there."),
    "quiet": typer.Option("--quiet", "-q", help="Say nothing but errors."),
    "verbose": typer.Option("--verbose", "-v", help="Say more, with every flag."),
    "debug": typer.Option("--debug", help="Show the traceback of an error."),
}


def refuse(options, why):
    """End a command as wrongly used where an option is given that does not go with the others.

    Parameters
    ----------
    options : dict of str to object
        What was given, by the option's name.
    why : str
        What follows the option's name in the message.
    """
    for option, value in options.items():
        if value:
            raise typer.BadParameter(f"{option} {why}")


def verb(app, name, *, hidden_names=()):
    """Make a command of a function ``function(talk, …) -> Outcome``.

    The command has the function's own options and `--json`, `--quiet`, `--verbose`, `--debug`; it prints the outcome,
    turns errors into one line, and ends with the exit status.

    Parameters
    ----------
    app : typer.Typer
    name : str
    hidden_names : sequence of str
        Other names it answers to, which the help does not show.
    """

    def decorate(function):
        own = list(inspect.signature(function).parameters.values())[1:]
        common = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_annotated(option))
            for key, option in _COMMON.items()
        ]

        def command(**given):
            talk = Talk(**{key: given.pop(key) for key in _COMMON})
            raise typer.Exit(_finish(talk, functools.partial(function, talk, **given)))

        command.__doc__, command.__name__ = function.__doc__, function.__name__
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        command.__signature__ = inspect.Signature(own + common)
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in own + common}
        for title in (name, *hidden_names):
            app.command(title, hidden=title != name)(command)
        return function

    return decorate


def _annotated(option):
    from typing import Annotated

    return Annotated[bool, option]


def _finish(talk, work):
    try:
        with contextlib.redirect_stdout(sys.stderr) if talk.json else contextlib.nullcontext():
            outcome = work()
    except KeyboardInterrupt:
        return _complain(talk, "Stopped; nothing half-written is left.", INTERRUPTED)
    except typer.BadParameter:
        raise
    except OSError as error:
        if talk.debug:
            traceback.print_exc()
        return _complain_of_output(talk, error) if error.errno in _NOT_TAKEN else _complain_of_bug(talk, error)
    except Exception as error:
        if talk.debug:
            traceback.print_exc()
        if is_expected(error):
            return _complain(talk, f"Error: {one_line(str(error))}", getattr(error, "exit_status", FAILED))
        return _complain_of_bug(talk, error)
    try:
        if talk.json and outcome.record is not None:
            from ipdrecon.app.saving import ALL_DIGITS, plain

            sys.stdout.write(json.dumps(plain(outcome.record, ALL_DIGITS), ensure_ascii=False, allow_nan=False) + "\n")
        sys.stdout.flush()
    except OSError as error:
        return _complain_of_output(talk, error)
    return REVIEW if outcome.needs_review else DONE


def is_expected(error):
    """Whether an exception tells of the input, not of a fault in the program."""
    return isinstance(error, IpdreconError | MetaAnalysisError)


def _complain_of_bug(talk, error):
    hint = "report it with the traceback above" if talk.debug else "run again with --debug and report the traceback"
    return _complain(talk, f"Error: this is a bug in ipdrecon ({type(error).__name__}: {one_line(str(error))}); {hint}.", FAILED)


def _complain_of_output(talk, error):
    """Say that what is told, or a file of the system's own, cannot be written; what is still to be told is given up."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    place = error.filename or "the output"
    return _complain(talk, f"Error: {place} cannot be written ({error.strerror or error}); make room, or send it elsewhere.", FAILED)


def _complain(talk, text, status):
    sys.stderr.write(visible(text) + "\n")
    return status
