"""Section 8: pictures from prompt tokens and a seed."""

from dataclasses import dataclass

import numpy as np

from . import commitment
from .arithmetic import Array, bit_length, rsh, saturate
from .attention import attend
from .model import Layer, Model, ModelError
from .operations import Quantised, quantise
from .sampling import philox
from .shape import Picture
from .tables import NORMAL


@dataclass
class Painting:
    """A finished picture."""

    # u8 [height, width, 3].
    pixels: Array
    digest: bytes
    positions: int

    @property
    def tokens(self) -> list[int]:
        """The job's output."""
        return self.pixels.ravel().tolist()


def normal(random: Array) -> Array:
    """Normal noise, Q16, from 32 random bits."""
    word = np.asarray(random).astype(np.int64)
    m = 2 * (word & (2**31 - 1)) + 1
    bits = bit_length(m)
    f = (m << (33 - bits)) - 2**32
    index, fraction = 8 * (bits - 1) + (f >> 29), (f >> 13) & 0xFFFF
    z = NORMAL[index] + rsh((NORMAL[index + 1] - NORMAL[index]) * fraction, 16)
    return np.where(word >= 2**31, -z, z)


def noise(seed: int, count: int) -> Array:
    """The latent picture [count], Q16, that a job with this seed begins with."""
    key = commitment.blake(b"aipg/noise/1", seed.to_bytes(8, "little"))
    words = int.from_bytes(key[:4], "little"), int.from_bytes(key[4:8], "little")
    index = np.arange(count)
    zeros = np.zeros_like(index)
    random = np.stack(philox([index >> 2, zeros, zeros, zeros], words))
    return normal(random[index & 3, index])


def step(x: Array, v: Array, kappa: int, delta: int) -> Array:
    """The latent picture after a step, from the one before and the model's output, Q16 all."""
    return saturate(rsh(kappa * x + delta * v, 16))


def to_bytes(x: Array) -> Array:
    """Bytes of latent values, Q16: −1 is 0, 1 is 255."""
    return np.clip((255 * x + 255 * 2**16 + 2**16) >> 17, 0, 255)


def assemble(values: Array, picture: Picture) -> Array:
    """Values [N, c] of patches as a picture [height, width, 3]."""
    side, down, across = picture.side, picture.height // picture.side, picture.width // picture.side
    patches = values.reshape(down, across, side, side, 3)
    return patches.transpose(0, 2, 1, 3, 4).reshape(picture.height, picture.width, 3)


def disassemble(pixels: Array, picture: Picture) -> Array:
    """The opposite of `assemble`."""
    side, down, across = picture.side, picture.height // picture.side, picture.width // picture.side
    return pixels.reshape(down, side, across, side, 3).transpose(0, 2, 1, 3, 4).reshape(picture.patches, picture.values)


def rows_of_step(model: Model, base: Array, x: Array) -> Array:
    """Rows [N + T, d] from the embedded ids `base` [N + T, d] and the latent picture [N, c]."""
    rows = base.copy()
    rows[: len(x)] = saturate(base[: len(x)] + model.patch.apply(model.patch.input(x), 16, 16))
    return rows


def run_layer(model: Model, layer: Layer, x: Array) -> Array:
    """Rows [rows, d] after a layer; each sees all."""
    epsilon, table = model.shape.epsilon, model.rotary[: len(x)]
    rows = layer.attention_norm.apply(x, epsilon, layer.query.mode)
    query_norm, key_norm = layer.head_norms or (None, None)
    queries = model.turn_heads(layer.query.apply(rows, 44, 12), query_norm, table)
    keys = model.turn_heads(layer.key.apply(rows, 44, 12), key_norm, table)
    values = model.turn_heads(layer.value.apply(rows, 44, 12), None, None)
    attended = attention_of_all(model, layer, *map(quantise, (queries, keys, values)))
    x = saturate(x + layer.output.apply(layer.output.input(attended), 16, 16))
    rows = layer.feed_forward_norm.apply(x, epsilon, layer.up.mode)
    return saturate(x + model.feed_forward(layer, rows))


def attention_of_all(model: Model, layer: Layer, queries: Quantised, keys: Quantised, values: Quantised) -> Array:
    """Output [rows, H·a], Q16, of heads [rows, heads, a], every row over all."""

    def head(rows: Quantised, index: int) -> Quantised:
        return Quantised(rows.values[:, index], rows.mantissa[:, index], rows.exponent[:, index])

    shape, out = model.shape, []
    for index in range(shape.heads):
        group = index * shape.groups // shape.heads
        parts = head(queries, index), head(keys, group), head(values, group)
        out.append(attend(*parts, shape.score_scale, layer.value_format))
    return np.concatenate(out, axis=-1)


def run_step(model: Model, number: int, base: Array, x: Array) -> tuple[Array, Array]:
    """The latent picture [N, c] after step `number` and the rows [N + T, d] after its last layer."""
    rows = rows_of_step(model, base, x)
    for layer in model.layers_of_step[number]:
        rows = run_layer(model, layer, rows)
    final = model.final_norms[number].apply(rows[: len(x)], model.shape.epsilon, model.output.mode)
    v = model.output.apply(final, 44, 16)
    return step(x, v, *map(int, model.moves[number])), rows


def paint(model: Model, prompt: list[int], seed: int, start: Array | None = None) -> Painting:
    """Runs a job. `start` [N, c], Q16, takes the place of the seed's noise in measurements."""
    picture, shape = model.picture, model.shape
    if picture is None:
        raise ModelError("NotAPictureModel")
    if not prompt or picture.patches + len(prompt) > shape.context or max(prompt) >= shape.vocabulary:
        raise ValueError("the prompt is empty, too long or out of the vocabulary")
    base = model.embed([*range(shape.vocabulary, shape.vocabulary + picture.patches), *prompt])
    x = noise(seed, picture.patches * picture.values).reshape(picture.patches, -1) if start is None else start
    rows = base
    for number in range(model.steps):
        x, rows = run_step(model, number, base, x)
    pixels = assemble(to_bytes(x), picture).astype(np.uint8)
    return Painting(pixels, commitment.digest(rows), model.steps * len(rows))
