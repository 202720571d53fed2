#!/usr/bin/env python3
"""Exact inference, semantics version 0, in plain Python integers.

A second implementation of docs/spec/exact-inference.md that shares no code with the Rust crates. It reads a model file, checks every root, generates greedily and prints what
`aipg-model generate` prints; the two must agree in every bit. It is slow and has no dependency.

    exact_inference.py MODEL PROMPT_IDS MAX_OUTPUT STOP_IDS     ids are comma-separated
"""

import hashlib
import json
import struct
import sys
from decimal import Decimal, getcontext
from math import isqrt

HEADER_LENGTH = 436
INT32_MAX = 2**31 - 1


def blake(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def tree(domain, leaves, leaf_length, shape):
    """Root of a binary hash tree over byte strings."""
    level = [blake(b"\0", domain, leaf.ljust(leaf_length, b"\0")) for leaf in leaves]
    while len(level) > 1:
        level += [bytes(32)] * (len(level) % 2)
        level = [blake(b"\1", domain, *level[i : i + 2]) for i in range(0, len(level), 2)]
    numbers = b"".join(struct.pack("<Q", number) for number in shape)
    return blake(b"\2", domain, numbers, level[0] if level else bytes(32))


def section_root(domain, section):
    leaves = [section[i : i + 1024] for i in range(0, len(section), 1024)]
    return tree(domain, leaves, 1024, [len(section)])


# The committed tables, from their definition.
getcontext().prec = 50
LN2 = Decimal(2).ln()
EXP2 = [round(2**24 * (-LN2 * j / 256).exp()) for j in range(257)]
POINTS = [Decimal(j - 128) / 16 for j in range(257)]
SILU = [round(2**16 * x / (1 + (-x).exp())) for x in POINTS]


def saturate(x):
    return max(-INT32_MAX, min(INT32_MAX, x))


def rsh(x, shift):
    if shift <= 0:
        limit = 2**63 - 1
        return max(-limit, min(limit, x << min(-shift, 64)))
    shift = min(shift, 62)
    return (x + (1 << (shift - 1))) >> shift


def scale_of(amplitude, exponent):
    shift = amplitude.bit_length() - 16
    return min(65535, rsh(amplitude, shift)), exponent + shift


def quantise(row):
    largest = max(abs(u) for u in row)
    e = max(0, largest.bit_length() - 24)
    amplitude = max(1, rsh(largest, e))
    reciprocal = (127 << 32) // amplitude
    q = [max(-127, min(127, (rsh(u, e) * reciprocal + 2**31) >> 32)) for u in row]
    return q, amplitude, e


def hadamard(row):
    signs = [[1 - 2 * ((i & j).bit_count() & 1) for j in range(64)] for i in range(64)]
    out = []
    for start in range(0, len(row), 64):
        block = row[start : start + 64]
        out += [sum(s * x for s, x in zip(line, block)) for line in signs]
    return out


def exp2_negative(x):
    j, t = (x & 65535) >> 8, x & 255
    return min(2**24 - 1, rsh(EXP2[j] + rsh((EXP2[j + 1] - EXP2[j]) * t, 8), x >> 16))


def gated(gate, up):
    gate, up = (max(-(2**26) + 1, min(2**26 - 1, x)) for x in (gate, up))
    if gate >= 32768:
        value = gate << 4
    elif gate < -32768:
        value = 0
    else:
        # −32768 ≤ gate < 32768, so the index is at most 255.
        j, t = (gate + 32768) >> 8, (gate + 32768) & 255
        value = SILU[j] + rsh((SILU[j + 1] - SILU[j]) * t, 8)
    return value * up


class Matrix:
    def __init__(self, rows, columns, data, shift, multipliers, rotated):
        self.rows = [data[i * columns : (i + 1) * columns] for i in range(rows)]
        self.shift, self.multipliers, self.rotated = shift, multipliers, rotated

    def apply(self, q, scale, f_in, f_out):
        m, e = scale
        return [
            saturate(rsh(sum(a * b for a, b in zip(q, row)) * m * multiplier, self.shift + f_in - f_out - e))
            for row, multiplier in zip(self.rows, self.multipliers)
        ]


class Model:
    def __init__(self, path):
        data = open(path, "rb").read()
        assert data[:8] == b"AIPGMDL0"
        header = data[40 : 40 + HEADER_LENGTH]
        self.root = blake(b"aipg/model/0", header)
        assert self.root == data[8:40], "model root"
        numbers = struct.unpack("<13I", header[:52])
        (_, _, self.d, self.layer_count, self.heads, self.groups, self.width, self.ff, self.vocabulary,
         self.context, self.epsilon, self.score_scale, output_flags) = numbers
        flags, self.value_formats = header[52:180], header[180:308]
        d, queries, keys = self.d, self.heads * self.width, self.groups * self.width
        shapes = [(self.vocabulary, d, False)]
        for layer in range(self.layer_count):
            a, o, f, w = (bool(flags[layer] >> bit & 1) for bit in range(4))
            shapes += [(queries, d, a), (keys, d, a), (keys, d, a), (d, queries, o),
                       (self.ff, d, f), (self.ff, d, f), (d, self.ff, w)]
        shapes.append((self.vocabulary, d, bool(output_flags & 1)))

        position = 40 + HEADER_LENGTH
        start = position

        def take(format_, count):
            nonlocal position
            values = struct.unpack_from(f"<{count}{format_}", data, position)
            position += struct.calcsize(f"<{count}{format_}")
            return values

        multipliers = []
        for index, (rows, _, _) in enumerate(shapes):
            if index == 0:
                multipliers.append((0, take("I", rows)))
            else:
                shift = take("H", 1)[0]
                multipliers.append((shift, [min(m, 32768) for m in take("H", rows)]))
        clamp = lambda gains: [max(-(2**22), min(2**22, gain)) for gain in gains]
        gains = [clamp(take("i", d)) for _ in range(2 * self.layer_count + 1)]
        assert section_root(b"aipg.scl", data[start:position]) == header[340:372], "scale root"
        start = position
        self.rotary = [take("h", self.width) for _ in range(self.context)]
        assert section_root(b"aipg.tab", data[start:position]) == header[372:404], "table root"

        matrices, leaves = [], []
        for (rows, columns, rotated), (shift, multiplier) in zip(shapes, multipliers):
            raw = data[position : position + rows * columns]
            for top in range(0, rows, 16):
                for left in range(0, columns, 256):
                    tile = b""
                    for row in range(top, min(top + 16, rows)):
                        at = row * columns
                        tile += raw[at + left : at + min(left + 256, columns)].ljust(256, b"\0")
                    leaves.append(tile)
            values = [max(-127, x) for x in take("b", rows * columns)]
            matrices.append(Matrix(rows, columns, values, shift, multiplier, rotated))
        assert position == len(data), "length"
        assert tree(b"aipg.wgt", leaves, 4096, [len(leaves)]) == header[404:436], "weight root"
        self.embedding, *rest, self.output = matrices
        self.layers = [rest[i : i + 7] + gains[i // 7 * 2 : i // 7 * 2 + 2] for i in range(0, len(rest), 7)]
        self.final_norm = gains[-1]
        self.cache = [[] for _ in self.layers]

    def normalise(self, x, gain, rotated):
        e0 = max(0, max(abs(v) for v in x).bit_length() - 24)
        mean = sum((v >> e0) ** 2 for v in x) // len(x)
        root = max(1, isqrt((mean + (self.epsilon >> 2 * e0)) << 14))
        u = [v * g for v, g in zip(x, gain)]
        q, amplitude, e1 = quantise(hadamard(u) if rotated else u)
        return q, scale_of((amplitude << 32) // root, e1 + 7 - e0)

    def heads_of(self, row, position=None):
        half, heads = self.width // 2, []
        for start in range(0, len(row), self.width):
            head = row[start : start + self.width]
            if position is not None:
                table = self.rotary[position]
                turned = list(head)
                for i in range(half):
                    x, y, c, s = head[i], head[i + half], table[i], table[i + half]
                    turned[i] = saturate(rsh(x * c - y * s, 15))
                    turned[i + half] = saturate(rsh(x * s + y * c, 15))
                head = turned
            q, amplitude, e = quantise(head)
            heads.append((q, scale_of(amplitude, e)))
        return heads

    def attend(self, query, keys, values, f_v):
        (q, (mq, eq)) = query
        scores = []
        for k, (mk, ek) in keys:
            t = rsh(sum(a * b for a, b in zip(q, k)) * mq * mk, 22)
            scores.append(saturate(rsh(t * self.score_scale, 26 - eq - ek)))
        weights = [exp2_negative(max(scores) - s) for s in scores]
        z = sum(weights)
        zs = max(0, z.bit_length() - 24)
        scaled = []
        for weight, (_, (m, e)) in zip(weights, values):
            scaled.append(rsh(weight * min(65535, rsh(m, 12 - f_v - e)), 16))
        z >>= zs
        out = []
        for column in range(self.width):
            o = sum(w * v[column] for w, (v, _) in zip(scaled, values))
            out.append(saturate(((rsh(o, zs) << (33 - f_v)) + 127 * z) // (254 * z)))
        return out

    def step(self, token, position):
        """Final hidden state of the next position."""
        multiplier = self.embedding.multipliers[token]
        x = [saturate(rsh(e * multiplier, 16)) for e in self.embedding.rows[token]]
        for index, layer in enumerate(self.layers):
            query, key, value, output, gate, up, down, attention_norm, feed_forward_norm = layer
            q, scale = self.normalise(x, attention_norm, query.rotated)
            queries = self.heads_of(query.apply(q, scale, 44, 12), position)
            keys = self.heads_of(key.apply(q, scale, 44, 12), position)
            values = self.heads_of(value.apply(q, scale, 44, 12))
            self.cache[index].append((keys, values))
            attended = []
            for head, one in enumerate(queries):
                group = head * self.groups // self.heads
                attended += self.attend(
                    one,
                    [row[0][group] for row in self.cache[index]],
                    [row[1][group] for row in self.cache[index]],
                    self.value_formats[index],
                )
            q, amplitude, e = quantise(hadamard(attended) if output.rotated else attended)
            x = [saturate(a + b) for a, b in zip(x, output.apply(q, scale_of(amplitude, e), 16, 16))]
            q, scale = self.normalise(x, feed_forward_norm, gate.rotated)
            pairs = zip(gate.apply(q, scale, 44, 12), up.apply(q, scale, 44, 12))
            inner = [gated(a, b) for a, b in pairs]
            q, amplitude, e = quantise(hadamard(inner) if down.rotated else inner)
            x = [saturate(a + b) for a, b in zip(x, down.apply(q, scale_of(amplitude, e), 28, 16))]
        return x

    def sample(self, hidden):
        q, scale = self.normalise(hidden, self.final_norm, self.output.rotated)
        logits = self.output.apply(q, scale, 44, 16)
        return logits.index(max(logits))


def main():
    model = Model(sys.argv[1])
    prompt = [int(i) for i in sys.argv[2].split(",")]
    maximum, stop = int(sys.argv[3]), [int(i) for i in sys.argv[4].split(",") if i]
    rows = [model.step(token, position) for position, token in enumerate(prompt)]
    tokens = [model.sample(rows[-1])]
    while len(tokens) < maximum and tokens[-1] not in stop:
        rows.append(model.step(tokens[-1], len(rows)))
        tokens.append(model.sample(rows[-1]))
    leaves = [
        struct.pack(f"<{len(row[i:i + 256])}i", *row[i : i + 256]) for row in rows for i in range(0, model.d, 256)
    ]
    digest = tree(b"aipg.dig", leaves, 1024, [len(rows), model.d])
    print(json.dumps({"root": model.root.hex(), "tokens": tokens, "digest": digest.hex(), "positions": len(rows)}))


if __name__ == "__main__":
    main()
