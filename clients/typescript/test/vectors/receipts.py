"""Writes receipts.json: receipts, roots and paths from an implementation of its own.

It builds whole trees recursively and encodes SCALE by hand, where the package folds a path and has the
library decode. Run: python3 receipts.py > receipts.json
"""

import hashlib
import json
import struct

DOMAIN = b"aipg.rcp"
ABSENT = bytes(32)
REASONS = ["DeadlineUnreachable", "InputUnavailable", "ResultRefuted"]


def blake2b256(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def top(leaves, start, width):
    """Hash of the subtree over `width` places from `start`, None without leaves."""
    if start >= len(leaves):
        return None
    if width == 1:
        return blake2b256(b"\x00" + DOMAIN + leaves[start])
    half = width // 2
    left, right = top(leaves, start, half), top(leaves, start + half, half)
    return blake2b256(b"\x01" + DOMAIN + left + (right or ABSENT))


def width_of(count):
    width = 1
    while width < count:
        width *= 2
    return width


def root(leaves):
    count = len(leaves)
    return blake2b256(
        b"\x02" + DOMAIN + struct.pack("<Q", count) + top(leaves, 0, width_of(count))
    )


def path(leaves, index):
    siblings, width = [], 1
    while width < width_of(len(leaves)):
        place = index // width
        siblings.append(top(leaves, (place ^ 1) * width, width) or ABSENT)
        width *= 2
    return siblings


def u128(value):
    return value.to_bytes(16, "little")


def tokens(fill, count):
    return bytes([fill]) * 32 + bytes([fill + 1]) * 32 + struct.pack("<I", count)


def receipt(job):
    """The bytes of a receipt, and what they mean."""
    seeded, paid = job % 3 == 1, job % 4 != 3
    stop = [258] * (job % 3)
    encoded = struct.pack("<Q", job) + bytes([job + 1]) * 32 + b"\xab" * 32 + b"\x00"
    encoded += tokens(7, 20 + job) + struct.pack("<QI", job * 2**40, 256)
    sampling = "Greedy"
    if seeded:
        distance = 196_328 if job % 2 else None
        encoded += b"\x01" + struct.pack("<III", 93_623, 40, 62_259)
        encoded += b"\x00" if distance is None else b"\x01" + struct.pack("<I", distance)
        sampling = {"Seeded": {"beta": 93_623, "topK": 40, "topP": 62_259, "minP": distance}}
    else:
        encoded += b"\x00"
    encoded += bytes([4 * len(stop)]) + b"".join(struct.pack("<I", token) for token in stop)
    encoded += u128(13 * 10**18 + job) + struct.pack("<I", 100 + job)
    meaning = {
        "job": job,
        "requesterKey": "0x" + bytes([job + 1]).hex() * 32,
        "inputCount": 20 + job,
        "seed": str(job * 2**40),
        "sampling": sampling,
        "stop": stop,
        "maxPrice": str(13 * 10**18 + job),
        "finishedAt": 100 + job,
    }
    if paid:
        encoded += b"\x00" + b"\x43" * 32 + tokens(9, 175) + b"\xdd" * 32
        encoded += struct.pack("<Q", 449) + u128(10**16) + u128(449 * 10**16)
        meaning["paid"] = {"workerKey": "0x" + "43" * 32, "count": 175, "fee": str(449 * 10**16)}
    else:
        reason = 1 + job // 4 % 2
        encoded += b"\x01" + bytes([reason]) + u128(12 * 10**18)
        meaning["refunded"] = {"reason": REASONS[reason], "returned": str(12 * 10**18)}
    return encoded, meaning


def hexadecimal(data):
    return "0x" + data.hex()


def tree(count):
    receipts = [receipt(job) for job in range(count)]
    leaves = [encoded for encoded, _ in receipts]
    return {
        "count": count,
        "root": hexadecimal(root(leaves)),
        "leaves": [
            {
                "receipt": hexadecimal(encoded),
                "path": [hexadecimal(sibling) for sibling in path(leaves, index)],
                "meaning": meaning,
            }
            for index, (encoded, meaning) in enumerate(receipts)
        ],
    }


print(json.dumps([tree(count) for count in (1, 2, 3, 4, 5, 8, 9)], indent=1))
