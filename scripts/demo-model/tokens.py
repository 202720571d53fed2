"""The byte-level tokenizer of the demo model and the layout of a sample."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

START = 256
PROMPT_END = 257
ANSWER_END = 258
VOCABULARY = 272


def encode_prompt(text: str) -> list[int]:
    """Token ids of a prompt: start, the UTF-8 bytes, end of prompt."""
    return [START, *text.encode("utf-8"), PROMPT_END]


def encode_sample(prompt: str, answer: str) -> list[int]:
    """Token ids of a whole sample: the prompt, the answer's UTF-8 bytes, end of answer."""
    return [*encode_prompt(prompt), *answer.encode("utf-8"), ANSWER_END]


def decode(ids: Iterable[int]) -> str:
    """Text of the byte tokens among `ids`; special tokens are skipped, bad UTF-8 is replaced."""
    return bytes(i for i in ids if i < 256).decode("utf-8", errors="replace")


def write_ids(path: Path, ids: Sequence[int]) -> None:
    """Writes token ids as little-endian u32, the form in which the engine reads token lists."""
    path.write_bytes(struct.pack(f"<{len(ids)}I", *ids))


def tokenizer_description() -> dict:
    """The content of tokenizer.json, whose hash the model header commits."""
    return {
        "name": "aipg-byte",
        "version": 1,
        "kind": "byte",
        "bytes": {"first": 0, "last": 255},
        "special": {"start": START, "prompt_end": PROMPT_END, "answer_end": ANSWER_END},
        "reserved": {"first": ANSWER_END + 1, "last": VOCABULARY - 1},
        "vocabulary": VOCABULARY,
        "prompt": ["start", "utf-8 bytes of the text", "prompt_end"],
        "stop": ["answer_end"],
    }


def write_tokenizer(path: Path) -> None:
    """Writes tokenizer.json in the one form whose hash is committed."""
    text = json.dumps(tokenizer_description(), indent=2) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
