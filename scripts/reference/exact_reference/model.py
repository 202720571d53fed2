"""Sections 3 to 5: model files, the forward pass, jobs."""

import struct
from dataclasses import dataclass, field

import numpy as np

from . import commitment
from .arithmetic import Array, rsh, saturate
from .attention import attend
from .operations import InputMode, Matrix, Norm, Quantised, activation, gated, normalise_heads, quantise, rotary
from .sampling import Seeded, choose
from .tables import GELU, SILU

MAGIC = b"AIPGMDL1"
HEADER_LENGTH = 460

# The model flags.
TIED_EMBEDDING, ATTENTION_BIAS, ATTENTION_OUTPUT_BIAS, FEED_FORWARD_BIAS = 1, 2, 4, 8
LAYER_NORM, GELU_FLAG, UNGATED, HEAD_NORM = 16, 32, 64, 128


class ModelError(Exception):
    """A file that is not a model; the message begins with the specification's name."""


@dataclass
class Tensor:
    """A weight tensor of the layout."""

    rows: int
    columns: int
    mode: InputMode = field(default_factory=InputMode)
    biased: bool = False
    stored: bool = True


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
    model_flags: int
    output_flags: int
    window: int

    def has(self, flag: int) -> bool:
        return self.model_flags & flag != 0

    def tensors(self, flags: bytes) -> list[Tensor]:
        """Every weight tensor, in order, of a model with these input flags."""
        d, queries, keys, inner = self.d, self.heads * self.width, self.groups * self.width, self.feed_forward
        tensors = [Tensor(self.vocabulary, d)]
        for layer in range(self.layers):
            a, o, f, w = (InputMode(bool(flags[layer] >> b & 1), bool(flags[layer] >> b + 4 & 1)) for b in range(4))
            bias = self.has(ATTENTION_BIAS)
            tensors += [Tensor(rows, d, a, bias) for rows in (queries, keys, keys)]
            tensors.append(Tensor(d, queries, o, self.has(ATTENTION_OUTPUT_BIAS)))
            bias = self.has(FEED_FORWARD_BIAS)
            tensors += [Tensor(inner, d, f, bias)] * (1 if self.has(UNGATED) else 2)
            tensors.append(Tensor(d, inner, w, bias))
        mode = InputMode(bool(self.output_flags & 1), bool(self.output_flags & 2))
        return tensors + [Tensor(self.vocabulary, d, mode, stored=not self.has(TIED_EMBEDDING))]


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
    query: Matrix
    key: Matrix
    value: Matrix
    output: Matrix
    gate: Matrix | None
    up: Matrix
    down: Matrix
    attention_norm: Norm
    head_norms: tuple[Array, Array] | None
    feed_forward_norm: Norm
    value_format: int
    window: int | None


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
        self.root = commitment.blake(b"aipg/model/1", header)
        if self.root != data[8:40]:
            raise ModelError("ModelRootMismatch")
        self.shape = Shape(*struct.unpack("<13I", header[8:60]))
        tensors = self.shape.tensors(header[60:188])
        scales, norms = self._scales(tensors, header)
        self._tables(header)
        elements = self._weights([t for t in tensors if t.stored], header)
        if not tensors[-1].stored:
            elements.append(elements[0])
        matrices = [
            Matrix(values, *numbers, tensor.mode) for tensor, values, numbers in zip(tensors, elements, scales)
        ]
        self.embedding, *inner, self.output = matrices
        *layer_norms, self.final_norm = norms
        each = len(inner) // self.shape.layers
        self.layers = []
        for index in range(self.shape.layers):
            parts = inner[each * index : each * (index + 1)]
            if self.shape.has(UNGATED):
                parts.insert(4, None)
            windowed = header[316 + index // 8] >> index % 8 & 1
            window = self.shape.window if windowed else None
            self.layers.append(Layer(*parts, *layer_norms[index], header[188 + index], window))

    def _take(self, kind: str, count: int) -> Array:
        dtype = np.dtype("<" + kind)
        end = self.position + count * dtype.itemsize
        if end > len(self.data):
            raise ModelError("Truncated")
        values = np.frombuffer(self.data[self.position : end], dtype)
        self.position = end
        return values

    def _norm(self) -> Norm:
        gains = self._clipped(self.shape.d)
        return Norm(gains, self._clipped(self.shape.d) if self.shape.has(LAYER_NORM) else None)

    def _clipped(self, count: int) -> Array:
        return np.clip(self._take("i4", count).astype(np.int64), -(2**22), 2**22)

    def _scales(self, tensors: list[Tensor], header: bytes) -> tuple[list, list]:
        """Shift, multipliers and biases of each tensor; the norms of each layer and the final one."""
        start, shape, scales, norms = self.position, self.shape, [], []
        for index, tensor in enumerate(tensors):
            if index == 0:
                scales.append((0, self._take("u4", tensor.rows).astype(np.int64), None))
                continue
            shift = int(self._take("u2", 1)[0])
            multipliers = np.minimum(self._take("u2", tensor.rows), 32_768).astype(np.int64)
            biases = self._take("i4", tensor.rows).astype(np.int64) if tensor.biased else None
            scales.append((shift, multipliers, biases))
        for _ in range(shape.layers):
            attention = self._norm()
            heads = (self._clipped(shape.width), self._clipped(shape.width)) if shape.has(HEAD_NORM) else None
            norms.append((attention, heads, self._norm()))
        norms.append(self._norm())
        if commitment.section_root(b"aipg.scl", self.data[start : self.position]) != header[364:396]:
            raise ModelError("ScaleRootMismatch")
        return scales, norms

    def _tables(self, header: bytes) -> None:
        start, shape = self.position, self.shape
        table = self._take("i2", shape.context * shape.width)
        self.rotary = table.astype(np.int64).reshape(shape.context, -1)
        if commitment.section_root(b"aipg.tab", self.data[start : self.position]) != header[396:428]:
            raise ModelError("TableRootMismatch")

    def _weights(self, tensors: list[Tensor], header: bytes) -> list[Array]:
        raw = [self._take("i1", t.rows * t.columns).reshape(t.rows, t.columns) for t in tensors]
        if self.position != len(self.data):
            raise ModelError("WrongLength")
        if commitment.weight_root(raw) != header[428:460]:
            raise ModelError("WeightRootMismatch")
        return [np.maximum(values, -127).astype(np.int64) for values in raw]

    def cache(self) -> Cache:
        return Cache([[] for _ in self.layers], [[] for _ in self.layers])

    def forward(self, cache: Cache, tokens: list[int]) -> Array:
        """Final hidden states [rows, d] of the next tokens."""
        first, cache.rows = cache.rows, cache.rows + len(tokens)
        multipliers = self.embedding.multipliers[tokens]
        x = saturate(rsh(self.embedding.values[tokens] * multipliers[:, None], 16))
        epsilon, table = self.shape.epsilon, self.rotary[first : cache.rows]
        for index, layer in enumerate(self.layers):
            rows = layer.attention_norm.apply(x, epsilon, layer.query.mode)
            query_norm, key_norm = layer.head_norms or (None, None)
            queries = self._heads(layer.query.apply(rows, 44, 12), query_norm, table)
            for keys in self._heads(layer.key.apply(rows, 44, 12), key_norm, table):
                cache.keys[index].append(keys)
            for values in self._heads(layer.value.apply(rows, 44, 12), None, None):
                cache.values[index].append(values)
            attended = self._attention(cache, index, first, queries)
            x = saturate(x + layer.output.apply(layer.output.input(attended), 16, 16))
            rows = layer.feed_forward_norm.apply(x, epsilon, layer.up.mode)
            x = saturate(x + self._feed_forward(layer, rows))
        return x

    def _feed_forward(self, layer: Layer, rows: Quantised) -> Array:
        """Gate and up, or up alone, activation and down: [rows, d], Q16."""
        curve = GELU if self.shape.has(GELU_FLAG) else SILU
        up = layer.up.apply(rows, 44, 12)
        if layer.gate is None:
            inner, form = activation(up, curve), 16
        else:
            inner, form = gated(layer.gate.apply(rows, 44, 12), up, curve), 28
        return layer.down.apply(layer.down.input(inner), form, 16)

    def _heads(self, rows: Array, gains: Array | None, table: Array | None) -> list[Quantised]:
        """Each row's heads, normalised where there are gains, turned where there is a table, quantised one by one."""
        heads = rows.reshape(len(rows), -1, self.shape.width)
        if gains is not None:
            heads = normalise_heads(heads, gains, self.shape.epsilon)
        turned = heads if table is None else rotary(heads, table)
        return [quantise(row) for row in turned]

    def _attention(self, cache: Cache, layer: int, first: int, queries: list[Quantised]) -> Array:
        def stack(rows: list[Quantised]) -> Quantised:
            parts = ([getattr(row, name) for row in rows] for name in ("values", "mantissa", "exponent"))
            return Quantised(*(np.stack(part) for part in parts))

        def head(rows: Quantised, group: int, seen: slice) -> Quantised:
            return Quantised(rows.values[seen, group], rows.mantissa[seen, group], rows.exponent[seen, group])

        window, value_format = self.layers[layer].window, self.layers[layer].value_format
        keys, values = stack(cache.keys[layer]), stack(cache.values[layer])
        out = np.zeros((len(queries), self.shape.heads, self.shape.width), np.int64)
        for row, query in enumerate(queries):
            end = first + row + 1
            seen = slice(0 if window is None else max(0, end - window), end)
            for number in range(self.shape.heads):
                group = number * self.shape.groups // self.shape.heads
                one = Quantised(query.values[number], query.mantissa[number], query.exponent[number])
                found = attend(
                    one, head(keys, group, seen), head(values, group, seen), self.shape.score_scale, value_format
                )
                out[row, number] = found
        return out.reshape(len(queries), -1)

    def logits(self, hidden: Array) -> Array:
        """Logits [rows, V], Q16, of final hidden states [rows, d]."""
        rows = self.final_norm.apply(hidden, self.shape.epsilon, self.output.mode)
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
