"""Turns the trained picture model into integers: model.aipg, header.bin and tokenizer.json.

Weights become int8 with a scale for each row. The network that makes the gains of the norms from time is
evaluated at the times of the steps and left out; so is everything else that is not integers.
"""

from __future__ import annotations

import argparse
import json
import math
from hashlib import blake2b
from pathlib import Path

import jax.numpy as jnp
import numpy as np

import generation
import prompts
import sprites
from exact_reference.shape import HEAD_NORM, Parts, Picture, Shape
from model import LAYER_MATRICES, Configuration, forward, gains_at, norm_names, rotary_angles
from model import on_grid, step_factors, times
from train import read_checkpoint

MAX_BYTES = 4_000_000
# Header flags of an input: bits 4 to 7 of a layer's byte give 16 bits to the input of query, key and value,
# of the attention's output, of gate and up, of down; bit 1 those of the patches and of the last product.
WIDE_LAYER = 0b1111_0000
WIDE = 0b10
CALIBRATION_PICTURES = 50
Weights = dict[str, np.ndarray]


class TooLarge(ValueError):
    """The model file has more bytes than a blob may have."""


def tensor_names(config: Configuration) -> list[str]:
    """The weight tensors in the order of a model file."""
    layers = [f"layers.{layer}.{name}.weight" for layer in range(config.layers) for name in LAYER_MATRICES]
    return ["embedding.weight", "patch.weight", *layers, "output.weight"]


def quantise(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 [rows, columns] and what 1 stands for in each row, float64."""
    weight = weight.astype(np.float64)
    scale = np.abs(weight).max(axis=1) / 127
    scale[scale == 0] = 2.0**-40
    return np.rint(weight / scale[:, None]).astype(np.int8), scale


def multipliers(scale: np.ndarray) -> bytes:
    """Shift S and multipliers M of rows: M = scale / 127 · 2^S, the largest in [2^14, 2^15]."""
    factors = scale / 127
    shift = 14 - math.floor(math.log2(factors.max()))
    whole = np.rint(factors * 2.0**shift)
    return np.uint16(shift).astype("<u2").tobytes() + whole.astype("<u2").tobytes()


def scale_section(config: Configuration, scales: list[np.ndarray], gains: Weights) -> bytes:
    """Numbers of the tensors, then the gains (Q12) of every norm for each step."""
    parts = [np.rint(scales[0] * 2.0**32).astype("<u4").tobytes(), *map(multipliers, scales[1:])]
    for step in range(config.steps):
        parts += [np.rint(gains[name][step] * 2.0**12).astype("<i4").tobytes() for name, _ in norm_names(config)]
    return b"".join(parts)


def table_section(config: Configuration) -> bytes:
    """Cosines and sines (Q15) of each row's angles, then kappa and delta (Q16) of each step."""
    angles = rotary_angles(config)
    turns = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    rotary = np.clip(np.rint(turns * 2.0**15), -32_767, 32_767).astype("<i2")
    delta = np.rint(step_factors(config)[:, 1] * 2.0**16)
    moves = np.stack([2.0**16 - delta, delta], axis=1).astype("<i4")
    return rotary.tobytes() + moves.tobytes()


def value_formats(config: Configuration, weights: Weights) -> bytes:
    """Format f_v of each layer: the largest of 2 … 16 that leaves the largest value seen a factor of 2."""
    largest = np.zeros(config.layers)

    def look(layer: int, values) -> None:
        largest[layer] = max(largest[layer], float(jnp.abs(values).max()))

    random = np.random.default_rng(0)
    pairs = [(kind, colour) for kind in sprites.KINDS for colour in sprites.COLOURS]
    chosen = [pairs[index] for index in random.permutation(len(pairs))[:CALIBRATION_PICTURES]]
    ids, seen = generation.pad_words([prompts.encode(f"{colour} {kind}") for kind, colour in chosen])
    x = random.standard_normal((len(chosen), config.patches, config.patch_values), dtype=np.float32)
    for time, (kappa, delta) in zip(times(config), step_factors(config)):
        at = jnp.full(len(chosen), time, jnp.float32)
        x = kappa * x + delta * forward(config, weights, x, at, ids, seen, look)
    return bytes(max(2, min(16, math.floor(math.log2(65_535 / (2 * peak))))) for peak in largest)


def convert(config: Configuration, weights: Weights, tokenizer: bytes) -> Parts:
    """The parts of the model file; `tokenizer` is the content of tokenizer.json."""
    weights = {name: np.asarray(value) for name, value in on_grid(weights).items()}
    elements, scales = zip(*(quantise(weights[name]) for name in tensor_names(config)))
    at = jnp.asarray(times(config)[:-1], jnp.float32)
    gains = {name: np.asarray(value, np.float64) for name, value in gains_at(config, weights, at).items()}
    score_scale = math.log2(math.e) / (math.sqrt(config.head_dimension) * 127**2)
    shape = Shape(
        d=config.model_dimension,
        layers=config.layers,
        heads=config.heads,
        groups=config.key_value_heads,
        width=config.head_dimension,
        feed_forward=config.feed_forward,
        vocabulary=config.vocabulary,
        context=config.max_context,
        epsilon=round(config.epsilon * 2**32),
        score_scale=round(score_scale * 2**40),
        model_flags=HEAD_NORM,
        output_flags=WIDE,
        window=config.steps,
    )
    return Parts(
        shape=shape,
        input_flags=bytes([WIDE_LAYER] * config.layers),
        value_formats=value_formats(config, weights),
        scales=scale_section(config, list(scales), gains),
        tables=table_section(config),
        weights=list(elements),
        picture=Picture(config.side, config.side, config.patch, WIDE),
        tokenizer=blake2b(tokenizer, digest_size=32).digest(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--output", type=Path, required=True, help="folder for the three files")
    options = parser.parse_args()
    config = Configuration(**json.loads((options.run / "config.json").read_text()))
    options.output.mkdir(parents=True, exist_ok=True)
    tokenizer = options.output / "tokenizer.json"
    prompts.write_tokenizer(tokenizer)
    parts = convert(config, read_checkpoint(options.run / "checkpoint.npz"), tokenizer.read_bytes())
    file = parts.file()
    if len(file) > MAX_BYTES:
        raise TooLarge(f"model.aipg has {len(file):,} bytes, more than {MAX_BYTES:,}")
    (options.output / "model.aipg").write_bytes(file)
    (options.output / "header.bin").write_bytes(parts.header())
    print(f"model.aipg: {len(file):,} bytes; value formats {list(parts.value_formats)}")


if __name__ == "__main__":
    main()
