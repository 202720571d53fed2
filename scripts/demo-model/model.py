"""The float32 decoder that is trained, in JAX.

A dense Llama-type decoder: pre-norm RMSNorm, rotary positions on the pairs (i, i + head/2),
grouped-query attention, SwiGLU, an output matrix of its own, no biases. Weights are stored
[out, in], as the engine's converter reads them.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from tokens import VOCABULARY

Parameters = dict[str, jax.Array]


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Shape of the decoder; the field names are the keys of config.json."""

    model_dimension: int = 256
    layers: int = 5
    heads: int = 8
    key_value_heads: int = 4
    head_dimension: int = 32
    feed_forward: int = 512
    vocabulary: int = VOCABULARY
    max_context: int = 512
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    def write(self, path: Path) -> None:
        """Writes config.json."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", encoding="utf-8")


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


def initialise(config: Configuration, seed: int) -> Parameters:
    """Fresh parameters by tensor name, float32.

    Matrices are normal with deviation 1/sqrt(columns); those that write into the residual stream
    are smaller by 1/sqrt(2 * layers), so that depth does not grow the stream.
    """
    generator = np.random.default_rng(seed)

    def normal(shape: tuple[int, int], deviation: float) -> jax.Array:
        return jnp.asarray(generator.standard_normal(shape, dtype=np.float32) * deviation)

    width = config.model_dimension
    parameters: Parameters = {
        "embedding.weight": normal((config.vocabulary, width), 0.5),
        "final_norm.weight": jnp.ones(width, jnp.float32),
        "output.weight": normal((config.vocabulary, width), 0.5 / np.sqrt(width)),
    }
    for layer in range(config.layers):
        prefix = f"layers.{layer}."
        parameters[f"{prefix}attention_norm.weight"] = jnp.ones(width, jnp.float32)
        parameters[f"{prefix}feed_forward_norm.weight"] = jnp.ones(width, jnp.float32)
        for name, shape in LAYER_MATRICES.items():
            rows, columns = shape(config)
            deviation = 1.0 / np.sqrt(columns)
            if name in ("attention.output", "feed_forward.down"):
                deviation /= np.sqrt(2 * config.layers)
            parameters[f"{prefix}{name}.weight"] = normal((rows, columns), deviation)
    return parameters


def rotary_tables(config: Configuration, length: int) -> tuple[jax.Array, jax.Array]:
    """Cosine and sine [length, head/2] of the rotary positions."""
    half = config.head_dimension // 2
    frequency = config.rope_base ** (-np.arange(half) / half)
    angle = np.arange(length)[:, None] * frequency[None, :]
    return jnp.asarray(np.cos(angle), jnp.float32), jnp.asarray(np.sin(angle), jnp.float32)


def rotate(x: jax.Array, cosine: jax.Array, sine: jax.Array) -> jax.Array:
    """Rotates the pairs (i, i + head/2) of x [batch, time, heads, head]."""
    first, second = jnp.split(x, 2, axis=-1)
    cosine, sine = cosine[None, :, None, :], sine[None, :, None, :]
    return jnp.concatenate(
        [first * cosine - second * sine, first * sine + second * cosine], axis=-1
    )


def normalise(x: jax.Array, gain: jax.Array, epsilon: float) -> jax.Array:
    """RMSNorm over the last axis."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + epsilon) * gain


def linear(x: jax.Array, weight: jax.Array) -> jax.Array:
    """x [..., in] times the transpose of weight [out, in].

    The leading axes are flattened first: XLA's CPU backend is a fifth faster on plain matrices.
    """
    flat = x.reshape(-1, x.shape[-1]) @ weight.T
    return flat.reshape(*x.shape[:-1], weight.shape[0])


def feed_forward(parameters: Parameters, prefix: str, x: jax.Array) -> jax.Array:
    """SwiGLU of the normalised stream."""
    gate = linear(x, parameters[f"{prefix}feed_forward.gate.weight"])
    up = linear(x, parameters[f"{prefix}feed_forward.up.weight"])
    return linear(jax.nn.silu(gate) * up, parameters[f"{prefix}feed_forward.down.weight"])


def project(config: Configuration, parameters: Parameters, prefix: str, x: jax.Array):
    """Query [b, t, heads, head], key and value [b, t, key/value heads, head], before rotation."""
    batch, time, _ = x.shape

    def heads(name: str, count: int) -> jax.Array:
        y = linear(x, parameters[f"{prefix}attention.{name}.weight"])
        return y.reshape(batch, time, count, config.head_dimension)

    return (
        heads("query", config.heads),
        heads("key", config.key_value_heads),
        heads("value", config.key_value_heads),
    )


