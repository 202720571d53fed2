"""Section 3: the choice of a token from a row of logits."""

from dataclasses import dataclass

import numpy as np

from .arithmetic import Array, bit_length, rsh
from .attention import exp2_negative
from .commitment import blake
from .tables import EXCESS, LN

LN_2 = 11_629_080
WORD = 2**32 - 1


@dataclass
class Seeded:
    """How a seeded job draws; `top_k` 0, `top_p` 65,536 and `min_p` None are off."""

    seed: int
    beta: int
    top_k: int = 0
    top_p: int = 65_536
    min_p: int | None = None


def philox(counter: list[Array], key: tuple[int, int]) -> list[Array]:
    """Philox4x32-10 of four arrays of 32-bit words."""
    a, b, c, d = (np.asarray(word, np.uint64) for word in counter)
    k, l = key
    for _ in range(10):
        first, second = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b = (second >> np.uint64(32)) ^ b ^ np.uint64(k), second & np.uint64(WORD)
        c, d = (first >> np.uint64(32)) ^ d ^ np.uint64(l), first & np.uint64(WORD)
        k, l = (k + 0x9E3779B9) & WORD, (l + 0xBB67AE85) & WORD
    return [a, b, c, d]


def gumbel(random: Array) -> Array:
    """Gumbel noise, Q16, from 32 random bits."""
    n = 2 * random.astype(np.int64) + 1
    bits = bit_length(n)
    f = (n << (33 - bits)) - 2**32

    def between(table: Array, index: Array, fraction: Array) -> Array:
        return table[index] + rsh((table[index + 1] - table[index]) * fraction, 16)

    logarithm = (bits - 1) * LN_2 + between(LN, f >> 24, (f >> 8) & 0xFFFF)
    excess = between(EXCESS, n >> 25, (n >> 9) & 0xFFFF)
    return rsh(33 * LN_2 - logarithm - excess, 8)


def kept(z: Array, how: Seeded) -> Array:
    """Indices of the candidates that pass every filter, in their order."""
    distance = z.max() - z
    order = np.argsort(distance, kind="stable")
    weights = exp2_negative(rsh(distance[order] * 94_548, 16))
    sums = np.cumsum(weights)
    count = len(order)
    if how.min_p is not None:
        count = min(count, int((distance <= how.min_p).sum()))
    if how.top_k > 0:
        count = min(count, how.top_k)
    if how.top_p < 65_536:
        reached = sums * 65_536 >= how.top_p * sums[-1]
        count = min(count, int(np.argmax(reached)) + 1)
    return order[:count]


def choose(logits: Array, how: Seeded | None, ordinal: int) -> int:
    """The output token of number `ordinal` after a row of logits [V], Q16; None is greedy."""
    if how is None:
        return int(np.argmax(logits))
    z = rsh(logits * how.beta, 16)
    index = np.arange(len(logits))
    seed = blake(b"aipg/sample/1", how.seed.to_bytes(8, "little"))
    key = int.from_bytes(seed[:4], "little"), int.from_bytes(seed[4:8], "little")
    zeros = np.zeros_like(index)
    words = np.stack(philox([index >> 2, zeros + ordinal, zeros, zeros], key))
    y = z + gumbel(words[index & 3, index])
    passing = np.sort(kept(z, how))
    return int(passing[np.argmax(y[passing])])
