"""Sections 4, 5 and 8: what a header says of a model's tensors, and how a model file is written."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from . import commitment
from .operations import InputMode

MAGIC = b"AIPGMDL1"
HEADER_LENGTH = 460
DOMAIN_MODEL = b"aipg/model/1"
DECODER, PICTURE = 1, 2

# The model flags.
TIED_EMBEDDING, ATTENTION_BIAS, ATTENTION_OUTPUT_BIAS, FEED_FORWARD_BIAS = 1, 2, 4, 8
LAYER_NORM, GELU_FLAG, UNGATED, HEAD_NORM = 16, 32, 64, 128


@dataclass
class Tensor:
    """A weight tensor of the layout."""

    rows: int
    columns: int
    mode: InputMode = field(default_factory=InputMode)
    biased: bool = False
    stored: bool = True


@dataclass
class Picture:
    """What a picture model makes: `height` × `width` pixels in patches of `side` × `side`."""

    height: int
    width: int
    side: int
    flags: int

    @property
    def patches(self) -> int:
        """N."""
        return (self.height // self.side) * (self.width // self.side)

    @property
    def values(self) -> int:
        """c, values of a patch."""
        return 3 * self.side**2

    @property
    def mode(self) -> InputMode:
        """What the input of the patch matrix goes through."""
        return InputMode(bool(self.flags & 1), bool(self.flags & 2))


@dataclass
class Shape:
    """The header's numbers, in its order; `window` is the number of steps of a picture model."""

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

    def tensors(self, flags: bytes, picture: Picture | None = None) -> list[Tensor]:
        """Every weight tensor, in order, of a model with these input flags."""
        d, queries, keys, inner = self.d, self.heads * self.width, self.groups * self.width, self.feed_forward
        tensors = [Tensor(self.vocabulary, d)]
        if picture:
            tensors = [Tensor(self.vocabulary + picture.patches, d), Tensor(d, picture.values, picture.mode)]
        for layer in range(self.layers):
            a, o, f, w = (InputMode(bool(flags[layer] >> b & 1), bool(flags[layer] >> b + 4 & 1)) for b in range(4))
            bias = self.has(ATTENTION_BIAS)
            tensors += [Tensor(rows, d, a, bias) for rows in (queries, keys, keys)]
            tensors.append(Tensor(d, queries, o, self.has(ATTENTION_OUTPUT_BIAS)))
            bias = self.has(FEED_FORWARD_BIAS)
            tensors += [Tensor(inner, d, f, bias)] * (1 if self.has(UNGATED) else 2)
            tensors.append(Tensor(d, inner, w, bias))
        mode = InputMode(bool(self.output_flags & 1), bool(self.output_flags & 2))
        if picture:
            return tensors + [Tensor(picture.values, d, mode)]
        return tensors + [Tensor(self.vocabulary, d, mode, stored=not self.has(TIED_EMBEDDING))]


@dataclass
class Parts:
    """What a model file is written from, roots excepted."""

    shape: Shape
    # Of each layer.
    input_flags: bytes
    value_formats: bytes
    scales: bytes
    tables: bytes
    # int8 [rows, columns], in the order of the layout; of a tied output matrix none.
    weights: Sequence[np.ndarray]
    # The layers that have the window, as bits.
    windowed: int = 0
    picture: Picture | None = None
    tokenizer: bytes = bytes(32)

    def header(self) -> bytes:
        """The encoded header with the roots of the sections."""
        template = PICTURE if self.picture else DECODER
        header = struct.pack("<15I", 1, template, *vars(self.shape).values())
        header += self.input_flags.ljust(128, b"\0") + self.value_formats.ljust(128, b"\0")
        if self.picture:
            header += struct.pack("<4I", *vars(self.picture).values())
        else:
            header += self.windowed.to_bytes(16, "little")
        header += self.tokenizer
        header += commitment.section_root(b"aipg.scl", self.scales)
        header += commitment.section_root(b"aipg.tab", self.tables)
        return header + commitment.weight_root(self.weights)

    def file(self) -> bytes:
        """The bytes of the model file."""
        header = self.header()
        sections = [self.scales, self.tables, *(matrix.astype(np.int8).tobytes() for matrix in self.weights)]
        return b"".join([MAGIC, commitment.blake(DOMAIN_MODEL, header), header, *sections])
