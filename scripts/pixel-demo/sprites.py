"""Sprites of 32×32 pixels, drawn from a seed: ten kinds of things in ten colours.

`draw` makes a map of palette indices in which proportions, eyes, limbs and ornaments vary; `paint`
gives it a colour. Flat colours, a dark outline, one light background.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from canvas import (AXIS, BODY, CREAM, GLASS, GOLD, LIGHT, METAL, OUTLINE, SHADE, WHITE, WOOD, Canvas)

Random = np.random.Generator

COLOURS = {
    "red": (214, 48, 49),
    "orange": (240, 128, 30),
    "yellow": (248, 208, 48),
    "green": (64, 168, 72),
    "teal": (32, 172, 172),
    "blue": (52, 104, 216),
    "purple": (136, 72, 192),
    "pink": (244, 132, 180),
    "brown": (132, 84, 52),
    "grey": (140, 144, 152),
}
# Palette entries that no prompt changes; those of the body stand in between.
FIXED = {
    0: (238, 238, 230),
    OUTLINE: (40, 36, 52),
    WHITE: (255, 255, 255),
    WOOD: (150, 100, 60),
    METAL: (184, 196, 208),
    CREAM: (248, 228, 192),
    GOLD: (250, 190, 60),
    GLASS: (196, 228, 240),
}


def palette(colour: str) -> np.ndarray:
    """RGB [11, 3], u8, of every palette index for a colour of COLOURS."""
    body = np.array(COLOURS[colour], float)
    tones = {BODY: body, LIGHT: body + (255 - body) * 0.45, SHADE: body * 0.74}
    entries = {**FIXED, **tones}
    return np.array([np.round(entries[index]) for index in range(len(entries))], np.uint8)


def paint(pixels: np.ndarray, colour: str) -> np.ndarray:
    """RGB [..., 3], u8, of a map of palette indices."""
    return palette(colour)[pixels]


def between(random: Random, least: float, most: float) -> float:
    """A length in steps of half a pixel."""
    return random.integers(round(2 * least), round(2 * most) + 1) / 2


def whole(random: Random, least: int, most: int) -> int:
    return int(random.integers(least, most + 1))


def eyes(canvas: Canvas, random: Random, across: int, y: int) -> None:
    """Two eyes whose inner edge is `across` from the axis: white with a pupil, or two dark ones."""
    style = whole(random, 0, 2)
    if style == 0:
        canvas.fill(canvas.boxes(across, across + 2, y, y + 3), OUTLINE)
    else:
        canvas.fill(canvas.boxes(across, across + 3, y, y + 3), WHITE)
        inner = across if style == 1 else across + 1
        canvas.fill(canvas.boxes(inner, inner + 2, y + 1, y + 3), OUTLINE)


def mouth(canvas: Canvas, random: Random, y: int) -> None:
    """A short line or a smile."""
    half = whole(random, 1, 2)
    canvas.fill(canvas.box(half, y, y + 1), OUTLINE)
    if random.random() < 0.5:
        canvas.fill(canvas.boxes(half, half + 1, y - 1, y), OUTLINE)


def robot(canvas: Canvas, random: Random) -> None:
    head, body = whole(random, 6, 8), whole(random, 5, 7)
    neck, hips = whole(random, 13, 15), whole(random, 23, 25)
    top = neck - whole(random, 6, 7)
    canvas.fill(canvas.box(1, top - 3, top), OUTLINE)
    canvas.part(canvas.box(2, top - 5, top - 3), GOLD)
    canvas.part(canvas.boxes(2, 2 + whole(random, 2, 3), hips, 29), SHADE)
    reach = whole(random, 4, 6)
    canvas.part(canvas.boxes(body, body + 3, neck + 2, neck + 2 + reach), SHADE)
    canvas.part(canvas.box(body, neck + 1, hips), BODY)
    canvas.fill(canvas.box(whole(random, 2, 3), neck + 3, neck + 6), LIGHT if random.random() < 0.5 else METAL)
    if random.random() < 0.5:
        canvas.part(canvas.boxes(head, head + 2, top + 2, top + 5), METAL)
    canvas.part(canvas.box(head, top, neck), BODY)
    canvas.fill(canvas.box(head, top, top + 1), LIGHT)
    eyes(canvas, random, whole(random, 1, 2), top + 2)
    canvas.fill(canvas.box(whole(random, 2, 4), neck - 2, neck - 1), OUTLINE)


def slime(canvas: Canvas, random: Random) -> None:
    half, height = between(random, 9, 13), between(random, 11, 17)
    bottom = 28
    dome = canvas.ellipse(AXIS, bottom - 3, half, height) & (canvas.y < bottom)
    canvas.part(dome, BODY)
    canvas.fill(dome & (canvas.y > bottom - 3), SHADE)
    canvas.fill(canvas.ellipse(AXIS - half * 0.5, bottom - 3 - height * 0.62, 2, 1.5) & dome, LIGHT)
    level = round(bottom - 3 - height * 0.45)
    eyes(canvas, random, whole(random, 2, 4), level)
    mouth(canvas, random, level + 5)


def mushroom(canvas: Canvas, random: Random) -> None:
    half, height = between(random, 10, 13.5), between(random, 10, 13)
    rim, stem = whole(random, 16, 18), whole(random, 4, 6)
    canvas.part(canvas.box(stem, rim, 28) | canvas.box(stem - 1, 28, 29), CREAM)
    eyes(canvas, random, 1, rim + 3)
    cap = canvas.ellipse(AXIS, rim, half, height) & (canvas.y < rim + 1)
    canvas.part(cap, BODY)
    canvas.fill(cap & (canvas.y > rim - 2), SHADE)
    spot = between(random, 1.5, 2.5)
    canvas.fill(canvas.ellipse(AXIS, rim - height * 0.62, spot + 0.5, spot) & cap, WHITE)
    canvas.fill(canvas.ellipses(half * 0.62, rim - height * 0.3, spot, spot) & cap, WHITE)


def fish(canvas: Canvas, random: Random) -> None:
    length, height = between(random, 8, 10), between(random, 5, 8)
    x, y = 13, whole(random, 15, 17)
    tail, spread = whole(random, 27, 29), between(random, 4, 7)
    start = x + length - 3
    share = (canvas.x - start) / (tail - start)
    canvas.part((np.abs(canvas.y - y) < spread * share) & (canvas.x < tail) & (share > 0), SHADE)
    canvas.part(canvas.ellipse(x + 1, y - height + 1, whole(random, 3, 5), whole(random, 3, 4)), SHADE)
    body = canvas.part(canvas.ellipse(x, y, length, height), BODY)
    canvas.fill(body & (canvas.y > y + height * 0.4), LIGHT)
    if random.random() < 0.5:
        for stripe in (x + 1, x + 5):
            canvas.fill(body & (canvas.x > stripe) & (canvas.x < stripe + 2), SHADE)
    eye = round(x - length * 0.55)
    canvas.fill(canvas.ellipse(eye, y - 1, 2, 2), WHITE)
    canvas.fill((np.abs(canvas.x - eye + 0.5) < 1) & canvas.rows(y - 2, y), OUTLINE)
    canvas.fill((canvas.x < x - length + 3) & canvas.rows(y + 2, y + 3) & body, OUTLINE)


def bird(canvas: Canvas, random: Random) -> None:
    half, height, y = between(random, 7, 9), between(random, 8, 10), 18
    canvas.part(canvas.boxes(2, 4, y + height - 1, 29.5), GOLD)
    if random.random() < 0.6:
        canvas.part(canvas.wedge(y - height - 4, 0.6, y - height + 2, 3), SHADE)
    body = canvas.part(canvas.ellipse(AXIS, y, half, height), BODY)
    canvas.fill(canvas.ellipse(AXIS, y + height * 0.5, half * 0.6, height * 0.5) & body, LIGHT)
    lift = whole(random, 0, 3)
    canvas.part(canvas.ellipses(half + 0.5, y + 3 - lift, between(random, 2.5, 3.5), between(random, 4, 6)), SHADE)
    level = round(y - height * 0.5)
    eyes(canvas, random, whole(random, 2, 3), level)
    canvas.fill(canvas.wedge(level + 2, 2.6, level + 2 + whole(random, 3, 4), 0.4), GOLD)


def ghost(canvas: Canvas, random: Random) -> None:
    half, top, bottom = whole(random, 8, 11), whole(random, 4, 7), whole(random, 27, 29)
    dome = canvas.ellipse(AXIS, top + half, half, half) | canvas.box(half, top + half, bottom)
    wave, depth = half / 2.5, whole(random, 2, 3)
    phase = np.abs((canvas.across / wave) % 2 - 1)
    body = dome & (canvas.y < bottom - depth * phase)
    canvas.part(body, BODY)
    canvas.fill(body & (canvas.across > half - 2) & (canvas.y > top + half), SHADE)
    canvas.fill(canvas.ellipse(AXIS - half * 0.45, top + half * 0.45, 2, 1.5) & body, LIGHT)
    level = top + half - 1
    canvas.fill(canvas.ellipses(whole(random, 3, 5), level, 2, whole(random, 2, 3)), OUTLINE)
    mouth_level, half, height = level + whole(random, 5, 6), between(random, 1, 2.5), between(random, 1, 2)
    canvas.fill(canvas.ellipse(AXIS, mouth_level, half, height), OUTLINE)


def tree(canvas: Canvas, random: Random) -> None:
    canvas.part(canvas.box(whole(random, 2, 3), 18, 29.5), WOOD)
    if random.random() < 0.5:
        half, step = whole(random, 9, 12), whole(random, 6, 7)
        for level in (2, 1, 0):
            top = 3 + level * step - level
            layer = canvas.wedge(top, 0.6, top + step + 3, half - 2 * (2 - level))
            canvas.part(layer, BODY)
            canvas.fill(layer & (canvas.y > top + step + 1), SHADE)
        return
    half, y = between(random, 7, 9), whole(random, 11, 13)
    crown = canvas.ellipse(AXIS, y - 1, half - 1, half) | canvas.ellipses(half * 0.75, y + 2, half * 0.6, 5)
    canvas.part(crown, BODY)
    canvas.fill(crown & (canvas.y > y + 5), SHADE)
    canvas.fill(canvas.ellipse(AXIS - 3, y - 4, 2.5, 2), LIGHT)
    if random.random() < 0.5:
        canvas.fill(canvas.ellipses(half * 0.7, y + 2, 1.5, 1.5) | canvas.ellipse(AXIS, y - 1, 1.5, 1.5), GOLD)


def house(canvas: Canvas, random: Random) -> None:
    half, eaves, top = whole(random, 8, 11), whole(random, 14, 17), whole(random, 3, 6)
    if random.random() < 0.5:
        chimney = (canvas.x > AXIS + 4) & (canvas.x < AXIS + 7) & canvas.rows(top + 1, eaves)
        canvas.part(chimney, METAL)
    canvas.part(canvas.box(half, eaves - 2, 29), CREAM)
    roof = canvas.part(canvas.wedge(top, 0.6, eaves, half + 3), BODY)
    canvas.fill(roof & (canvas.y > eaves - 2), SHADE)
    canvas.part(canvas.box(2, 29 - whole(random, 6, 8), 29), WOOD)
    level = eaves + whole(random, 2, 3)
    canvas.part(canvas.boxes(half - 5, half - 2, level, level + 3), GLASS)
    if random.random() < 0.5:
        canvas.part(canvas.ellipse(AXIS, eaves - 4, 1.5, 1.5), GLASS)


def sword(canvas: Canvas, random: Random) -> None:
    half, guard = whole(random, 2, 3), whole(random, 19, 21)
    reach = whole(random, 6, 8)
    blade = canvas.box(half, 5, guard) | canvas.wedge(5 - half - 0.5, 0.4, 5, half)
    canvas.part(blade, BODY)
    canvas.fill(blade & (canvas.x < AXIS), LIGHT)
    canvas.part(canvas.box(2, guard, 27), WOOD)
    canvas.fill(canvas.box(2, guard + 4, guard + 5), OUTLINE)
    canvas.part(canvas.box(reach, guard, guard + 2), GOLD)
    if random.random() < 0.5:
        canvas.part(canvas.boxes(reach - 2, reach, guard - 2, guard + 1), GOLD)
    canvas.part(canvas.box(2, 27, 29), METAL if random.random() < 0.5 else GOLD)


def potion(canvas: Canvas, random: Random) -> None:
    radius, neck = between(random, 8, 10), whole(random, 2, 4)
    y, top = 28 - radius, whole(random, 5, 7)
    canvas.part(canvas.box(neck, top - 3, top + 1), WOOD)
    flask = canvas.ellipse(AXIS, y, radius, radius) | canvas.box(neck, top + 2, y)
    canvas.part(flask, GLASS)
    canvas.part(canvas.box(neck + 1, top + 1, top + 3), GLASS)
    level = y - whole(random, -1, 5)
    liquid = canvas.ellipse(AXIS, y, radius - 1, radius - 1) & (canvas.y > level)
    canvas.fill(liquid, BODY)
    canvas.fill(liquid & (canvas.y < round(level) + 1), SHADE)
    bubble = between(random, 1, 2)
    canvas.fill(canvas.ellipse(AXIS + radius * 0.3, y + radius * 0.4, bubble, bubble), LIGHT)
    canvas.fill(canvas.ellipse(AXIS - radius * 0.1, y + radius * 0.65, 1, 1), LIGHT)
    canvas.fill(canvas.ellipse(AXIS - radius * 0.5, y - radius * 0.2, 1, 2), WHITE)


KINDS: dict[str, Callable[[Canvas, Random], None]] = {
    shape.__name__: shape
    for shape in (robot, slime, mushroom, fish, bird, ghost, tree, house, sword, potion)
}


def draw(kind: str, random: Random) -> np.ndarray:
    """Palette indices [32, 32], u8, of a sprite of a kind of KINDS."""
    canvas = Canvas()
    KINDS[kind](canvas, random)
    return canvas.pixels
