"""Tables, pictures and verdicts, and how they get into the document."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Table:
    """A table of text. `sampled`: it depends on the number of samples, so a quick run differs."""

    name: str
    header: list[str]
    rows: list[list[str]]
    sampled: bool = False

    def markdown(self) -> str:
        """The first column to the left, the others to the right where all of them are numbers."""
        marks = [
            "---" if column == 0 or not self._numbers(column) else "--:"
            for column in range(len(self.header))
        ]
        lines = [self.header, marks, *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)

    def _numbers(self, column: int) -> bool:
        return all(re.fullmatch(r"[−\d,.  %×<>–*]+", row[column]) for row in self.rows)


@dataclass(frozen=True)
class Attack:
    """What an attacker's best response earns: by the chosen rules, today, and before."""

    name: str
    pays: bool
    earns: str
    """The number, with its unit and the condition under which it was found."""
    pays_today: bool
    today: str
    """The same under the rules of today."""
    before: str
    """The same before there were audits and what came with them."""
    conclusion: str
    """What an operator or a governor should do about it."""


@dataclass(frozen=True)
class Picture:
    """A picture and the function that draws it onto a pair of matplotlib axes."""

    name: str
    draw: Callable[[Any], None]


@dataclass
class Line:
    """What a line of the simulation found."""

    name: str
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    attacks: list[Attack] = field(default_factory=list)


def number(value: float, digits: int = 3) -> str:
    """At most `digits` significant digits, thousands with commas, a real minus, no exponent.

    Rounded by decimal text, so that no machine prints another last digit for the same double.
    """
    if not isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0:
        return "0"
    text = f"{rounded:,.12f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def percent(value: float, digits: int = 3) -> str:
    """A share in 0…1 as per cent."""
    return number(100 * value, digits) + " %"


def place(document: str, name: str, content: str) -> str:
    """The document with `content` between the markers of `name`; the markers must be there once."""
    begin, end = (f"<!-- {name}:{mark} -->" for mark in ("begin", "end"))
    if document.count(begin) != 1 or document.count(end) != 1:
        raise ValueError(f"the document must have the markers of {name} exactly once")
    head, rest = document.split(begin)
    _, tail = rest.split(end)
    return f"{head}{begin}\n\n{content}\n\n{end}{tail}"


def between(document: str, name: str) -> str:
    """What stands between the markers of `name`."""
    begin, end = (f"<!-- {name}:{mark} -->" for mark in ("begin", "end"))
    return document.partition(begin)[2].partition(end)[0].strip()


def marked(document: str) -> set[str]:
    """Names of all markers of the document."""
    return set(re.findall(r"<!-- ([\w-]+):begin -->", document))


def read(path: Path) -> str:
    """The text of a file, empty if there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""
