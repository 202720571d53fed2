"""Pictures on disk: PNG files, and sheets with many small pictures."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

GAP = 2
PAPER = 250


def write_png(path: Path, picture: np.ndarray) -> None:
    """Writes RGB [height, width, 3], u8, as a PNG."""
    height, width, _ = picture.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    # Each row begins with the number of its filter, 0: none.
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(picture, np.uint8))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def sheet(pictures: np.ndarray, columns: int, zoom: int = 2) -> np.ndarray:
    """Pictures [count, height, width, 3], u8, side by side in rows of `columns`, each pixel `zoom` wide."""
    count, height, width, _ = pictures.shape
    lines = -(-count // columns)
    large = pictures.repeat(zoom, axis=1).repeat(zoom, axis=2)
    height, width = height * zoom + GAP, width * zoom + GAP
    page = np.full((lines * height + GAP, columns * width + GAP, 3), PAPER, np.uint8)
    for index, picture in enumerate(large):
        top, left = index // columns * height + GAP, index % columns * width + GAP
        page[top : top + height - GAP, left : left + width - GAP] = picture
    return page
