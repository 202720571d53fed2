"""Writes docs/demo-questions.md: every held-out question and sum, and what the integer model said."""

from __future__ import annotations

import itertools
from pathlib import Path

from data import Sample

START_OF_ANSWER = 72


def shortened(answer: str) -> str:
    """The first words of an answer, in a form that a table cell can hold."""
    line = " ".join(answer.split()).replace("|", "\\|")
    if len(line) <= START_OF_ANSWER:
        return line
    return line[:START_OF_ANSWER].rsplit(" ", 1)[0] + " …"


def tally(marked: list[tuple[Sample, str]]) -> str:
    right = sum(sample.answer == answer for sample, answer in marked)
    return f"{right} of {len(marked)}"


def question_table(marked: list[tuple[Sample, str]]) -> list[str]:
    """One row an expected answer, with all its questions."""
    lines = ["| expected answer | questions |", "|---|---|"]
    for expected, group in itertools.groupby(marked, key=lambda pair: pair[0].answer):
        cell = "<br>".join(
            f"✓ {sample.prompt}" if answer == expected
            else f"✗ {sample.prompt} → *{shortened(answer)}*"
            for sample, answer in group
        )
        lines.append(f"| {shortened(expected)} | {cell} |")
    return lines


def sum_table(marked: list[tuple[Sample, str]]) -> list[str]:
    """The sums in rows of six; a wrong one with what the model said."""
    cells = [
        f"✓ {sample.answer.rstrip('.')}" if answer == sample.answer
        else f"✗ {sample.answer.rstrip('.')} → *{shortened(answer)}*"
        for sample, answer in marked
    ]
    rows = [cells[first : first + 6] for first in range(0, len(cells), 6)]
    lines = ["| | | | | | |", "|---|---|---|---|---|---|"]
    return lines + ["| " + " | ".join(row + [""] * (6 - len(row))) + " |" for row in rows]


def write(path: Path, samples: list[Sample], answers: list[str], root: str) -> None:
    """Writes the list of the held-out samples with the greedy answers of the integer model."""
    marked = list(zip(samples, answers))
    questions = [pair for pair in marked if pair[0].kind == "question"]
    sums = [pair for pair in marked if pair[0].kind == "sum"]
    topics = {}
    for pair in questions:
        topics.setdefault(pair[0].heading, []).append(pair)
    lines = [
        "# The held-out questions of the demo model",
        "",
        "Written by `scripts/train-demo-model`; do not edit. [demo-model.md](demo-model.md) tells what is",
        "held out and how. A ✓ means that the greedy answer of the integer model equals the expected",
        "text to the byte; after a ✗ stands what it said instead. The model is the one with the root",
        f"`{root}`.",
        "",
        "| topic | right |",
        "|---|---|",
        *(f"| {topic} | {tally(pairs)} |" for topic, pairs in topics.items()),
        f"| **all questions** | **{tally(questions)}** |",
        f"| **sums** | **{tally(sums)}** |",
    ]
    for topic, pairs in topics.items():
        lines += ["", f"## {topic}", "", *question_table(pairs)]
    lines += ["", "## Sums", "", "Each is asked in one of the ways that `data.py` lists.", ""]
    lines += sum_table(sums)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
