"""Muon for the matrices of the layers, Adam for everything else, and a running mean of the weights."""

from __future__ import annotations

from collections import defaultdict

import jax
import jax.numpy as jnp

from model import Parameters

# Learning rates at their peak and moments. Muon's update is scaled to the matrix, so its rate is larger.
MUON_RATE = 0.02
ADAM_RATE = 0.003
WEIGHT_DECAY = 0.01
MOMENTUM = 0.95
ADAM_FIRST, ADAM_SECOND = 0.9, 0.98
NEWTON_SCHULZ_STEPS = 5
# The running mean forgets a weight after about 1 / (1 - MEAN_KEPT) steps, sooner at the beginning.
MEAN_KEPT = 0.995
WARM_UP_STEPS = 40
# The part of the run over which the rate falls to zero.
FALLING = 0.4

State = dict[str, Parameters]


def is_layer_matrix(name: str) -> bool:
    return name.startswith("layers.")


def fresh_state(parameters: Parameters) -> State:
    """Momentum of everything, second moments of what Adam trains, and the mean of the weights."""
    zeros = {name: jnp.zeros_like(value) for name, value in parameters.items()}
    second = {name: value for name, value in zeros.items() if not is_layer_matrix(name)}
    return {"momentum": zeros, "second": second, "mean": dict(parameters)}


def learning_rate(step: int, steps: int) -> float:
    """Rate of step 1 to `steps`, relative to the peak: a warm-up, a plateau and a fall to zero."""
    return min(1.0, step / WARM_UP_STEPS, (steps - step) / max(1.0, steps * FALLING))


def orthogonalise(x: jax.Array) -> jax.Array:
    """About the nearest semi-orthogonal matrices of x [count, rows, columns], by Newton-Schulz."""
    transposed = x.shape[1] > x.shape[2]
    x = jnp.swapaxes(x, 1, 2) if transposed else x
    x = x / (jnp.linalg.norm(x, axis=(1, 2), keepdims=True) + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        square = x @ jnp.swapaxes(x, 1, 2)
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return jnp.swapaxes(x, 1, 2) if transposed else x


def muon(parameters: Parameters, gradients: Parameters, state: State, rate) -> tuple[Parameters, Parameters]:
    """New matrices of the layers and their momentum; those of one shape are orthogonalised together."""
    by_shape = defaultdict(list)
    for name, value in parameters.items():
        if is_layer_matrix(name):
            by_shape[value.shape].append(name)
    new, momentum = {}, {}
    for (rows, columns), names in by_shape.items():
        gradient = jnp.stack([gradients[name] for name in names])
        buffer = MOMENTUM * jnp.stack([state["momentum"][name] for name in names]) + gradient
        direction = orthogonalise(gradient + MOMENTUM * buffer)
        scale = MUON_RATE * max(1.0, rows / columns) ** 0.5
        for index, name in enumerate(names):
            new[name] = parameters[name] * (1 - rate * WEIGHT_DECAY) - rate * scale * direction[index]
            momentum[name] = buffer[index]
    return new, momentum


def adam(parameters: Parameters, gradients: Parameters, state: State, rate, step):
    """New values of everything else, first and second moments."""
    new, momentum, second = {}, {}, {}
    for name, gradient in gradients.items():
        if is_layer_matrix(name):
            continue
        momentum[name] = ADAM_FIRST * state["momentum"][name] + (1 - ADAM_FIRST) * gradient
        second[name] = ADAM_SECOND * state["second"][name] + (1 - ADAM_SECOND) * gradient**2
        corrected = momentum[name] / (1 - ADAM_FIRST**step)
        deviation = jnp.sqrt(second[name] / (1 - ADAM_SECOND**step)) + 1e-10
        new[name] = parameters[name] - rate * ADAM_RATE * corrected / deviation
    return new, momentum, second


def update(parameters: Parameters, gradients: Parameters, state: State, rate, step) -> tuple[Parameters, State]:
    """Parameters and state after step 1, 2, … at a rate relative to the peak."""
    matrices, matrix_momentum = muon(parameters, gradients, state, rate)
    others, momentum, second = adam(parameters, gradients, state, rate, step)
    new = {**matrices, **others}
    kept = jnp.minimum(MEAN_KEPT, step / (step + 10.0))
    mean = {name: kept * state["mean"][name] + (1 - kept) * value for name, value in new.items()}
    return new, {"momentum": {**matrix_momentum, **momentum}, "second": second, "mean": mean}
