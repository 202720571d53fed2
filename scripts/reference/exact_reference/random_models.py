"""Model files of random shapes and random bytes, roots included."""

import struct

import numpy as np

from . import commitment
from .model import HEAD_NORM, LAYER_NORM, MAGIC, TIED_EMBEDDING, Shape

DOMAIN_MODEL = b"aipg/model/1"


def _integers(random: np.random.Generator, least: int, most: int, count: int, kind: str) -> bytes:
    """`count` integers of [least, most), little-endian."""
    return random.integers(least, most, count).astype("<" + kind).tobytes()


def _scales(random: np.random.Generator, shape: Shape, flags: bytes, wild: bool) -> bytes:
    parts = []
    for index, tensor in enumerate(shape.tensors(flags)):
        if index == 0:
            parts.append(_integers(random, 0, 2**32 if wild else 2**26, tensor.rows, "u4"))
            continue
        # About what keeps the rows' size, or anything.
        usual = 28 + (tensor.columns.bit_length() - 1) // 2
        shift = int(random.integers(0, 65_536) if wild and random.random() < 0.3 else usual)
        parts.append(struct.pack("<H", shift))
        least, most = (0, 65_536) if wild else (2**14, 2**15 + 1)
        parts.append(_integers(random, least, most, tensor.rows, "u2"))
        if tensor.biased:
            most = 2**31 if wild else 2**13
            parts.append(_integers(random, -most, most, tensor.rows, "i4"))
    for norm in range(2 * shape.layers + 1):
        vectors = [shape.d] * (2 if shape.has(LAYER_NORM) else 1)
        if shape.has(HEAD_NORM) and norm % 2 == 0 and norm < 2 * shape.layers:
            vectors += [shape.width, shape.width]
        for count in vectors:
            least, most = (-(2**31), 2**31) if wild else (3_000, 5_000)
            parts.append(_integers(random, least, most, count, "i4"))
    return b"".join(parts)


def _shape(random: np.random.Generator, wild: bool) -> Shape:
    """Any shape and flags that a header allows, small."""
    groups, width = int(random.integers(1, 4)), 2 * int(random.integers(1, 33))
    d = int(random.choice([1, 7, 64, 96, 128, 192]))
    # A third of the models is of the plain Llama type, the rest has any of the flags.
    model_flags = int(random.integers(0, 256)) if random.random() < 0.67 else 0
    rotated = d % 64 == 0 and not model_flags & TIED_EMBEDDING and random.random() < 0.5
    usual_scale = round(1.4427 / (width**0.5 * 127**2) * 2**40)
    context = int(random.integers(60, 120))
    return Shape(
        d=d,
        layers=int(random.integers(1, 4)),
        heads=groups * int(random.integers(1, 4)),
        groups=groups,
        width=width,
        feed_forward=int(random.choice([1, 33, 64, 100, 256])),
        vocabulary=int(random.integers(259, 300)),
        context=context,
        epsilon=int(random.integers(1, 2**28 + 1) if wild else 42_950),
        score_scale=int(random.integers(1, 2**30 + 1)) if wild else usual_scale,
        model_flags=model_flags,
        output_flags=int(rotated) | int(random.random() < 0.5) << 1,
        window=int(random.integers(1, context + 1)) if random.random() < 0.4 else 0,
    )


def random_model(random: np.random.Generator) -> bytes:
    """A model file with a vocabulary for bytes and the three marks of the byte tokenizer."""
    wild = bool(random.random() < 0.4)
    shape = _shape(random, wild)
    flags = bytearray(128)
    for layer in range(shape.layers):
        widths = (shape.d, shape.heads * shape.width, shape.d, shape.feed_forward)
        for bit, width in enumerate(widths):
            flags[layer] |= int(width % 64 == 0 and random.random() < 0.6) << bit
            flags[layer] |= int(random.random() < 0.3) << bit + 4
    formats = bytes(int(random.integers(2, 17)) for _ in range(shape.layers)).ljust(128, b"\0")
    # At least one layer has the window, if there is one.
    windowed = int(random.integers(1, 2**shape.layers)) if shape.window else 0
    weights = [
        random.integers(-128, 128, (tensor.rows, tensor.columns), np.int8)
        for tensor in shape.tensors(bytes(flags))
        if tensor.stored
    ]
    scales = _scales(random, shape, bytes(flags), wild)
    tables = _integers(random, -(2**15), 2**15, shape.context * shape.width, "i2")
    numbers = [1, 1, *vars(shape).values()]
    header = struct.pack("<15I", *numbers) + bytes(flags) + formats + windowed.to_bytes(16, "little") + bytes(32)
    header += commitment.section_root(b"aipg.scl", scales)
    header += commitment.section_root(b"aipg.tab", tables)
    header += commitment.weight_root(weights)
    root = commitment.blake(DOMAIN_MODEL, header)
    return MAGIC + root + header + scales + tables + b"".join(matrix.tobytes() for matrix in weights)
