"""The float32 picture model that is trained, in JAX: a diffusion transformer over patches and words.

Rows are the patches of the picture, then the words of the prompt; every row attends to all. Time is in
the norms only: a small network makes the gains of all norms from it. The model answers with the clean
picture, from which `step_factors` makes the steps of a flow from noise (t = 0) to picture (t = 1).
Weights are stored [out, in].
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from prompts import VOCABULARY

Parameters = dict[str, jax.Array]


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Shape of the model; the field names are the keys of config.json."""

    side: int = 32
    patch: int = 4
    model_dimension: int = 192
    layers: int = 6
    heads: int = 6
    key_value_heads: int = 3
    head_dimension: int = 32
    feed_forward: int = 384
    vocabulary: int = VOCABULARY
    max_context: int = 96
    steps: int = 20
    epsilon: float = 1e-5
    time_features: int = 64
    time_hidden: int = 128

    @property
    def patches(self) -> int:
        return (self.side // self.patch) ** 2

    @property
    def patch_values(self) -> int:
        return 3 * self.patch**2


# Matrices of one layer by the name of the tensor: (rows, columns) as functions of the shape.
LAYER_MATRICES = {
    "attention.query": lambda c: (c.heads * c.head_dimension, c.model_dimension),
    "attention.key": lambda c: (c.key_value_heads * c.head_dimension, c.model_dimension),
    "attention.value": lambda c: (c.key_value_heads * c.head_dimension, c.model_dimension),
    "attention.output": lambda c: (c.model_dimension, c.heads * c.head_dimension),
    "feed_forward.gate": lambda c: (c.feed_forward, c.model_dimension),
    "feed_forward.up": lambda c: (c.feed_forward, c.model_dimension),
    "feed_forward.down": lambda c: (c.model_dimension, c.feed_forward),
}


def norm_names(config: Configuration) -> list[tuple[str, int]]:
    """Name and width of every norm, in the order of a model file."""
    names = []
    for layer in range(config.layers):
        prefix = f"layers.{layer}."
        names += [(f"{prefix}attention_norm", config.model_dimension),
                  (f"{prefix}query_norm", config.head_dimension),
                  (f"{prefix}key_norm", config.head_dimension),
                  (f"{prefix}feed_forward_norm", config.model_dimension)]
    return names + [("final_norm", config.model_dimension)]


def initialise(config: Configuration, seed: int) -> Parameters:
    """Fresh parameters by tensor name, float32.

    Matrices are normal with deviation 1/sqrt(columns), smaller by 1/sqrt(2 * layers) where they write
    into the residual stream. The answer and the part of the gains that depends on time begin at zero.
    """
    generator = np.random.default_rng(seed)

    def normal(rows: int, columns: int, deviation: float) -> jax.Array:
        return jnp.asarray(generator.standard_normal((rows, columns), dtype=np.float32) * deviation)

    width, values = config.model_dimension, config.patch_values
    gains = sum(size for _, size in norm_names(config))
    parameters: Parameters = {
        "embedding.weight": normal(config.vocabulary + config.patches, width, 0.5),
        "patch.weight": normal(width, values, 1 / np.sqrt(values)),
        "output.weight": jnp.zeros((values, width), jnp.float32),
        "time.input.weight": normal(config.time_hidden, config.time_features,
                                    1 / np.sqrt(config.time_features)),
        "time.output.weight": jnp.zeros((gains, config.time_hidden), jnp.float32),
        "time.output.bias": jnp.zeros(gains, jnp.float32),
    }
    for layer in range(config.layers):
        for name, shape in LAYER_MATRICES.items():
            rows, columns = shape(config)
            deviation = 1 / np.sqrt(columns)
            if name in ("attention.output", "feed_forward.down"):
                deviation /= np.sqrt(2 * config.layers)
            parameters[f"layers.{layer}.{name}.weight"] = normal(rows, columns, deviation)
    return parameters


def on_grid(parameters: Parameters) -> Parameters:
    """Parameters with the weights that an int8 and a scale for each row can hold: the model that is trained
    and converted. Gradients pass as if nothing had been rounded."""
    def rounded(weight: jax.Array) -> jax.Array:
        scale = jnp.maximum(jnp.abs(weight).max(axis=1, keepdims=True) / 127, 1e-12)
        return weight + jax.lax.stop_gradient(jnp.round(weight / scale) * scale - weight)

    return {name: value if name.startswith("time.") else rounded(value) for name, value in parameters.items()}


def gains_at(config: Configuration, parameters: Parameters, time: jax.Array) -> dict[str, jax.Array]:
    """Gains [batch, width] of every norm by name at the times [batch]."""
    frequencies = jnp.asarray(np.geomspace(0.5, 32, config.time_features // 2), jnp.float32)
    angles = time[:, None] * frequencies * np.pi
    features = jnp.concatenate([jnp.cos(angles), jnp.sin(angles)], axis=-1)
    hidden = jax.nn.silu(features @ parameters["time.input.weight"].T)
    flat = 1 + hidden @ parameters["time.output.weight"].T + parameters["time.output.bias"]
    gains, first = {}, 0
    for name, size in norm_names(config):
        gains[name] = flat[:, first : first + size]
        first += size
    return gains


def rotary_angles(config: Configuration) -> np.ndarray:
    """Angles [max_context, head/2] of the rows: half of the pairs turn with the row of the patch, half with
    its column; words do not turn."""
    across = config.side // config.patch
    frequencies = np.geomspace(np.pi / 2, np.pi / 32, config.head_dimension // 4)
    place = np.arange(config.patches)
    angles = np.zeros((config.max_context, config.head_dimension // 2))
    angles[: config.patches] = np.concatenate(
        [(place // across)[:, None] * frequencies, (place % across)[:, None] * frequencies], axis=1
    )
    return angles


def rotate(x: jax.Array, cosine: jax.Array, sine: jax.Array) -> jax.Array:
    """Rotates the pairs (i, i + head/2) of x [batch, rows, heads, head] by tables [rows, head/2]."""
    first, second = jnp.split(x, 2, axis=-1)
    cosine, sine = cosine[:, None, :], sine[:, None, :]
    return jnp.concatenate([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def normalise(x: jax.Array, gain: jax.Array, epsilon: float) -> jax.Array:
    """RMSNorm over the last axis; one gain [batch, width] for all rows between."""
    scale = jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + epsilon)
    return x * scale * gain.reshape(gain.shape[0], *[1] * (x.ndim - 2), gain.shape[1])


def linear(x: jax.Array, weight: jax.Array) -> jax.Array:
    """x [..., in] times the transpose of weight [out, in], as one plain matrix product."""
    flat = x.reshape(-1, x.shape[-1]) @ weight.T
    return flat.reshape(*x.shape[:-1], weight.shape[0])


def attend(config: Configuration, query, key, value, seen) -> jax.Array:
    """Grouped-query attention over all rows that are seen [batch, rows]: [batch, rows, H * head].

    query [b, t, H, head], key and value [b, t, KV, head]; query head h reads key head floor(h * KV / H).
    """
    batch, rows, _, _ = query.shape
    group = config.heads // config.key_value_heads
    query = query.reshape(batch, rows, config.key_value_heads, group, config.head_dimension)
    scores = jnp.einsum("btkgd,bskd->bkgts", query, key) / np.sqrt(config.head_dimension)
    scores = jnp.where(seen[:, None, None, None, :], scores, -1e30)
    mixed = jnp.einsum("bkgts,bskd->btkgd", jax.nn.softmax(scores, axis=-1), value)
    return mixed.reshape(batch, rows, config.heads * config.head_dimension)


def to_patches(config: Configuration, pictures):
    """Pictures [batch, side, side, 3] as patches [batch, patches, values]: row, column, channel in each."""
    across, side = config.side // config.patch, config.patch
    cut = pictures.reshape(-1, across, side, across, side, 3)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(-1, config.patches, config.patch_values)


def to_pictures(config: Configuration, patches):
    """The inverse of to_patches."""
    across, side = config.side // config.patch, config.patch
    grid = patches.reshape(-1, across, across, side, side, 3)
    return grid.transpose(0, 1, 3, 2, 4, 5).reshape(-1, config.side, config.side, 3)


def project(config: Configuration, parameters: Parameters, gains, layer: int, x, tables):
    """Query [b, t, H, head], key and value [b, t, KV, head] of a layer; the first two normalised and turned."""
    prefix = f"layers.{layer}."
    u = normalise(x, gains[f"{prefix}attention_norm"], config.epsilon)

    def heads(name: str, count: int) -> jax.Array:
        y = linear(u, parameters[f"{prefix}attention.{name}.weight"])
        return y.reshape(*x.shape[:2], count, config.head_dimension)

    def turned(name: str, count: int) -> jax.Array:
        return rotate(normalise(heads(name, count), gains[f"{prefix}{name}_norm"], config.epsilon), *tables)

    return (turned("query", config.heads), turned("key", config.key_value_heads),
            heads("value", config.key_value_heads))


def complete(config: Configuration, parameters: Parameters, gains, layer: int, x, mixed):
    """The stream [batch, rows, d] after a layer, from the stream before it and what attention gave."""
    prefix = f"layers.{layer}."
    x = x + linear(mixed, parameters[f"{prefix}attention.output.weight"])
    u = normalise(x, gains[f"{prefix}feed_forward_norm"], config.epsilon)
    gate = linear(u, parameters[f"{prefix}feed_forward.gate.weight"])
    up = linear(u, parameters[f"{prefix}feed_forward.up.weight"])
    return x + linear(jax.nn.silu(gate) * up, parameters[f"{prefix}feed_forward.down.weight"])


def forward(config: Configuration, parameters: Parameters, patches, time, words, word_seen, look=None):
    """The clean picture [batch, patches, values] as the model sees it.

    patches [batch, patches, values] in [-1, 1] and noise, time [batch], words [batch, T] with ids and
    which of them are seen [batch, T]. `look` is given each layer's number and values [b, t, KV, head].
    """
    gains = gains_at(config, parameters, time)
    angles = rotary_angles(config)[: config.patches + words.shape[1]]
    tables = jnp.asarray(np.cos(angles), jnp.float32), jnp.asarray(np.sin(angles), jnp.float32)
    embedding = parameters["embedding.weight"]
    places = embedding[config.vocabulary :] + linear(patches, parameters["patch.weight"])
    x = jnp.concatenate([places, embedding[words]], axis=1)
    seen = jnp.concatenate([jnp.ones(patches.shape[:2], bool), word_seen], axis=1)
    for layer in range(config.layers):
        query, key, value = project(config, parameters, gains, layer, x, tables)
        if look:
            look(layer, value)
        x = complete(config, parameters, gains, layer, x, attend(config, query, key, value, seen))
    x = normalise(x[:, : config.patches], gains["final_norm"], config.epsilon)
    return linear(x, parameters["output.weight"])


def times(config: Configuration) -> np.ndarray:
    """The times [steps + 1] between which the flow steps, from 0 to 1."""
    return np.linspace(0, 1, config.steps + 1)


def step_factors(config: Configuration) -> np.ndarray:
    """(kappa, delta) [steps, 2]: x becomes kappa * x + delta * answer.

    An Euler step of the flow whose velocity at t is (answer - x) / (1 - t).
    """
    at = times(config)
    share = (at[1:] - at[:-1]) / (1 - at[:-1])
    return np.stack([1 - share, share], axis=1)
