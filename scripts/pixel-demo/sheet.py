"""Sheets with many small pictures as PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from exact_reference import png

GAP = 2
PAPER = 250


def write_sheet(path: Path, pictures: np.ndarray, columns: int, zoom: int = 2) -> None:
    """Writes pictures [count, height, width, 3], u8, side by side in rows of `columns`, each pixel `zoom` wide."""
    count, height, width, _ = pictures.shape
    lines = -(-count // columns)
    large = pictures.repeat(zoom, axis=1).repeat(zoom, axis=2)
    height, width = height * zoom + GAP, width * zoom + GAP
    page = np.full((lines * height + GAP, columns * width + GAP, 3), PAPER, np.uint8)
    for index, picture in enumerate(large):
        top, left = index // columns * height + GAP, index % columns * width + GAP
        page[top : top + height - GAP, left : left + width - GAP] = picture
    path.write_bytes(png.encode(page))
