"""Section 6: hash trees over byte strings."""

import struct
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np


def blake(*parts: bytes) -> bytes:
    """blake2b-256 of the parts one after the other."""
    return blake2b(b"".join(parts), digest_size=32).digest()


def tree(domain: bytes, leaves: Sequence[bytes], leaf_length: int, shape: Sequence[int]) -> bytes:
    """Root over leaves that are filled up with zeros to their length."""
    level = [blake(b"\0", domain, leaf.ljust(leaf_length, b"\0")) for leaf in leaves]
    while len(level) > 1:
        level += [bytes(32)] * (len(level) % 2)
        pairs = zip(level[::2], level[1::2])
        level = [blake(b"\1", domain, left, right) for left, right in pairs]
    numbers = struct.pack(f"<{len(shape)}Q", *shape)
    return blake(b"\2", domain, numbers, level[0] if level else bytes(32))


def section_root(domain: bytes, section: bytes) -> bytes:
    """Root over the scale or the table section, in leaves of 1 KiB."""
    leaves = [section[i : i + 1024] for i in range(0, len(section), 1024)]
    return tree(domain, leaves, 1024, [len(section)])


def weight_root(matrices: Sequence[np.ndarray]) -> bytes:
    """Root over int8 matrices [rows, columns], in tiles of 16 × 256."""
    leaves = []
    for matrix in matrices:
        rows, columns = matrix.shape
        padded = np.zeros((-(-rows // 16) * 16, -(-columns // 256) * 256), np.int8)
        padded[:rows, :columns] = matrix
        for top in range(0, rows, 16):
            for left in range(0, columns, 256):
                leaves.append(padded[top : top + 16, left : left + 256].tobytes())
    return tree(b"aipg.wgt", leaves, 4096, [len(leaves)])


def digest(hidden: np.ndarray) -> bytes:
    """Root over final hidden states [rows, d]."""
    rows, width = hidden.shape
    leaves = [row[i : i + 256].astype("<i4").tobytes() for row in hidden for i in range(0, width, 256)]
    return tree(b"aipg.dig", leaves, 1024, [rows, width])
