"""A canvas of 32×32 palette indices with the few shapes that sprites are made of.

Coordinates are in pixels from the upper left corner; a pixel is in a shape if its centre is. `across`
is the distance from the vertical axis in the middle, so a shape that is given by it is symmetric.
"""

from __future__ import annotations

import numpy as np

SIDE = 32
AXIS = SIDE / 2

# What a pixel can be. The three tones of the body get the colour that the prompt asks for.
(BACKGROUND, OUTLINE, BODY, LIGHT, SHADE, WHITE, WOOD, METAL, CREAM, GOLD, GLASS) = range(11)

Mask = np.ndarray


class Canvas:
    """Palette indices [32, 32], background at first."""

    def __init__(self) -> None:
        self.pixels = np.full((SIDE, SIDE), BACKGROUND, np.uint8)
        self.y, self.x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
        self.across = np.abs(self.x - AXIS)

    def fill(self, mask: Mask, index: int) -> Mask:
        """Paints the pixels of the mask, and gives it back."""
        self.pixels[mask] = index
        return mask

    def part(self, mask: Mask, index: int) -> Mask:
        """Paints the pixels of the mask and a dark line around them, and gives the mask back."""
        padded = np.pad(mask, 1)
        near = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
        self.pixels[near & ~mask] = OUTLINE
        return self.fill(mask, index)

    def ellipse(self, x: float, y: float, width: float, height: float) -> Mask:
        """An ellipse by its centre and half axes."""
        return ((self.x - x) / width) ** 2 + ((self.y - y) / height) ** 2 <= 1

    def ellipses(self, across: float, y: float, width: float, height: float) -> Mask:
        """Two ellipses, mirrored; one in the middle if `across` is 0."""
        return ((self.across - across) / width) ** 2 + ((self.y - y) / height) ** 2 <= 1

    def box(self, half: float, top: float, bottom: float) -> Mask:
        """A box around the axis by half its width."""
        return (self.across < half) & self.rows(top, bottom)

    def boxes(self, inner: float, outer: float, top: float, bottom: float) -> Mask:
        """Two boxes, mirrored, between two distances from the axis."""
        return (self.across > inner) & (self.across < outer) & self.rows(top, bottom)

    def wedge(self, top: float, half_top: float, bottom: float, half_bottom: float) -> Mask:
        """A trapezium around the axis; a triangle if one of the halves is 0."""
        share = (self.y - top) / (bottom - top)
        return (self.across < half_top + (half_bottom - half_top) * share) & self.rows(top, bottom)

    def rows(self, top: float, bottom: float) -> Mask:
        """Everything between two heights."""
        return (self.y > top) & (self.y < bottom)
