"""Tables, markers, pictures, determinism."""

import importlib
import unittest

from economy import __main__ as command
from economy import pictures, report
from economy.settings import Settings

SMALL = Settings(samples=2_000)


class Numbers(unittest.TestCase):
    def test_three_digits_without_exponent(self):
        cases = {
            0.0: "0",
            1234567.0: "1,230,000",
            0.000123456: "0.000123",
            -2.5: "−2.5",
            999.6: "1,000",
            1e-15: "0",
            float("nan"): "–",
        }
        for value, text in cases.items():
            self.assertEqual(report.number(value), text)
        self.assertEqual(report.percent(1 / 3), "33.3 %")


class Markers(unittest.TestCase):
    DOCUMENT = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n"

    def test_what_is_placed_is_found(self):
        document = report.place(self.DOCUMENT, "x", "| t |")
        self.assertEqual(report.between(document, "x"), "| t |")
        self.assertEqual(report.place(document, "x", "| t |"), document)
        self.assertTrue(document.startswith("a\n") and document.endswith("\nb\n"))
        self.assertEqual(report.marked(document), {"x"})

    def test_missing_or_double_markers_are_refused(self):
        for document in ("", self.DOCUMENT * 2):
            with self.assertRaises(ValueError):
                report.place(document, "x", "")


class Check(unittest.TestCase):
    def test_differences_name_what_differs(self):
        table = report.Table("x", ["a"], [["1"]])
        same = report.place(Markers.DOCUMENT, "x", table.markdown())
        nowhere = command.Path("/nonexistent")
        self.assertEqual(command.differences(same, nowhere, [table], {}, False), [])
        changed = report.Table("x", ["a"], [["2"]])
        self.assertIn("table x", command.differences(same, nowhere, [changed], {}, False)[0])
        sampled = report.Table("x", ["a"], [["2"]], sampled=True)
        self.assertEqual(command.differences(same, nowhere, [sampled], {}, True), [])
        self.assertIn(
            "picture p", command.differences(same, nowhere, [table], {"p": "<svg>"}, False)[0]
        )
        self.assertIn("nothing writes x", command.differences(same, nowhere, [], {}, False)[0])


class Determinism(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = {name: cls.line(name) for name in command.LINES}

    @staticmethod
    def line(name):
        return importlib.import_module(f"economy.{name}").run(SMALL)

    def test_lines_come_out_the_same_in_any_order(self):
        for name in reversed(command.LINES):
            again = self.line(name)
            self.assertEqual(self.lines[name].tables, again.tables, name)
            self.assertEqual(self.lines[name].attacks, again.attacks)

    def test_rows_have_as_many_cells_as_the_header(self):
        for line in self.lines.values():
            for table in line.tables:
                for row in table.rows:
                    self.assertEqual(len(row), len(table.header), table.name)

    def test_tables_and_attacks_have_names_of_their_own(self):
        tables = command.tables_of(list(self.lines.values()))
        self.assertEqual(len({table.name for table in tables}), len(tables))
        attacks = [attack.name for line in self.lines.values() for attack in line.attacks]
        self.assertEqual(len(set(attacks)), len(attacks))

    def test_every_attack_is_in_one_of_the_tables(self):
        tables = {table.name: table for table in command.tables_of(list(self.lines.values()))}
        listed = tables["attacks-that-pay"].rows + tables["attacks-closed"].rows
        self.assertEqual(len(listed), sum(len(line.attacks) for line in self.lines.values()))

    def test_picture_is_the_same_twice_and_has_no_date(self):
        picture = self.lines["reroll"].pictures[0]
        drawn = pictures.svg(picture)
        self.assertEqual(drawn, pictures.svg(picture))
        self.assertNotIn("<dc:date>", drawn)


if __name__ == "__main__":
    unittest.main()
