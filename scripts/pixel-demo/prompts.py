"""Prompts in words, and the tokenizer: a list of words, each with the id of its place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sprites import COLOURS, KINDS

# Other words for a kind or a colour.
ALSO = {
    "bird": ("chick",),
    "house": ("hut",),
    "potion": ("bottle", "flask"),
    "slime": ("blob",),
    "tree": ("plant",),
    "grey": ("gray",),
    "purple": ("violet",),
    "teal": ("turquoise",),
}
# What may stand around colour and kind. The model learns that it means nothing.
BEFORE = ("", "a", "one", "the", "draw a", "paint a", "show me a", "a picture of a", "a little", "a cute",
          "a nice", "please draw a", "pixel art of a", "an image of a")
AFTER = ("", "", "", "", "", "please", "sprite", "on paper")
MAX_WORDS = 8
# The ids of a picture model include those of the output, the 256 bytes; the words are the first of them.
VOCABULARY = 256
# How often a prompt names no colour.
COLOURLESS = 0.06


class UnknownWord(ValueError):
    """A prompt has a word that the tokenizer does not know; the message lists what it knows."""


def words() -> list[str]:
    """All words, in the order of their ids."""
    known = {*KINDS, *COLOURS, *(word for also in ALSO.values() for word in also), "an"}
    for phrase in (*BEFORE, *AFTER, "in"):
        known.update(phrase.split())
    return sorted(known)


WORDS = words()
IDS = {word: index for index, word in enumerate(WORDS)}


def encode(prompt: str) -> list[int]:
    """Token ids of a prompt; raises UnknownWord, also for a prompt without words."""
    found = "".join(c if c.isalnum() else " " for c in prompt.lower()).split()
    unknown = [word for word in found if word not in IDS]
    if unknown or not found:
        what = f"unknown word {unknown[0]!r}" if unknown else "a prompt without words"
        raise UnknownWord(f"{what}; known are: {', '.join(WORDS)}")
    return [IDS[word] for word in found]


def _pick(random: np.random.Generator, options) -> str:
    return options[random.integers(len(options))]


def compose(kind: str, colour: str, random: np.random.Generator) -> str:
    """One of the ways to ask for a kind in a colour, at most MAX_WORDS long."""
    thing = _pick(random, (kind, kind, *ALSO.get(kind, ())))
    tint = _pick(random, (colour, colour, *ALSO.get(colour, ())))
    before, after = _pick(random, BEFORE), _pick(random, AFTER)
    if random.random() < COLOURLESS:
        middle = thing
    elif random.random() < 0.15:
        middle = f"{thing} in {tint}"
    else:
        middle = f"{tint} {thing}"
    if before.endswith("a") and middle[0] in "aeiou":
        before += "n"
    prompt = " ".join(f"{before} {middle} {after}".split())
    return prompt if len(prompt.split()) <= MAX_WORDS else middle


def tokenizer_description() -> dict:
    """The content of tokenizer.json, whose hash the model header commits."""
    return {"name": "aipg-pixel-words", "version": 1, "kind": "words", "words": WORDS}


def write_tokenizer(path: Path) -> None:
    """Writes tokenizer.json in the one form whose hash is committed."""
    text = json.dumps(tokenizer_description(), indent=2) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
