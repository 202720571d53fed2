"""How much is sampled, and from which seeds."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

SEED = 1


@dataclass(frozen=True)
class Settings:
    """Samples per figure. The same numbers come out whatever else runs, in whatever order."""

    samples: int

    def generator(self, name: str) -> np.random.Generator:
        """A stream of its own for each use, named after it."""
        return np.random.default_rng([SEED, crc32(name.encode())])


FULL = Settings(samples=1_000_000)
QUICK = Settings(samples=20_000)
