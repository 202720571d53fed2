"""Sections 3 to 5: model files, the forward pass, jobs of decoders. Pictures are in `pictures.py`."""

import struct
from dataclasses import dataclass, replace

import numpy as np

from . import commitment
from .arithmetic import Array, rsh, saturate
from .attention import attend
from .operations import Matrix, Norm, Quantised, activation, gated, normalise_heads, quantise, rotary
from .sampling import Seeded, choose
from .shape import DECODER, DOMAIN_MODEL, GELU_FLAG, HEAD_NORM, HEADER_LENGTH, LAYER_NORM, MAGIC, PICTURE
from .shape import UNGATED, Picture, Shape, Tensor
from .tables import GELU, SILU


class ModelError(Exception):
    """A file that is not a model; the message begins with the specification's name."""


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


# A layer's attention norm, head norms, if it has any, and feed-forward norm.
LayerNorms = tuple[Norm, tuple[Array, Array] | None, Norm]


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
        self.root = commitment.blake(DOMAIN_MODEL, header)
        if self.root != data[8:40]:
            raise ModelError("ModelRootMismatch")
        (template,) = struct.unpack("<I", header[4:8])
        if template not in (DECODER, PICTURE):
            raise ModelError("BadHeader: unknown template")
        self.shape = Shape(*struct.unpack("<13I", header[8:60]))
        self.picture = Picture(*struct.unpack("<4I", header[316:332])) if template == PICTURE else None
        self.steps = self.shape.window if self.picture else 1
        tensors = self.shape.tensors(header[60:188], self.picture)
        scales, norms = self._scales(tensors, header)
        self._tables(header)
        elements = self._weights([t for t in tensors if t.stored], header)
        if not tensors[-1].stored:
            elements.append(elements[0])
        matrices = [
            Matrix(values, *numbers, tensor.mode) for tensor, values, numbers in zip(tensors, elements, scales)
        ]
        self.embedding, *inner, self.output = matrices
        self.patch = inner.pop(0) if self.picture else None
        first = self._layers(inner, norms[0][0], header)
        # The layers and the final norm of each step; a decoder has one.
        self.layers_of_step = [
            [replace(layer, attention_norm=a, head_norms=h, feed_forward_norm=f) for layer, (a, h, f) in zip(first, each)]
            for each, _ in norms
        ]
        self.final_norms = [final for _, final in norms]
        self.layers, self.final_norm = self.layers_of_step[0], self.final_norms[0]

    def _layers(self, matrices: list[Matrix], norms: list[LayerNorms], header: bytes) -> list[Layer]:
        """The layers from their matrices, one after the other, and norms."""
        each, layers = len(matrices) // self.shape.layers, []
        for index in range(self.shape.layers):
            parts = matrices[each * index : each * (index + 1)]
            if self.shape.has(UNGATED):
                parts.insert(4, None)
            windowed = not self.picture and header[316 + index // 8] >> index % 8 & 1
            window = self.shape.window if windowed else None
            layers.append(Layer(*parts, *norms[index], header[188 + index], window))
        return layers

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

    def _scales(self, tensors: list[Tensor], header: bytes) -> tuple[list, list[tuple[list[LayerNorms], Norm]]]:
        """Shift, multipliers and biases of each tensor; for each step the norms of each layer and the final one."""
        start, shape, scales, norms = self.position, self.shape, [], []
        for index, tensor in enumerate(tensors):
            if index == 0:
                scales.append((0, self._take("u4", tensor.rows).astype(np.int64), None))
                continue
            shift = int(self._take("u2", 1)[0])
            multipliers = np.minimum(self._take("u2", tensor.rows), 32_768).astype(np.int64)
            biases = self._take("i4", tensor.rows).astype(np.int64) if tensor.biased else None
            scales.append((shift, multipliers, biases))
        for _ in range(self.steps):
            norms.append(([self._layer_norms() for _ in range(shape.layers)], self._norm()))
        if commitment.section_root(b"aipg.scl", self.data[start : self.position]) != header[364:396]:
            raise ModelError("ScaleRootMismatch")
        return scales, norms

    def _layer_norms(self) -> LayerNorms:
        attention, width = self._norm(), self.shape.width
        heads = (self._clipped(width), self._clipped(width)) if self.shape.has(HEAD_NORM) else None
        return attention, heads, self._norm()

    def _tables(self, header: bytes) -> None:
        start, shape = self.position, self.shape
        table = self._take("i2", shape.context * shape.width)
        self.rotary = table.astype(np.int64).reshape(shape.context, -1)
        moves = self._take("i4", 2 * self.steps if self.picture else 0)
        # κ and δ of each step.
        self.moves = moves.astype(np.int64).reshape(-1, 2)
        if commitment.section_root(b"aipg.tab", self.data[start : self.position]) != header[396:428]:
            raise ModelError("TableRootMismatch")

    def _weights(self, tensors: list[Tensor], header: bytes) -> list[Array]:
        raw = [self._take("i1", t.rows * t.columns).reshape(t.rows, t.columns) for t in tensors]
        if self.position != len(self.data):
            raise ModelError("WrongLength")
        if commitment.weight_root(raw) != header[428:460]:
            raise ModelError("WeightRootMismatch")
        return [np.maximum(values, -127).astype(np.int64) for values in raw]

    def embed(self, ids: list[int]) -> Array:
        """Rows [ids, d] of the embedding, Q16."""
        multipliers = self.embedding.multipliers[ids]
        return saturate(rsh(self.embedding.values[ids] * multipliers[:, None], 16))

    def cache(self) -> Cache:
        return Cache([[] for _ in self.layers], [[] for _ in self.layers])

    def forward(self, cache: Cache, tokens: list[int]) -> Array:
        """Final hidden states [rows, d] of the next tokens."""
        first, cache.rows = cache.rows, cache.rows + len(tokens)
        x = self.embed(tokens)
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
            x = saturate(x + self.feed_forward(layer, layer.feed_forward_norm.apply(x, epsilon, layer.up.mode)))
        return x

    def feed_forward(self, layer: Layer, rows: Quantised) -> Array:
        """Gate and up, or up alone, activation and down: [rows, d], Q16."""
        curve = GELU if self.shape.has(GELU_FLAG) else SILU
        up = layer.up.apply(rows, 44, 12)
        if layer.gate is None:
            inner, form = activation(up, curve), 16
        else:
            inner, form = gated(layer.gate.apply(rows, 44, 12), up, curve), 28
        return layer.down.apply(layer.down.input(inner), form, 16)

    def turn_heads(self, rows: Array, gains: Array | None, table: Array | None) -> Array:
        """Rows as heads [rows, heads, a], normalised where there are gains, turned where there is a table [rows, a]."""
        heads = rows.reshape(len(rows), -1, self.shape.width)
        if gains is not None:
            heads = normalise_heads(heads, gains, self.shape.epsilon)
        return heads if table is None else rotary(heads, table)

    def _heads(self, rows: Array, gains: Array | None, table: Array | None) -> list[Quantised]:
        """Each row's heads, quantised one by one."""
        return [quantise(row) for row in self.turn_heads(rows, gains, table)]

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
