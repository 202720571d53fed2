"""Pictures from the float model."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from model import Configuration, Parameters, forward, step_factors, times, to_pictures
from prompts import encode

BATCH = 50


def pad_words(prompts: list[list[int]], length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Ids [count, length] of prompts filled up with zeros, and which are theirs."""
    length = length or max(map(len, prompts))
    ids = np.zeros((len(prompts), length), np.int32)
    seen = np.zeros((len(prompts), length), bool)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)] = prompt
        seen[row, : len(prompt)] = True
    return ids, seen


@partial(jax.jit, static_argnums=0)
def flow(config: Configuration, parameters: Parameters, noise, words, seen) -> jax.Array:
    """Patches [batch, patches, values] after all steps from noise of the same shape."""
    def advance(x, step):
        time, factors = step
        answer = forward(config, parameters, x, jnp.full(x.shape[0], time), words, seen)
        return factors[0] * x + factors[1] * answer, None

    steps = (jnp.asarray(times(config)[:-1], jnp.float32), jnp.asarray(step_factors(config), jnp.float32))
    return jax.lax.scan(advance, noise, steps)[0]


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Bytes of values, [-1, 1] to 0 … 255, rounded to nearest."""
    return np.clip(np.floor((np.asarray(values, np.float64) + 1) * 127.5 + 0.5), 0, 255).astype(np.uint8)


def draw(config: Configuration, parameters: Parameters, prompts: list[str], noise: np.ndarray) -> np.ndarray:
    """Pictures [count, side, side, 3], u8, of prompts and noise [count, patches, values]."""
    ids, seen = pad_words([encode(prompt) for prompt in prompts])
    pictures = []
    for first in range(0, len(prompts), BATCH):
        part = slice(first, first + BATCH)
        patches = flow(config, parameters, jnp.asarray(noise[part], jnp.float32), ids[part], seen[part])
        pictures.append(to_pictures(config, to_bytes(patches)))
    return np.concatenate(pictures)
