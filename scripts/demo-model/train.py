"""Trains the demo model: Muon on the matrices of the layers, AdamW on the rest.

Each step takes one micro-batch of every length group, so that every gradient sees sums, questions
and prose while padding stays small. The first stage is mostly sums, the second half questions. The
seed, the data and the number of steps fix the run; the state is saved every `--save-every` steps and
picked up again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import data
import generation
from model import LAYER_MATRICES, Configuration, Parameters, forward, initialise
from model import write_safetensors
from tokens import ANSWER_END, PROMPT_END

# Learning rates at their peak, decay and moments. Muon's update is scaled to the matrix, so its
# rate is larger than AdamW's.
MUON_RATE = 0.02
ADAM_RATE = 0.004
WEIGHT_DECAY = 0.02
MOMENTUM = 0.95
ADAM_FIRST, ADAM_SECOND = 0.9, 0.98
WARM_UP_STEPS = 60
# The first cycle of the rate: its steps, and the part of them over which the rate falls to zero. What
# is left of the run is the second, which begins at a lower rate, warms up and falls to zero.
FIRST_CYCLE_STEPS = 600
FALLING = 0.45
SECOND_CYCLE_RATE = 0.4
SECOND_WARM_UP_STEPS = 10
# Steps of the first stage, the sums; all others are of the second.
FIRST_STAGE_STEPS = 200
# Loss weight of a prompt token against 1 for an answer token: enough to learn how questions are
# spelled, too little to spend the model's capacity on guessing them.
PROMPT_WEIGHT = 0.05
SECONDS_BETWEEN_SCORES = 600
PROMPTS_SHOWN = ("What is AI Power Grid?", "What is 12 + 7?", "How do I mine AIPG?")


def is_layer_matrix(name: str) -> bool:
    return name.startswith("layers.") and not name.endswith("norm.weight")


def sample_loss(config, parameters, ids: jax.Array, weights: jax.Array):
    """Weighted sum of the cross-entropy (nats) and sum of the weights; ids [batch, time + 1]."""
    logits = forward(config, parameters, ids[:, :-1])
    chosen = jnp.take_along_axis(logits, ids[:, 1:, None], axis=-1)[..., 0]
    losses = jax.nn.logsumexp(logits, axis=-1) - chosen
    return jnp.sum(losses * weights), jnp.sum(weights)


def batch_loss(parameters: Parameters, batch, config: Configuration) -> jax.Array:
    total, weight = 0.0, 0.0
    for ids, weights in batch:
        part, part_weight = sample_loss(config, parameters, ids, weights)
        total, weight = total + part, weight + part_weight
    return total / weight


def orthogonalise(x: jax.Array) -> jax.Array:
    """Nearest semi-orthogonal matrices of x [count, rows, columns] by Newton-Schulz iteration."""
    transposed = x.shape[1] > x.shape[2]
    x = jnp.swapaxes(x, 1, 2) if transposed else x
    x = x / (jnp.linalg.norm(x, axis=(1, 2), keepdims=True) + 1e-7)
    for _ in range(5):
        square = x @ jnp.swapaxes(x, 1, 2)
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return jnp.swapaxes(x, 1, 2) if transposed else x


def learning_rate(step: int, total_steps: int) -> float:
    """Rate of step 1 to total_steps, relative to the peak. In the first cycle a warm-up, a plateau and a
    fall to zero; in the second, from a lower rate, a fall in which the answers become letter-perfect."""
    length = min(FIRST_CYCLE_STEPS, total_steps)
    if step <= length:
        steady = max(WARM_UP_STEPS, round(length * (1 - FALLING)))
        return min(1.0, step / WARM_UP_STEPS, (length - step) / max(1, length - steady))
    step, length = step - length, total_steps - length
    return SECOND_CYCLE_RATE * min(step / SECOND_WARM_UP_STEPS, 1.0) * (1.0 - step / length)


def update(parameters: Parameters, gradients: Parameters, state, config, rate):
    """One optimiser step at the given rate; state is (step, momentum by name, second moment by name)."""
    step, momentum, second = state
    step = step + 1
    new, new_momentum, new_second = {}, {}, dict(second)
    for matrix in LAYER_MATRICES:
        names = [f"layers.{layer}.{matrix}.weight" for layer in range(config.layers)]
        gradient = jnp.stack([gradients[name] for name in names])
        buffer = MOMENTUM * jnp.stack([momentum[name] for name in names]) + gradient
        direction = orthogonalise(gradient + MOMENTUM * buffer)
        rows, columns = gradient.shape[1:]
        scale = MUON_RATE * max(1.0, rows / columns) ** 0.5
        for index, name in enumerate(names):
            kept = parameters[name] * (1.0 - rate * WEIGHT_DECAY)
            new[name] = kept - rate * scale * direction[index]
            new_momentum[name] = buffer[index]
    for name, value in parameters.items():
        if is_layer_matrix(name):
            continue
        gradient = gradients[name]
        first = ADAM_FIRST * momentum[name] + (1 - ADAM_FIRST) * gradient
        square = ADAM_SECOND * second[name] + (1 - ADAM_SECOND) * gradient * gradient
        corrected = first / (1 - ADAM_FIRST**step)
        deviation = jnp.sqrt(square / (1 - ADAM_SECOND**step)) + 1e-10
        new[name] = value - rate * ADAM_RATE * corrected / deviation
        new_momentum[name], new_second[name] = first, square
    return new, (step, new_momentum, new_second)


@partial(jax.jit, static_argnames=("config",), donate_argnums=(0, 1))
def train_step(parameters, state, batch, rate, config):
    loss, gradients = jax.value_and_grad(batch_loss)(parameters, batch, config)
    parameters, state = update(parameters, gradients, state, config, rate)
    return parameters, state, loss


def pad_samples(samples: list[list[int]], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids [count, length] padded with the end token and the loss weights [count, length - 1]."""
    ids = np.full((len(samples), length), ANSWER_END, np.int32)
    weights = np.zeros((len(samples), length - 1), np.float32)
    for row, sample in enumerate(samples):
        ids[row, : len(sample)] = sample
        answer = sample.index(PROMPT_END)
        weights[row, : answer - 1] = PROMPT_WEIGHT
        weights[row, answer : len(sample) - 1] = 1.0
    return ids, weights


