"""Greedy answers of the float model, in batches with a key/value cache."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from model import Configuration, Parameters, decode_step
from tokens import ANSWER_END, decode, encode_prompt

BATCH = 64
LENGTH = 320


@partial(jax.jit, static_argnames=("config",))
def generate_batch(config: Configuration, parameters: Parameters, prompts, lengths):
    """Greedy continuation [BATCH, LENGTH] of prompts [BATCH, LENGTH] with the given lengths."""
    shape = (config.layers, BATCH, LENGTH, config.key_value_heads, config.head_dimension)
    cache = (jnp.zeros(shape, jnp.float32), jnp.zeros(shape, jnp.float32))

    def step(position, carry):
        ids, cache = carry
        cache, logits = decode_step(config, parameters, cache, ids[:, position], position)
        sampled = jnp.argmax(logits, axis=-1).astype(jnp.int32)
        following = jnp.where(position + 1 < lengths, ids[:, position + 1], sampled)
        return ids.at[:, position + 1].set(following), cache

    return jax.lax.fori_loop(0, LENGTH - 1, step, (prompts, cache))[0]


def greedy(config: Configuration, parameters: Parameters, prompts: list[str]) -> list[str]:
    """Greedy answers to the prompts; the start of the answer where no end token came."""
    answers = []
    for first in range(0, len(prompts), BATCH):
        part = [encode_prompt(prompt)[: LENGTH - 1] for prompt in prompts[first : first + BATCH]]
        ids = np.full((BATCH, LENGTH), ANSWER_END, np.int32)
        lengths = np.ones(BATCH, np.int32)
        for row, prompt in enumerate(part):
            ids[row, : len(prompt)] = prompt
            lengths[row] = len(prompt)
        result = np.asarray(generate_batch(config, parameters, ids, lengths))
        for row, prompt in enumerate(part):
            answer = result[row, len(prompt) :].tolist()
            if ANSWER_END in answer:
                answer = answer[: answer.index(ANSWER_END)]
            answers.append(decode(answer))
    return answers
