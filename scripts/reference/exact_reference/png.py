"""PNG files of pictures, by zlib alone."""

import struct
import zlib

import numpy as np


def encode(pixels: np.ndarray) -> bytes:
    """A PNG file of pixels, u8 [height, width, 3]."""
    height, width, _ = pixels.shape
    # Each row after the number of its filter, none.
    rows = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
