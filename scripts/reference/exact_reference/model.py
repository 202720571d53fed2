"""Sections 3 to 5: model files, the forward pass, jobs."""

import struct
from dataclasses import dataclass, field

import numpy as np

from . import commitment
from .arithmetic import Array, rsh, saturate
from .attention import attend
from .operations import Matrix, Quantised, gated, normalise, quantise, rotary
from .sampling import Seeded, choose

MAGIC = b"AIPGMDL0"
HEADER_LENGTH = 436


class ModelError(Exception):
    """A file that is not a model; the message begins with the specification's name."""


@dataclass
class Shape:
    """The header's numbers, in its order."""

    d: int
    layers: int
    heads: int
    groups: int
    width: int
    feed_forward: int
    vocabulary: int
    context: int
    epsilon: int
    score_scale: int
    output_flags: int

    def matrices(self, flags: bytes) -> list[tuple[int, int, bool]]:
        """Rows, columns and whether the input is rotated, of each weight tensor."""
        d, queries, keys = self.d, self.heads * self.width, self.groups * self.width
        shapes = [(self.vocabulary, d, False)]
        for layer in range(self.layers):
            a, o, f, w = (bool(flags[layer] >> bit & 1) for bit in range(4))
            shapes += [(queries, d, a), (keys, d, a), (keys, d, a), (d, queries, o)]
            shapes += [(self.feed_forward, d, f), (self.feed_forward, d, f), (d, self.feed_forward, w)]
        return shapes + [(self.vocabulary, d, bool(self.output_flags & 1))]


@dataclass
class Cache:
    """Keys and values of each layer, one row after the other."""

    keys: list[list[Quantised]]
    values: list[list[Quantised]]
    rows: int = 0


@dataclass
class Result:
    tokens: list[int]
    digest: bytes
    positions: int


@dataclass
class Layer:
    matrices: list[Matrix]
    attention_norm: Array
    feed_forward_norm: Array
    value_format: int = field(default=0)