class Batches:
    """Endless micro-batches of the length groups, shuffled afresh in every epoch."""

    def __init__(self, samples: list[list[int]], seed: int, tokens_per_step: int):
        self.generator = np.random.default_rng(seed)
        self.groups = []
        total = sum(len(sample) for sample in samples)
        lower = 0
        for upper in data.LENGTH_GROUPS:
            group = [sample for sample in samples if lower < len(sample) <= upper]
            share = sum(len(sample) for sample in group) / total
            count = max(1, round(tokens_per_step * share / upper))
            ids, weights = pad_samples(group, upper)
            self.groups.append([ids, weights, count, np.arange(0)])
            lower = upper

    def __next__(self):
        batch = []
        for group in self.groups:
            ids, weights, count, queue = group
            while len(queue) < count:
                queue = np.concatenate([queue, self.generator.permutation(len(ids))])
            chosen, group[3] = queue[:count], queue[count:]
            batch.append((ids[chosen], weights[chosen]))
        return batch

    def tokens(self) -> int:
        return sum(group[2] * group[0].shape[1] for group in self.groups)


def save(path: Path, parameters: Parameters, state) -> None:
    """Saves the run by writing beside the file and renaming, so that a crash leaves the old one."""
    step, momentum, second = state
    arrays = {"step": np.asarray(step)}
    for kind, tensors in (("p", parameters), ("m", momentum), ("s", second)):
        arrays.update({f"{kind}/{name}": np.asarray(value) for name, value in tensors.items()})
    temporary = path.with_suffix(".partial.npz")
    np.savez(temporary, **arrays)
    os.replace(temporary, path)


def restore(path: Path):
    with np.load(path) as file:
        def tensors(kind: str) -> Parameters:
            return {n[2:]: jnp.asarray(file[n]) for n in file.files if n.startswith(kind + "/")}

        return tensors("p"), (jnp.asarray(file["step"]), tensors("m"), tensors("s"))


def fresh_state(parameters: Parameters):
    zeros = {name: jnp.zeros_like(value) for name, value in parameters.items()}
    second = {n: jnp.zeros_like(v) for n, v in parameters.items() if not is_layer_matrix(n)}
    return jnp.asarray(0), zeros, second


