"""Model files of random shapes and random bytes, roots included."""

import struct

import numpy as np

from . import commitment
from .model import MAGIC, Shape

DOMAIN_MODEL = b"aipg/model/0"


def _scales(random: np.random.Generator, shape: Shape, flags: bytes, wild: bool) -> bytes:
    parts = []
    for index, (rows, columns, _) in enumerate(shape.matrices(flags)):
        if index == 0:
            most = 2**32 if wild else 2**26
            parts.append(random.integers(0, most, rows).astype("<u4").tobytes())
        else:
            # About what keeps the rows' size, or anything.
            usual = 28 + (columns.bit_length() - 1) // 2
            shift = int(random.integers(0, 65_536) if wild and random.random() < 0.3 else usual)
            parts.append(struct.pack("<H", shift))
            least = 0 if wild else 2**14
            most = 65_536 if wild else 2**15 + 1
            parts.append(random.integers(least, most, rows).astype("<u2").tobytes())
    count = (2 * shape.layers + 1) * shape.d
    gains = random.integers(-(2**31), 2**31, count) if wild else random.integers(3_000, 5_000, count)
    parts.append(gains.astype("<i4").tobytes())
    return b"".join(parts)


def random_model(random: np.random.Generator) -> bytes:
    """A model file with a vocabulary for bytes and the three marks of the byte tokenizer."""
    wild = bool(random.random() < 0.4)
    groups = int(random.integers(1, 4))
    shape = Shape(
        d=int(random.choice([1, 7, 64, 96, 128, 192])),
        layers=int(random.integers(1, 4)),
        heads=groups * int(random.integers(1, 4)),
        groups=groups,
        width=2 * int(random.integers(1, 33)),
        feed_forward=int(random.choice([1, 33, 64, 100, 256])),
        vocabulary=int(random.integers(259, 300)),
        context=int(random.integers(60, 120)),
        epsilon=int(random.integers(1, 2**28 + 1) if wild else 42_950),
        score_scale=0,
        output_flags=0,
    )
    usual_scale = round(1.4427 / (shape.width**0.5 * 127**2) * 2**40)
    shape.score_scale = int(random.integers(1, 2**30 + 1)) if wild else usual_scale
    shape.output_flags = int(shape.d % 64 == 0 and random.random() < 0.5)
    flags = bytearray(128)
    for layer in range(shape.layers):
        widths = (shape.d, shape.heads * shape.width, shape.d, shape.feed_forward)
        for bit, width in enumerate(widths):
            flags[layer] |= int(width % 64 == 0 and random.random() < 0.6) << bit
    formats = bytes(int(random.integers(2, 17)) for _ in range(shape.layers)).ljust(128, b"\0")
    weights = [
        random.integers(-128, 128, (rows, columns), np.int8) for rows, columns, _ in shape.matrices(bytes(flags))
    ]
    scales = _scales(random, shape, bytes(flags), wild)
    tables = random.integers(-(2**15), 2**15, shape.context * shape.width).astype("<i2").tobytes()
    numbers = [0, 1, *vars(shape).values()]
    header = struct.pack("<13I", *numbers) + bytes(flags) + formats + bytes(32)
    header += commitment.section_root(b"aipg.scl", scales)
    header += commitment.section_root(b"aipg.tab", tables)
    header += commitment.weight_root(weights)
    root = commitment.blake(DOMAIN_MODEL, header)
    return MAGIC + root + header + scales + tables + b"".join(matrix.tobytes() for matrix in weights)
