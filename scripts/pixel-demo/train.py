"""Trains the picture model: it sees sprites with noise and answers with the sprites.

Every step draws its own sprites, prompts, times and noise from the seed and its number, so a run that was
interrupted goes on as if it had not been: the state is saved every `--save-every` steps.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import expit, ndtri

import generation
import prompts
import sprites
from model import Configuration, Parameters, forward, initialise, on_grid, to_patches
from optimiser import State, fresh_state, learning_rate, update
from sheet import write_sheet

BATCH = 64
# Times are logistic of a normal number: most of the work is where kind and outline are decided.
TIME_MEAN, TIME_DEVIATION = -0.5, 1.0
# The loss is that of the velocity, the error of the picture over 1 - t; near the end of the flow, where
# hardly anything is left to decide, this stands for 1 - t.
LEAST_NOISE = 0.2
SECONDS_BETWEEN_SHEETS = 600


def make_batch(config: Configuration, seed: int, step: int, count: int = BATCH):
    """Pictures, noise, times, words of a step, everything from (seed, step)."""
    random = np.random.default_rng([seed, step])
    pairs = [(kind, colour) for kind in sprites.KINDS for colour in sprites.COLOURS]
    pictures, texts = [], []
    for index in random.permutation(max(count, len(pairs)))[:count] % len(pairs):
        kind, colour = pairs[index]
        pictures.append(sprites.paint(sprites.draw(kind, random), colour))
        texts.append(prompts.encode(prompts.compose(kind, colour, random)))
    words, seen = generation.pad_words(texts, prompts.MAX_WORDS)
    clean = to_patches(config, np.stack(pictures).astype(np.float32) / 127.5 - 1)
    noise = random.standard_normal(clean.shape, dtype=np.float32)
    return clean, noise, draw_times(random, count), words, seen


def draw_times(random: np.random.Generator, count: int) -> np.ndarray:
    """Times [count], one in each of as many equally likely parts: their mean loss varies less."""
    shares = (random.permutation(count) + random.random(count)) / count
    return expit(TIME_MEAN + TIME_DEVIATION * ndtri(shares)).astype(np.float32)


def batch_loss(parameters: Parameters, config: Configuration, batch) -> jax.Array:
    """Mean square of the velocity's error."""
    clean, noise, at, words, seen = batch
    share = at[:, None, None]
    answer = forward(config, on_grid(parameters), share * clean + (1 - share) * noise, at, words, seen)
    error = (answer - clean) / jnp.maximum(1 - share, LEAST_NOISE)
    return jnp.mean(error**2)


@partial(jax.jit, static_argnums=0)
def train_step(config: Configuration, parameters: Parameters, state: State, batch, rate, step):
    loss, gradients = jax.value_and_grad(batch_loss)(parameters, config, batch)
    return *update(parameters, gradients, state, rate, step), loss


def save(path: Path, step: int, parameters: Parameters, state: State) -> None:
    """Saves the run by writing beside the file and renaming, so that a crash leaves the old one."""
    arrays = {"step": np.asarray(step)}
    for kind, tensors in {"parameters": parameters, **state}.items():
        arrays.update({f"{kind}/{name}": np.asarray(value) for name, value in tensors.items()})
    temporary = path.with_suffix(".partial.npz")
    np.savez(temporary, **arrays)
    os.replace(temporary, path)


def restore(path: Path) -> tuple[int, Parameters, State]:
    """What save wrote: the last step, parameters and state."""
    groups: dict[str, Parameters] = {}
    with np.load(path) as file:
        step = int(file["step"])
        for key in file.files:
            kind, _, name = key.partition("/")
            if name:
                groups.setdefault(kind, {})[name] = jnp.asarray(file[key])
    parameters = groups.pop("parameters")
    return step, parameters, groups


def write_checkpoint(path: Path, parameters: Parameters) -> None:
    np.savez(path, **{name: np.asarray(value) for name, value in parameters.items()})


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Parameters by name, float32."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def show(config: Configuration, parameters: Parameters, path: Path) -> None:
    """Writes a sheet of one picture a kind and colour, from fixed noise."""
    texts = [f"{colour} {kind}" for kind in sprites.KINDS for colour in list(sprites.COLOURS)[::2]]
    shape = (len(texts), config.patches, config.patch_values)
    noise = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    write_sheet(path, generation.draw(config, on_grid(parameters), texts, noise), 10)


def may_continue(earlier: dict, run: dict, step: int) -> bool:
    """Whether the state after `step` of the earlier run is a state of this run too: with the same
    settings, or with another number of steps that makes no difference up to that step."""
    if {**earlier, "steps": 0} != {**run, "steps": 0} or step > run["steps"]:
        return False
    return all(learning_rate(past, earlier["steps"]) == learning_rate(past, run["steps"])
               for past in range(1, step + 1))


def begin(options: argparse.Namespace, config: Configuration) -> tuple[int, Parameters, State]:
    """The state of an earlier run with the same settings, or a fresh one."""
    options.output.mkdir(parents=True, exist_ok=True)
    run = {"seed": options.seed, "steps": options.steps, "batch": BATCH}
    run_path, state_path = options.output / "run.json", options.output / "state.npz"
    saved = restore(state_path) if state_path.exists() else None
    if saved and not may_continue(json.loads(run_path.read_text()), run, saved[0]):
        sys.exit(f"{options.output} holds a run with other settings: use --restart to throw it away")
    run_path.write_text(json.dumps(run, indent=2) + "\n")
    if saved:
        return saved
    (options.output / "config.json").write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n")
    parameters = initialise(config, options.seed)
    return 0, parameters, fresh_state(parameters)


def train(options: argparse.Namespace, config: Configuration) -> Parameters:
    """Runs all steps and gives the mean of the weights."""
    first, parameters, state = begin(options, config)
    size = sum(value.size for value in parameters.values())
    print(f"model: {size:,} parameters; {options.steps} steps of {BATCH} sprites, starting after step {first}",
          flush=True)
    started = shown = time.monotonic()
    losses = []
    for step in range(first + 1, options.steps + 1):
        batch = make_batch(config, options.seed, step)
        rate = learning_rate(step, options.steps)
        parameters, state, loss = train_step(config, parameters, state, batch, rate, step)
        losses.append(loss)
        if step % 25 == 0 or step == options.steps:
            # Reading the losses waits for the steps, which run behind this loop.
            average = float(np.mean(losses))
            elapsed = time.monotonic() - started
            left = elapsed / (step - first) * (options.steps - step)
            print(f"step {step:5}/{options.steps}  loss {average:.4f}  "
                  f"{elapsed / 60:.1f} min done, {left / 60:.1f} min left", flush=True)
            losses = []
        if step % options.save_every == 0 or step == options.steps:
            save(options.output / "state.npz", step, parameters, state)
        if time.monotonic() - shown > SECONDS_BETWEEN_SHEETS or step == options.steps:
            show(config, state["mean"], options.output / "sheet.png")
            shown = time.monotonic()
    return state["mean"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, default=850)
    parser.add_argument("--seed", type=int, default=32)
    parser.add_argument("--save-every", type=int, default=50)
    options = parser.parse_args()
    if options.steps < 1:
        parser.error("--steps must be at least 1")
    weights = train(options, Configuration())
    write_checkpoint(options.output / "checkpoint.npz", weights)
    print(f"wrote {options.output / 'checkpoint.npz'}")


if __name__ == "__main__":
    main()