def bits_per_token(config: Configuration, parameters: Parameters, samples: list[list[int]],
                   whole: bool = False) -> float:
    """Bits per token of the answers (bytes and the end token) given the prompts; with `whole` the
    bytes of the prompts count too."""
    scorer = jax.jit(partial(sample_loss, config))
    total, count, lower = 0.0, 0.0, 0
    for upper in data.LENGTH_GROUPS:
        group = [ids for ids in samples if lower < len(ids) <= upper]
        for first in range(0, len(group), 64):
            part = group[first : first + 64]
            ids, weights = pad_samples(part + [part[-1]] * (64 - len(part)), upper)
            weights = (weights > 0.0 if whole else weights == 1.0).astype(np.float32)
            weights[len(part) :] = 0.0
            loss, weight = scorer(parameters, ids, weights)
            total, count = total + float(loss), count + float(weight)
        lower = upper
    return total / count / float(np.log(2))


def may_continue(earlier: dict, run: dict, step: int) -> bool:
    """Whether the state after `step` of the earlier run is a state of this run too: with the same
    settings, or with another number of steps that makes no difference up to that step."""
    if {**earlier, "steps": 0} != {**run, "steps": 0}:
        return False
    return all(learning_rate(past, earlier["steps"]) == learning_rate(past, run["steps"])
               for past in range(1, step + 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=2686)
    parser.add_argument("--save-every", type=int, default=50)
    options = parser.parse_args()

    config = Configuration()
    corpus = data.build(options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    run = {"seed": options.seed, "steps": options.steps, "data": corpus.digest}
    state_path = options.output / "state.npz"
    run_path = options.output / "run.json"
    parameters = initialise(config, options.seed)
    state = fresh_state(parameters)
    if state_path.exists():
        parameters, state = restore(state_path)
    first = int(state[0])
    earlier = json.loads(run_path.read_text()) if run_path.exists() else run
    if not may_continue(earlier, run, first):
        sys.exit(f"{options.output} holds a run with other settings or data: remove it to start again")
    run_path.write_text(json.dumps(run, indent=2) + "\n")
    change = min(FIRST_STAGE_STEPS, options.steps)
    stages = [Batches(samples, options.seed, mixture.tokens)
              for samples, mixture in zip(corpus.stages, data.STAGES)]
    for step in range(1, first + 1):
        next(stages[step > change])
    size = sum(value.size for value in parameters.values())
    held = [sample.ids for sample in corpus.held_out]
    print(f"model: {size:,} parameters; data: {sum(map(len, corpus.stages)):,} training samples, "
          f"{len(held)} held out; {change} steps of {stages[0].tokens():,} and "
          f"{options.steps - change} of {stages[1].tokens():,} tokens, starting after step {first}",
          flush=True)

    started, shown, tokens = time.monotonic(), time.monotonic(), 0
    losses = []
    for step in range(first + 1, options.steps + 1):
        batches = stages[step > change]
        rate = learning_rate(step, options.steps)
        parameters, state, loss = train_step(parameters, state, next(batches), rate, config)
        tokens += batches.tokens()
        losses.append(loss)
        if step % 25 == 0 or step == options.steps:
            average = float(np.mean([float(value) for value in losses]))
            losses = []
            elapsed = time.monotonic() - started
            left = elapsed / (step - first) * (options.steps - step)
            speed = tokens / elapsed
            print(f"step {step:5}/{options.steps}  loss {average:.4f}  {speed:,.0f} tokens/s  "
                  f"{elapsed / 60:.1f} min done, {left / 60:.1f} min left", flush=True)
        if step % options.save_every == 0 or step == options.steps:
            save(state_path, parameters, state)
        if time.monotonic() - shown > SECONDS_BETWEEN_SCORES or step == options.steps:
            print(f"  held-out bits per byte {bits_per_token(config, parameters, held):.4f}")
            answers = generation.greedy(config, parameters, list(PROMPTS_SHOWN))
            for prompt, answer in zip(PROMPTS_SHOWN, answers):
                print(f"  {prompt} -> {answer}", flush=True)
            shown = time.monotonic()

    write_safetensors(options.output / "checkpoint.safetensors", parameters)
    config.write(options.output / "config.json")
    print(f"wrote {options.output / 'checkpoint.safetensors'}")


if __name__ == "__main__":
    main()