class Model:
    """A model file, checked against its roots."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 8:
            raise ModelError("Truncated")
        if data[:8] != MAGIC:
            raise ModelError("BadMagic")
        self.data, self.position = data, 40 + HEADER_LENGTH
        header = data[40 : self.position]
        if len(header) < HEADER_LENGTH:
            raise ModelError("Truncated")
        self.root = commitment.blake(b"aipg/model/0", header)
        if self.root != data[8:40]:
            raise ModelError("ModelRootMismatch")
        self.shape = Shape(*struct.unpack("<11I", header[8:52]))
        shapes = self.shape.matrices(header[52:180])
        scales = self._scales(shapes, header)
        self._tables(header)
        matrices = []
        raw = [self._take("i1", rows * columns).reshape(rows, columns) for rows, columns, _ in shapes]
        if self.position != len(data):
            raise ModelError("WrongLength")
        if commitment.weight_root(raw) != header[404:436]:
            raise ModelError("WeightRootMismatch")
        for values, (_, _, rotated), (shift, multipliers) in zip(raw, shapes, scales):
            matrices.append(Matrix(np.maximum(values, -127).astype(np.int64), shift, multipliers, rotated))
        self.embedding, *inner, self.output = matrices
        self.layers = [
            Layer(inner[7 * i : 7 * i + 7], self.gains[2 * i], self.gains[2 * i + 1], header[180 + i])
            for i in range(self.shape.layers)
        ]

    def _take(self, kind: str, count: int) -> Array:
        dtype = np.dtype("<" + kind)
        end = self.position + count * dtype.itemsize
        if end > len(self.data):
            raise ModelError("Truncated")
        values = np.frombuffer(self.data[self.position : end], dtype)
        self.position = end
        return values

    def _scales(self, shapes: list[tuple[int, int, bool]], header: bytes) -> list[tuple[int, Array]]:
        start, scales = self.position, []
        for index, (rows, _, _) in enumerate(shapes):
            if index == 0:
                scales.append((0, self._take("u4", rows).astype(np.int64)))
            else:
                shift = int(self._take("u2", 1)[0])
                scales.append((shift, np.minimum(self._take("u2", rows), 32_768).astype(np.int64)))
        count = 2 * self.shape.layers + 1
        gains = self._take("i4", count * self.shape.d).astype(np.int64).reshape(count, -1)
        self.gains = np.clip(gains, -(2**22), 2**22)
        if commitment.section_root(b"aipg.scl", self.data[start : self.position]) != header[340:372]:
            raise ModelError("ScaleRootMismatch")
        return scales

    def _tables(self, header: bytes) -> None:
        start, shape = self.position, self.shape
        table = self._take("i2", shape.context * shape.width)
        self.rotary = table.astype(np.int64).reshape(shape.context, -1)
        if commitment.section_root(b"aipg.tab", self.data[start : self.position]) != header[372:404]:
            raise ModelError("TableRootMismatch")

    def cache(self) -> Cache:
        return Cache([[] for _ in self.layers], [[] for _ in self.layers])

    def forward(self, cache: Cache, tokens: list[int]) -> Array:
        """Final hidden states [rows, d] of the next tokens."""
        first, cache.rows = cache.rows, cache.rows + len(tokens)
        multipliers = self.embedding.multipliers[tokens]
        x = saturate(rsh(self.embedding.values[tokens] * multipliers[:, None], 16))
        for index, layer in enumerate(self.layers):
            query, key, value, output, gate, up, down = layer.matrices
            rows = normalise(x, layer.attention_norm, self.shape.epsilon, query.rotated)
            table = self.rotary[first : cache.rows]
            queries = self._heads(query.apply(rows, 44, 12), table)
            for keys in self._heads(key.apply(rows, 44, 12), table):
                cache.keys[index].append(keys)
            for values in self._heads(value.apply(rows, 44, 12), None):
                cache.values[index].append(values)
            attended = self._attention(cache, index, first, queries, layer.value_format)
            x = saturate(x + output.apply(output.input(attended), 16, 16))
            rows = normalise(x, layer.feed_forward_norm, self.shape.epsilon, gate.rotated)
            inner = gated(gate.apply(rows, 44, 12), up.apply(rows, 44, 12))
            x = saturate(x + down.apply(down.input(inner), 28, 16))
        return x

    def _heads(self, rows: Array, table: Array | None) -> list[Quantised]:
        """Each row's heads, turned where there is a table, quantised one by one."""
        heads = rows.reshape(len(rows), -1, self.shape.width)
        turned = heads if table is None else rotary(heads, table)
        return [quantise(row) for row in turned]

    def _attention(
        self, cache: Cache, layer: int, first: int, queries: list[Quantised], value_format: int
    ) -> Array:
        def stack(rows: list[Quantised]) -> Quantised:
            parts = ([getattr(row, name) for row in rows] for name in ("values", "mantissa", "exponent"))
            return Quantised(*(np.stack(part) for part in parts))

        def head(rows: Quantised, group: int, end: int) -> Quantised:
            return Quantised(rows.values[:end, group], rows.mantissa[:end, group], rows.exponent[:end, group])

        keys, values = stack(cache.keys[layer]), stack(cache.values[layer])
        out = np.zeros((len(queries), self.shape.heads, self.shape.width), np.int64)
        for row, query in enumerate(queries):
            for number in range(self.shape.heads):
                group, end = number * self.shape.groups // self.shape.heads, first + row + 1
                one = Quantised(query.values[number], query.mantissa[number], query.exponent[number])
                found = attend(
                    one, head(keys, group, end), head(values, group, end), self.shape.score_scale, value_format
                )
                out[row, number] = found
        return out.reshape(len(queries), -1)

    def logits(self, hidden: Array) -> Array:
        """Logits [rows, V], Q16, of final hidden states [rows, d]."""
        rows = normalise(hidden, self.gains[-1], self.shape.epsilon, self.output.rotated)
        return self.output.apply(rows, 44, 16)

    def generate(self, prompt: list[int], most: int, stop: list[int], how: Seeded | None) -> Result:
        """Prefill of the prompt, then one row for each token."""
        cache, tokens = self.cache(), []
        rows = [self.forward(cache, prompt)]
        while True:
            tokens.append(choose(self.logits(rows[-1][-1:])[0], how, len(tokens)))
            if len(tokens) == most or tokens[-1] in stop:
                break
            rows.append(self.forward(cache, tokens[-1:]))
        hidden = np.concatenate(rows)
        return Result(tokens, commitment.digest(hidden), len(hidden))

    def replay(self, prompt: list[int], output: list[int], how: Seeded | None) -> Result:
        """The same as one prefill over prompt and output: tokens are those that it chooses."""
        hidden = self.forward(self.cache(), prompt + output[:-1])
        chosen = self.logits(hidden[len(prompt) - 1 :])
        tokens = [choose(row, how, ordinal) for ordinal, row in enumerate(chosen)]
        return Result(tokens, commitment.digest(hidden), len(hidden))
