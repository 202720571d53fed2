"""Test vectors in both forms, and the digest of answers; docs/spec/vectors.md describes them.

Needs nothing but Python. A vector is a dictionary with `operation`, `inputs` and `outputs`, as in JSON, whichever
form it comes from.
"""

import json
import struct
from collections import Counter
from hashlib import blake2b
from pathlib import Path

MAGIC = b"AIPGVEC1"
SEMANTICS_VERSION = 1
NULL, FALSE, TRUE, INTEGER, LARGE, LIST, BYTES, TEXT, RECORD = range(9)
ELEMENTS = {1: "b", 2: "h", 4: "i", 8: "q"}


def read(path: Path) -> list[dict]:
    """The vectors of a file in either form."""
    data = path.read_bytes()
    if data.startswith(MAGIC):
        return decode(data)
    return [json.loads(line) for line in data.decode().splitlines()]


def decode(data: bytes) -> list[dict]:
    """The vectors of the binary form."""
    reader = Reader(data)
    if reader.take(8) != MAGIC:
        raise ValueError("these are no test vectors")
    version, count = reader.unpack("II")
    if version != SEMANTICS_VERSION:
        raise ValueError(f"vectors of version {version} of the semantics")
    vectors = []
    for _ in range(count):
        vector = {"operation": reader.name()}
        for part in ("inputs", "outputs"):
            inner = Reader(reader.bytes())
            vector[part] = inner.fields()
            inner.end()
        vectors.append(vector)
    recorded = reader.take(32)
    reader.end()
    if recorded != digest([answer_digest(vector["outputs"]) for vector in vectors]):
        raise ValueError("the answers have another digest")
    return vectors


class Reader:
    """Bytes from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def take(self, count: int) -> bytes:
        start, self.position = self.position, self.position + count
        if self.position > len(self.data):
            raise ValueError("the vectors end too early")
        return self.data[start : self.position]

    def unpack(self, form: str) -> tuple:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))

    def end(self) -> None:
        if self.position != len(self.data):
            raise ValueError("something follows the end of the vectors")

    def bytes(self) -> bytes:
        return self.take(*self.unpack("I"))

    def name(self) -> str:
        return self.take(*self.unpack("B")).decode("ascii")

    def fields(self) -> dict:
        (count,) = self.unpack("B")
        return {self.name(): self.value() for _ in range(count)}

    def value(self) -> object:
        (kind,) = self.unpack("B")
        if kind == NULL:
            return None
        if kind in (FALSE, TRUE):
            return kind == TRUE
        if kind in (INTEGER, LARGE):
            return self.unpack("q" if kind == INTEGER else "Q")[0]
        if kind == LIST:
            width, count = self.unpack("BI")
            return list(self.unpack(f"{count}{ELEMENTS[width]}"))
        if kind == BYTES:
            return self.bytes().hex()
        if kind == TEXT:
            return self.bytes().decode()
        if kind == RECORD:
            return self.fields()
        raise ValueError(f"{kind} is no kind of value")


def encode(fields: dict) -> bytes:
    """Inputs or outputs in the binary form."""
    parts = [bytes([len(fields)])]
    for name in sorted(fields):
        parts.append(bytes([len(name)]) + name.encode("ascii") + _encode_value(fields[name]))
    return b"".join(parts)


def _encode_value(value: object) -> bytes:
    if value is None:
        return bytes([NULL])
    if isinstance(value, bool):
        return bytes([TRUE if value else FALSE])
    if isinstance(value, int):
        return struct.pack("<Bq", INTEGER, value) if value < 2**63 else struct.pack("<BQ", LARGE, value)
    if isinstance(value, list):
        fitting = (w for w in ELEMENTS if all(-(2 ** (8 * w - 1)) <= x < 2 ** (8 * w - 1) for x in value))
        width = next(fitting, 8)
        return struct.pack(f"<BBI{len(value)}{ELEMENTS[width]}", LIST, width, len(value), *value)
    if isinstance(value, str):
        kind, data = _bytes_of(value)
        return struct.pack("<BI", kind, len(data)) + data
    if isinstance(value, dict):
        return bytes([RECORD]) + encode(value)
    raise ValueError(f"{value!r} is in no vector")


def _bytes_of(text: str) -> tuple[int, bytes]:
    """No text is hexadecimal, and no bytes are anything else."""
    try:
        return BYTES, bytes.fromhex(text)
    except ValueError:
        return TEXT, text.encode()


def answer_digest(outputs: object) -> bytes:
    """The digest of one answer; that of nothing if it is no answer at all."""
    try:
        return blake2b(encode(outputs), digest_size=32).digest()
    except (AttributeError, TypeError, ValueError, struct.error):
        return blake2b(digest_size=32).digest()


def digest(answers: list[bytes]) -> bytes:
    """The digest of many answers."""
    return blake2b(b"".join(answers), digest_size=32).digest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]} …"


class Tally:
    """Counts answers, and prints the first wrong one of each operation."""

    def __init__(self) -> None:
        self.passed, self.asked, self.answers = Counter(), Counter(), []

    def add(self, vector: dict, outputs: object) -> None:
        operation = vector["operation"]
        self.answers.append(answer_digest(outputs))
        self.asked[operation] += 1
        if _canonical(outputs) == _canonical(vector["outputs"]):
            self.passed[operation] += 1
        elif self.passed[operation] + 1 == self.asked[operation]:
            # The first of an operation; the others are counted.
            print(f"vector {len(self.answers) - 1}, {operation}, of {_shortened(_canonical(vector['inputs']))}")
            print(f"  expected {_shortened(_canonical(vector['outputs']))}")
            print(f"  answered {_shortened(_canonical(outputs))}")

    def report(self) -> int:
        """Prints the counts and the digest; 0 if all answers were right, else 1."""
        for operation, count in self.asked.items():
            print(f"{operation:13} {self.passed[operation]:4} of {count:4}")
        passed, asked = sum(self.passed.values()), sum(self.asked.values())
        print(f"digest of all answers: {digest(self.answers).hex()}")
        print(f"{passed} passed, {asked - passed} failed")
        return 0 if passed == asked else 1