def attend(config: Configuration, query, key, value, mask) -> jax.Array:
    """Grouped-query attention; query head h reads key head floor(h * KV / H).

    query [b, t, H, head], key and value [b, s, KV, head], mask [t, s] or [b, t, s].
    Returns [b, t, H * head].
    """
    batch, time, _, _ = query.shape
    group = config.heads // config.key_value_heads
    query = query.reshape(batch, time, config.key_value_heads, group, config.head_dimension)
    scores = jnp.einsum("btkgd,bskd->bkgts", query, key) / np.sqrt(config.head_dimension)
    scores = jnp.where(mask, scores, -1e30)
    mixed = jnp.einsum("bkgts,bskd->btkgd", jax.nn.softmax(scores, axis=-1), value)
    return mixed.reshape(batch, time, config.heads * config.head_dimension)


def forward(config: Configuration, parameters: Parameters, ids: jax.Array) -> jax.Array:
    """Logits [batch, time, vocabulary] of whole sequences `ids` [batch, time]."""
    time = ids.shape[1]
    cosine, sine = rotary_tables(config, time)
    mask = jnp.tril(jnp.ones((time, time), bool))
    x = parameters["embedding.weight"][ids]
    for layer in range(config.layers):
        prefix = f"layers.{layer}."
        u = normalise(x, parameters[f"{prefix}attention_norm.weight"], config.epsilon)
        query, key, value = project(config, parameters, prefix, u)
        query, key = rotate(query, cosine, sine), rotate(key, cosine, sine)
        mixed = attend(config, query, key, value, mask)
        x = x + linear(mixed, parameters[f"{prefix}attention.output.weight"])
        u = normalise(x, parameters[f"{prefix}feed_forward_norm.weight"], config.epsilon)
        x = x + feed_forward(parameters, prefix, u)
    x = normalise(x, parameters["final_norm.weight"], config.epsilon)
    return linear(x, parameters["output.weight"])


def decode_step(config: Configuration, parameters: Parameters, cache, ids, position):
    """One position of a batch with a key/value cache.

    cache: keys and values [layers, batch, length, KV, head]; ids [batch] at `position`.
    Returns the new cache and logits [batch, vocabulary].
    """
    keys, values = cache
    length = keys.shape[2]
    cosine, sine = rotary_tables(config, length)
    cosine, sine = cosine[position][None], sine[position][None]
    mask = (jnp.arange(length) <= position)[None, :]
    x = parameters["embedding.weight"][ids][:, None, :]
    for layer in range(config.layers):
        prefix = f"layers.{layer}."
        u = normalise(x, parameters[f"{prefix}attention_norm.weight"], config.epsilon)
        query, key, value = project(config, parameters, prefix, u)
        query, key = rotate(query, cosine, sine), rotate(key, cosine, sine)
        keys = keys.at[layer, :, position].set(key[:, 0])
        values = values.at[layer, :, position].set(value[:, 0])
        mixed = attend(config, query, keys[layer], values[layer], mask)
        x = x + linear(mixed, parameters[f"{prefix}attention.output.weight"])
        u = normalise(x, parameters[f"{prefix}feed_forward_norm.weight"], config.epsilon)
        x = x + feed_forward(parameters, prefix, u)
    x = normalise(x, parameters["final_norm.weight"], config.epsilon)
    return (keys, values), linear(x, parameters["output.weight"])[:, 0]


def write_safetensors(path: Path, parameters: Parameters) -> None:
    """Writes the parameters as float32 safetensors, in the order of their names."""
    header, chunks, offset = {}, [], 0
    for name in sorted(parameters):
        data = np.ascontiguousarray(parameters[name], dtype="<f4")
        header[name] = {
            "dtype": "F32",
            "shape": list(data.shape),
            "data_offsets": [offset, offset + data.nbytes],
        }
        chunks.append(data.tobytes())
        offset += data.nbytes
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        file.writelines(chunks)


def read_safetensors(path: Path) -> Parameters:
    """Reads what write_safetensors wrote."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    parameters = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        values = np.frombuffer(data[8 + size + first : 8 + size + last], dtype="<f4")
        parameters[name] = jnp.asarray(values.reshape(entry["shape"]))
    return parameters
