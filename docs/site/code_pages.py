"""Pages made from the program itself: its options, its flags, its kinds of edit."""

import re
import typing
from pathlib import Path

SIDES = ("one", "two", "three", "four")
VALUES = {int: "N", float: "NUMBER", Path: "PATH", "integer": "N", "integer range": "N", "float": "NUMBER", "float range": "NUMBER", "path": "PATH"}
COMMON = ("--json", "--quiet", "--verbose", "--debug")
STAGE_NAMES = {"panels": "boxes", "axes": "axes", "ink": "ink", "curves": "curves", "table": "numbers at risk", "names": "names"}


def cell(text):
    """Make a text fit for a cell of a table."""
    return "–" if text is None else re.sub(r"\s+", " ", str(text)).strip().replace("|", "\\|")


def table(head, rows, css=""):
    """Write a table; rows are sequences of cells."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join([f"{{.{css}}}", *lines] if css else lines) + "\n"


# --- commands --------------------------------------------------------------------------------------------------------


def commands():
    """Write every command with its arguments and options, as the command line itself knows them."""
    from typer.main import get_command

    from ipdrecon.app.commands import app

    found = [command for command in get_command(app).commands.values() if not command.hidden]
    every = [parameter for parameter in found[0].params if set(parameter.opts) & set(COMMON)]
    parts = [table(("every command has", "what it does"), [(option(parameter), parameter.help) for parameter in every], "options")]
    return "\n".join([*parts, *(section(command) for command in found)])


def section(command):
    """One command: what it does, its example, its arguments, its options."""
    told, *examples = [part.strip() for part in re.split(r"\n\s*Example: ", command.help)]
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option" and not set(parameter.opts) & set(COMMON)]
    usage = " ".join(["ipdrecon", command.name, *(shown(argument) for argument in arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"## ipdrecon {command.name}", "", told, "", "```", usage, "```", ""]
    parts += [f"For example `{example}`.\n" for example in examples]
    rows = [(f"`{metavar(argument)}`", argument.help + said_default(argument)) for argument in arguments]
    rows += [(option(one), f"{one.help}{repeatable(one)}{said_default(one)}") for one in options]
    return "\n".join([*parts, table(("given", "what it says"), rows, "options")])


def metavar(parameter):
    """What stands for a value."""
    return parameter.metavar or parameter.name.upper()


def shown(argument):
    """An argument as in a line of usage."""
    return metavar(argument) if argument.required else f"[{metavar(argument)}]"


def option(parameter):
    """Every spelling of an option, with what follows it."""
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.is_flag:
        return names
    return f"{names} {parameter.metavar or VALUES.get(kind_of(parameter), 'TEXT')}"


def kind_of(parameter):
    """Return the kind of value an option takes, as this or an older version of typer tells it."""
    descriptor = getattr(parameter, "type_descriptor", None)
    kind = parameter.type.name if descriptor is None else descriptor.annotation
    inner = typing.get_args(kind)
    return inner[0] if inner else kind


def repeatable(parameter):
    """Say that an option may be given several times, where its help does not."""
    return " May be repeated." if parameter.multiple and "repeat" not in parameter.help else ""


def said_default(parameter):
    """Say what holds where nothing is given."""
    value = parameter.default
    if value in (None, False, True, "") or "default" in (parameter.help or ""):
        return ""
    return f" Without it: `{' '.join(map(str, value)) if isinstance(value, tuple | list) else f'{value:g}' if isinstance(value, float) else value}`."


# --- flags -----------------------------------------------------------------------------------------------------------


def flags():
    """Write every kind of doubt: those that need a look first, then those that inform."""
    from ipdrecon.flags import DEFINITIONS

    parts = []
    for wanted, heading in ((True, "Flags that need a look"), (False, "Flags that inform")):
        chosen = sorted((one for one in DEFINITIONS.values() if one.needs_review is wanted), key=lambda one: one.name)
        end = "The command ends with 3." if wanted else "The command ends with 0 where there is no other doubt; `-v` shows them."
        rows = [(f"`{one.name}`", one.meaning, one.look_at) for one in chosen]
        parts += [f"## {heading}", "", end, "", table(("flag", "what was noticed", "look at"), rows, "options .flags"), ""]
    return "\n".join(parts)


# --- edits -----------------------------------------------------------------------------------------------------------


def edits():
    """Write every kind of edit with its fields, in the order in which they act."""
    from ipdrecon.figure.edits.kinds import KINDS, STAGES

    parts = []
    for stage in STAGES:
        rows = [(f"`{name}`", first_sentence(kind), fields_of(kind)) for name, kind in KINDS.items() if kind.stage == stage]
        parts += [f"## {STAGE_NAMES.get(stage, stage).capitalize()}", "", table(("edit", "what it says", "fields"), rows, "options"), ""]
    return "\n".join(parts)


def first_sentence(kind):
    """The first paragraph of a docstring, on one line."""
    return re.sub(r"\s+", " ", (kind.__doc__ or "").strip().partition("\n\n")[0])


def fields_of(kind):
    """Every field of a kind of edit, with what it may hold; `panel` is told once for all."""
    told = []
    for name, field in kind.model_fields.items():
        if name == "edit" or (name == "panel" and not field.is_required()):
            continue
        shape = shape_of(field.annotation)
        told.append(f"`{name}`{f' ({shape})' if shape else ''}{'' if field.is_required() else ', if wanted'}")
    return "; ".join(told) or "none"


def shape_of(kind):
    """What a field may hold, in words."""
    origin, inner = typing.get_origin(kind), [one for one in typing.get_args(kind) if one is not type(None)]
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" if isinstance(value, str) else str(value).lower() for value in inner)
    if origin is typing.Annotated:
        return shape_of(inner[0])
    if origin is tuple and Ellipsis in inner:
        return f"a list{' of ' + shape_of(inner[0]) if shape_of(inner[0]) else ''}"
    if origin is tuple:
        return f"{SIDES[len(inner) - 1]} {'names' if str in map(bare, inner) else 'numbers'}"
    if origin is not None and inner:
        return shape_of(inner[0])
    if hasattr(kind, "model_fields"):
        return " and ".join(f"`{name}`" for name in kind.model_fields)
    return {str: "text", int: "a whole number", float: "a number", bool: "true"}.get(kind, "")


def bare(kind):
    """The kind within an annotation."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind


MAKERS = {"commands": commands, "flags": flags, "edits": edits}
