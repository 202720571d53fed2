"""Model files of random shapes and random bytes, roots included."""

import struct

import numpy as np

from .shape import HEAD_NORM, LAYER_NORM, TIED_EMBEDDING, Parts, Picture, Shape


def _integers(random: np.random.Generator, least: int, most: int, count: int, kind: str) -> bytes:
    """`count` integers of [least, most), little-endian."""
    return random.integers(least, most, count).astype("<" + kind).tobytes()


def _scales(
    random: np.random.Generator, shape: Shape, flags: bytes, wild: bool, picture: Picture | None = None
) -> bytes:
    parts = []
    for index, tensor in enumerate(shape.tensors(flags, picture)):
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
    for _ in range(shape.window if picture else 1):
        parts += _norms(random, shape, wild)
    return b"".join(parts)


def _norms(random: np.random.Generator, shape: Shape, wild: bool) -> list[bytes]:
    """The norms of each layer and the final one."""
    parts = []
    for norm in range(2 * shape.layers + 1):
        vectors = [shape.d] * (2 if shape.has(LAYER_NORM) else 1)
        if shape.has(HEAD_NORM) and norm % 2 == 0 and norm < 2 * shape.layers:
            vectors += [shape.width, shape.width]
        for count in vectors:
            least, most = (-(2**31), 2**31) if wild else (3_000, 5_000)
            parts.append(_integers(random, least, most, count, "i4"))
    return parts


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


def _input_flags(random: np.random.Generator, shape: Shape) -> bytes:
    """Flags of the inputs of each layer."""
    flags = bytearray(128)
    for layer in range(shape.layers):
        widths = (shape.d, shape.heads * shape.width, shape.d, shape.feed_forward)
        for bit, width in enumerate(widths):
            flags[layer] |= int(width % 64 == 0 and random.random() < 0.6) << bit
            flags[layer] |= int(random.random() < 0.3) << bit + 4
    return bytes(flags)


def _weights(
    random: np.random.Generator, shape: Shape, flags: bytes, picture: Picture | None = None
) -> list[np.ndarray]:
    return [
        random.integers(-128, 128, (tensor.rows, tensor.columns), np.int8)
        for tensor in shape.tensors(flags, picture)
        if tensor.stored
    ]


def random_model(random: np.random.Generator) -> bytes:
    """A model file with a vocabulary for bytes and the three marks of the byte tokenizer."""
    wild = bool(random.random() < 0.4)
    shape = _shape(random, wild)
    flags = _input_flags(random, shape)
    formats = bytes(int(random.integers(2, 17)) for _ in range(shape.layers))
    # At least one layer has the window, if there is one.
    windowed = int(random.integers(1, 2**shape.layers)) if shape.window else 0
    weights = _weights(random, shape, flags)
    scales = _scales(random, shape, flags, wild)
    tables = _integers(random, -(2**15), 2**15, shape.context * shape.width, "i2")
    return Parts(shape, flags, formats, scales, tables, weights, windowed).file()


def _picture(random: np.random.Generator) -> Picture:
    """Up to 32 patches of up to 8 × 8 pixels, with sides that differ."""
    side = int(random.choice([1, 2, 3, 4, 8]))
    height, width = (side * int(n) for n in random.integers(1, [9, 5]))
    # 3·8² is a multiple of 64.
    rotated = side == 8 and random.random() < 0.5
    return Picture(height, width, side, int(rotated) | int(random.random() < 0.5) << 1)


def random_picture_model(random: np.random.Generator) -> bytes:
    """A file of a picture model with a vocabulary of 256 or a little more."""
    wild = bool(random.random() < 0.4)
    shape, picture = _shape(random, wild), _picture(random)
    shape.model_flags &= ~TIED_EMBEDDING
    shape.vocabulary = int(random.integers(256, 300))
    shape.context = picture.patches + int(random.integers(1, 20))
    # The number of steps stands where a decoder has its window.
    shape.window = int(random.integers(1, 6))
    flags = _input_flags(random, shape)
    formats = bytes(int(random.integers(2, 17)) for _ in range(shape.layers))
    tables = _integers(random, -(2**15), 2**15, shape.context * shape.width, "i2")
    # About what keeps a picture in its range, or anything.
    least, most = (-(2**31), 2**31) if wild else (-(2**15), 2**16)
    tables += _integers(random, least, most, 2 * shape.window, "i4")
    scales = _scales(random, shape, flags, wild, picture)
    weights = _weights(random, shape, flags, picture)
    return Parts(shape, flags, formats, scales, tables, weights, picture=picture).file()
