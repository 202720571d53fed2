"""Which kind and colour a picture shows: those of the nearest of many rendered sprites."""

from __future__ import annotations

import numpy as np

import sprites

SHAPES_OF_A_KIND = 100
# Templates are drawn from seeds that begin with this number; those of the training have two numbers.
TEMPLATES, FRESH = (1, 0, 0), (2, 0, 0)


def render(count: int, seed: tuple[int, ...]) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """`count` sprites of each kind in each colour, u8 [n, 32, 32, 3], and their kinds and colours."""
    random = np.random.default_rng(seed)
    pictures, names = [], []
    for kind in sprites.KINDS:
        for _ in range(count):
            shape = sprites.draw(kind, random)
            for colour in sprites.COLOURS:
                pictures.append(sprites.paint(shape, colour))
                names.append((kind, colour))
    return np.stack(pictures), names


class Recogniser:
    """Nearest neighbour in the mean square over all values of a picture."""

    def __init__(self) -> None:
        pictures, self.names = render(SHAPES_OF_A_KIND, TEMPLATES)
        self.flat = pictures.reshape(len(pictures), -1).astype(np.float32)
        self.squares = (self.flat**2).sum(axis=1)

    def identify(self, pictures: np.ndarray) -> tuple[list[tuple[str, str]], np.ndarray]:
        """Kind and colour of each picture, and its root mean square distance, in levels, to the template."""
        flat = pictures.reshape(len(pictures), -1).astype(np.float32)
        distances = self.squares - 2 * flat @ self.flat.T + (flat**2).sum(axis=1)[:, None]
        nearest = distances.argmin(axis=1)
        apart = (self.flat[nearest].astype(np.float64) - flat) ** 2
        return [self.names[index] for index in nearest], np.sqrt(apart.mean(axis=1))


def score(found: list[tuple[str, str]], asked: list[tuple[str, str]], distances: np.ndarray) -> dict:
    """How many show the kind, the colour and both that were asked for; the median distance."""
    pairs = list(zip(found, asked))
    return {
        "pictures": len(pairs),
        "kind": sum(a[0] == b[0] for a, b in pairs),
        "colour": sum(a[1] == b[1] for a, b in pairs),
        "both": sum(a == b for a, b in pairs),
        "median_distance": round(float(np.median(distances)), 2),
    }
