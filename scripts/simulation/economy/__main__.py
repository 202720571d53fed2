"""Runs the lines, writes their tables into the document and their pictures beside it, or checks
both.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

from . import choices
from .pictures import svg
from .report import Line, Table, between, marked, place, read
from .settings import FULL, QUICK

LINES = (
    "cheating",
    "stream",
    "history",
    "assignment",
    "conduct",
    "self_dealing",
    "plans",
    "reroll",
    "auditors",
    "disputes",
    "beacon",
    "price",
    "concentration",
    "power",
)
PICTURE_BYTES = 60_000
"""Pictures larger than this are a mistake."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/simulation/run", description=__doc__)
    parser.add_argument("--document", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=LINES, default=[])
    return parser.parse_args()


def tables_of(lines: list[Line]) -> list[Table]:
    """All tables: those of the lines, then what follows from all of them."""
    attacks = [attack for line in lines for attack in line.attacks]
    tables = [table for line in lines for table in line.tables]
    return tables + [choices.starred(), choices.pays(attacks), choices.closed(attacks)]


def differences(
    document: str, folder: Path, tables: list[Table], pictures: dict[str, str], quick: bool
) -> list[str]:
    """What is not as it was committed, in words."""
    found = []
    for table in tables:
        if quick and table.sampled:
            continue
        if between(document, table.name) != table.markdown():
            old, new = between(document, table.name).splitlines(), table.markdown().splitlines()
            changed = next(
                (pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]), ("", "")
            )
            found.append(
                f"table {table.name} differs:\n  committed {changed[0]}\n  now       {changed[1]}"
            )
    for name, text in pictures.items():
        if read(folder / f"{name}.svg") != text:
            found.append(f"picture {name}.svg differs")
    names = {table.name for table in tables}
    found += [f"the document has no place for {name}" for name in sorted(names - marked(document))]
    found += [f"nothing writes {name}" for name in sorted(marked(document) - names)]
    found += [
        f"{file.name} is not drawn any more"
        for file in sorted(folder.glob("*.svg"))
        if file.stem not in pictures
    ]
    return found


def write(path: Path, folder: Path, tables: list[Table], pictures: dict[str, str]) -> None:
    """Puts everything in place."""
    document = read(path)
    for table in tables:
        document = place(document, table.name, table.markdown())
    path.write_text(document, encoding="utf-8")
    folder.mkdir(exist_ok=True)
    for name, text in pictures.items():
        (folder / f"{name}.svg").write_text(text, encoding="utf-8")


def main() -> int:
    """Exit code: 0 if written or equal, 1 if something differs."""
    options = arguments()
    settings = QUICK if options.quick else FULL
    if options.quick and not options.check and not options.only:
        print("error: --quick writes nothing: add --check or --only", file=sys.stderr)
        return 1
    lines = []
    for name in options.only or LINES:
        started = time.monotonic()
        lines.append(importlib.import_module(f".{name}", __package__).run(settings))
        print(f"{name}: {time.monotonic() - started:.1f} s", file=sys.stderr)
    if options.only:
        for line in lines:
            for table in line.tables:
                print(f"\n## {table.name}\n\n{table.markdown()}")
            for attack in line.attacks:
                verdicts = [
                    " pays" if pays else " closed" for pays in (attack.pays, attack.pays_today)
                ]
                print(f"\n{attack.name}\n  chosen,{verdicts[0]}: {attack.earns}")
                print(f"  today,{verdicts[1]}: {attack.today}\n  {attack.conclusion}")
        return 0

    tables = tables_of(lines)
    pictures = {picture.name: svg(picture) for line in lines for picture in line.pictures}
    large = [name for name, text in pictures.items() if len(text) > PICTURE_BYTES]
    if large:
        print(f"error: pictures above {PICTURE_BYTES:,} bytes: {', '.join(large)}", file=sys.stderr)
        return 1
    folder = options.document.with_suffix("")
    if not options.check:
        write(options.document, folder, tables, pictures)
        return 0
    found = differences(read(options.document), folder, tables, pictures, options.quick)
    for difference in found:
        print(f"error: {difference}", file=sys.stderr)
    if found:
        print("error: scripts/simulation/run writes docs/simulation.md anew", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
