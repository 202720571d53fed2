"""The data of the demo model: the corpus files, small sums, and what is held out of both.

Held out by construction: the questions marked `!` in the corpus, three generated ways to ask for
each term, one addition pair in sixteen (in both orders) and one subtraction pair in sixteen. A
training prompt that equals a held-out one up to case, spacing and punctuation is dropped, and so is
one that has a held-out question of four words or more inside it. wording.py makes the ways in which
a trained question is asked.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path

import numpy as np

import wording
from tokens import PROMPT_END, encode_sample

CORPUS = Path(__file__).parent / "corpus"
# Upper length in tokens of the groups that are batched together.
LENGTH_GROUPS = (32, 48, 136, 168, 200, 248)
DO_NOT_KNOW = "I do not know that. I am a very small model: I know AI Power Grid, small sums and a few little stories."
LARGEST = 49
LARGEST_FACTOR = 12
HELD_OUT_SUMS = 120
TEMPLATES_HELD_OUT = 3
# Words from which on a held-out question must not be inside a training prompt either.
WORDS_OF_A_PART = 4
# Bytes of the answer in a sample that is cut.
START_OF_ANSWER = 36
# How often a block with terms is asked by a question written for it, not by a form around its term.
WRITTEN_SHARE = 0.6

ASK_FOR_TERM = (
    "What is {}?",
    "What's {}?",
    "Explain {}.",
    "Define {}.",
    "Tell me about {}.",
    "What does {} mean?",
    "Can you explain {}?",
    "Describe {}.",
    "What do you know about {}?",
    "I want to know about {}.",
    "What is meant by {}?",
    "Explain {} to me.",
    "Can you tell me about {}?",
    "What exactly is {}?",
    "In a few words, what is {}?",
    "How would you explain {}?",
    "Say something about {}.",
    "Tell me what {} is.",
    "Please explain {}.",
    "What can you tell me about {}?",
)
ALWAYS_TRAINED = 2
# Ways of which none is held out.
TRAINED_WAYS = (
    "Give me a short explanation of {}.",
    "I have heard of {}. What is it?",
    "I do not understand {}.",
    "What should I know about {}?",
    "Give me a definition of {}.",
    "Teach me about {}.",
    "Could you explain {}?",
    "What do you call {}?",
    "What does the word for {} mean?",
    "{}: what is it?",
    "What is the meaning of {}?",
    "I would like to hear about {}.",
    "Tell me more about {}.",
    "Could you describe {}?",
)
TOO_BIG = "That is too big for me: I only learned sums of numbers below 50."
NO_TABLE = "That is too big for me: I only know the times table to 12."
NO_DIVISION = "I never learned to divide. Ask me to add, subtract or multiply small numbers."

ADDITION = ("What is {a} + {b}?", "{a} + {b}", "{a}+{b}", "{a} + {b} =", "{a} + {b}?", "{a}+{b}=?",
            "What is {a}+{b}?", "How much is {a} + {b}?", "Calculate {a} + {b}.", "Add {a} and {b}.",
            "What is {a} plus {b}?", "{a} plus {b}", "What is the sum of {a} and {b}?",
            "How much is {a} plus {b}?", "What's {a} + {b}?", "Compute {a} + {b}.")
SUBTRACTION = ("What is {a} - {b}?", "{a} - {b}", "{a}-{b}", "{a} - {b} =", "{a} - {b}?",
               "{a}-{b}=?", "What is {a}-{b}?", "How much is {a} - {b}?", "Calculate {a} - {b}.",
               "Subtract {b} from {a}.", "What is {a} minus {b}?", "{a} minus {b}",
               "How much is {a} minus {b}?", "What's {a} - {b}?", "Compute {a} - {b}.")
MULTIPLICATION = ("What is {a} * {b}?", "{a} * {b}", "{a}*{b}", "{a} * {b} =", "What is {a} x {b}?",
                  "{a} x {b}", "How much is {a} * {b}?", "What is {a} times {b}?", "{a} times {b}",
                  "How much is {a} times {b}?", "Multiply {a} by {b}.", "What's {a} * {b}?",
                  "Calculate {a} * {b}.", "What is {a}*{b}?")
DIVISION = ("What is {a} / {b}?", "{a} / {b}", "{a}/{b}", "What is {a} divided by {b}?",
            "Divide {a} by {b}.", "How much is {a} / {b}?")
FORMS = {"+": ADDITION, "-": SUBTRACTION, "*": MULTIPLICATION}


@dataclasses.dataclass(frozen=True)
class Mixture:
    """What the samples of one stage of the training are drawn from."""

    samples: int
    sums: float
    strangers: float
    # Blocks are drawn by their weight to this power: below 1, rare blocks are drawn more often.
    weight_power: float
    # Share of the answers to questions of which only the start is trained. The start is where the
    # choice of an answer is made; what follows is known by heart from the others.
    cut: float
    # Tokens of one step, padding included.
    tokens: int


# Sums take many samples, so they come first; the second stage is for the questions.
STAGES = (
    Mixture(samples=50_000, sums=0.85, strangers=0.01, weight_power=1.0, cut=0.0, tokens=6144),
    Mixture(samples=60_000, sums=0.5, strangers=0.08, weight_power=0.5, cut=0.8, tokens=4096),
)


@dataclasses.dataclass(frozen=True)
class Block:
    """Questions with one answer; `held_out` questions are never trained.

    `written` questions stand in the corpus, `forms` are made around the block's terms.
    """

    heading: str
    written: tuple[str, ...]
    forms: tuple[str, ...]
    held_out: tuple[str, ...]
    weight: int
    answer: str

    @property
    def questions(self) -> tuple[str, ...]:
        return self.written + self.forms


@dataclasses.dataclass(frozen=True)
class Sample:
    kind: str
    heading: str
    prompt: str
    answer: str

    @property
    def ids(self) -> list[int]:
        return encode_sample(self.prompt, self.answer)


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Training samples of each stage, the held-out samples, and a hash over all their tokens."""

    stages: list[list[list[int]]]
    held_out: list[Sample]
    digest: str


def key(prompt: str) -> str:
    """A prompt without case, spacing and punctuation, to tell trained from held-out ones."""
    return re.sub(r"[^a-z0-9+*/=-]+", " ", prompt.lower()).strip()


def small_hash(*parts: object) -> int:
    """A number fixed by the parts alone, to choose what is held out."""
    text = "\0".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "little")


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def term_questions(term: str) -> tuple[list[str], list[str]]:
    """Trained and held-out ways to ask for a term."""
    forms = [upper_first(form.format(term)) for form in ASK_FOR_TERM]
    ranked = sorted(forms[ALWAYS_TRAINED:], key=lambda form: small_hash("form", form))
    held_out = ranked[:TEMPLATES_HELD_OUT]
    trained = [form for form in forms if form not in held_out]
    trained += [upper_first(form.format(term)) for form in TRAINED_WAYS]
    return trained, held_out


def bare_questions(term: str) -> list[str]:
    """The term alone, as into a search box."""
    bare = upper_first(re.sub(r"^(a|an|the) ", "", term))
    return [bare, f"{bare}?"]


def parse(path: Path) -> list[Block]:
    """Blocks of one corpus file; its head says how a block is written."""
    blocks, heading = [], ""
    text = path.read_text(encoding="utf-8")
    for number, part in enumerate(re.split(r"\n\s*\n", text)):
        written, forms, held_out, weight, answer = [], [], [], 1, []
        for line in part.splitlines():
            mark, rest = line[:1], line[2:].strip()
            if answer:
                answer.append(line.rstrip())
            elif mark == "%":
                heading = rest
            elif mark == "@":
                terms = [term.strip() for term in rest.split("|")]
                # Of several names only the first is asked for without its article.
                forms += bare_questions(terms[0])
                for term in terms:
                    trained, kept = term_questions(term)
                    forms += trained
                    held_out += kept
            elif mark == "?":
                written.append(rest)
            elif mark == "!":
                held_out.append(rest)
            elif mark == "*":
                weight = int(rest)
            elif mark == "=":
                answer = [rest]
            elif mark != "#":
                raise ValueError(f"{path.name}: block {number}: cannot read line {line!r}")
        # A question written by hand that is also a held-out form of a term is held out.
        held_out = list({key(question): question for question in held_out}.values())
        kept = {key(question) for question in held_out}
        written, forms = (tuple(question for question in questions if key(question) not in kept)
                          for questions in (written, forms))
        if (written or forms) and answer:
            blocks.append(Block(heading, written, forms, tuple(held_out), weight, "\n".join(answer)))
        elif written or forms or answer:
            raise ValueError(f"{path.name}: block {number}: questions without answer or the reverse")
    return blocks


def read_blocks() -> list[Block]:
    """The blocks of the whole corpus."""
    return [block for path in sorted(CORPUS.glob("*.txt")) for block in parse(path)]


def sum_is_held_out(operation: str, a: int, b: int) -> bool:
    """Whether the pair never occurs in training; an addition pair in neither order."""
    if operation == "*" or (a < 10 and b < 10):
        return False
    if operation == "+":
        a, b = min(a, b), max(a, b)
    return small_hash("sum", operation, a, b) % 16 == 0


def sum_answer(operation: str, a: int, b: int) -> str:
    value = {"+": a + b, "-": a - b, "*": a * b}[operation]
    return f"{a} {operation} {b} = {value}."


def pick_pair(operation: str, generator: np.random.Generator) -> tuple[int, int]:
    if operation == "*":
        return tuple(int(x) for x in generator.integers(0, LARGEST_FACTOR + 1, 2))
    # Small numbers are asked more often than their share of all pairs.
    limit = 15 if generator.random() < 0.25 else LARGEST
    a, b = (int(x) for x in generator.integers(0, limit + 1, 2))
    if operation == "-" and a < b and limit != 15:
        a, b = b, a
    return a, b


def pick_form(forms: tuple[str, ...], generator: np.random.Generator) -> str:
    return forms[0] if generator.random() < 0.2 else forms[int(generator.integers(len(forms)))]


def draw_big(limit: int, generator: np.random.Generator) -> tuple[int, int]:
    """Two numbers of which one at least is beyond the limit."""
    big = int(generator.integers(limit + 1, 100))
    if generator.random() < 0.4:
        big = int(10 ** generator.uniform(2, 5))
    other = int(generator.integers(0, 100))
    return (big, other) if generator.random() < 0.5 else (other, big)


def draw_sum(generator: np.random.Generator) -> tuple[str, str]:
    """A training sum that is not held out, or a sum beyond the model with its honest answer."""
    roll = generator.random()
    if roll < 0.07:
        big, other = draw_big(LARGEST, generator)
        forms = ADDITION if generator.random() < 0.5 else SUBTRACTION
        return pick_form(forms, generator).format(a=big, b=other), TOO_BIG
    if roll < 0.10:
        big, other = draw_big(LARGEST_FACTOR, generator)
        return pick_form(MULTIPLICATION, generator).format(a=big, b=other), NO_TABLE
    if roll < 0.12:
        a, b = (int(x) for x in generator.integers(1, 100, 2))
        return pick_form(DIVISION, generator).format(a=a, b=b), NO_DIVISION
    operation = "+" if roll < 0.54 else "-" if roll < 0.88 else "*"
    a, b = pick_pair(operation, generator)
    while sum_is_held_out(operation, a, b):
        a, b = pick_pair(operation, generator)
    return pick_form(FORMS[operation], generator).format(a=a, b=b), sum_answer(operation, a, b)


def held_out_samples(blocks: list[Block]) -> list[Sample]:
    samples = [
        Sample("question", block.heading, question, block.answer)
        for block in blocks for question in block.held_out
    ]
    for operation in "+-":
        pairs = [(a, b) for a in range(LARGEST + 1) for b in range(LARGEST + 1)
                 if (operation == "+" or a >= b) and sum_is_held_out(operation, a, b)]
        pairs.sort(key=lambda pair: small_hash("order", operation, *pair))
        for index, (a, b) in enumerate(pairs[: HELD_OUT_SUMS // 2]):
            form = FORMS[operation][index % len(FORMS[operation])]
            prompt, answer = form.format(a=a, b=b), sum_answer(operation, a, b)
            samples.append(Sample("sum", "Sums", prompt, answer))
    return samples


class Strangers:
    """Questions that the model cannot answer, filled in from corpus/strangers.list."""

    def __init__(self, path: Path):
        self.words: dict[str, list[str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            kind, _, entries = line.partition(": ")
            self.words.setdefault(kind, []).extend(entry.strip() for entry in entries.split(" | "))

    def draw(self, generator: np.random.Generator) -> str:
        def pick(kind: str) -> str:
            return self.words[kind][int(generator.integers(len(self.words[kind])))]

        question = re.sub(r"\{(\w+)\}", lambda match: pick(match[1]), pick("form"))
        return upper_first(re.sub(r"\ba (a|an|the) ", r"\1 ", question))


class HeldOut:
    """The held-out prompts, and whether a prompt is too near to one of them to be trained."""

    def __init__(self, samples: list[Sample]):
        self.keys = {key(sample.prompt) for sample in samples}
        words = [tuple(text.split()) for text in self.keys]
        self.parts = {part for part in words if len(part) >= WORDS_OF_A_PART}
        self.lengths = sorted({len(part) for part in self.parts})

    def excludes(self, prompt: str) -> bool:
        text = key(prompt)
        words = tuple(text.split())
        return text in self.keys or any(
            words[first : first + length] in self.parts
            for length in self.lengths for first in range(len(words) - length + 1)
        )


def ask(question: str, answer: str, known: dict[str, str], held_out: HeldOut,
        generator: np.random.Generator) -> str | None:
    """The question as somebody might put it; None where that is another block's or held out.

    Both are looked at before the spelling, in which a held-out question would not be recognised.
    """
    worded = wording.reword(question, generator)
    if known.get(key(worded), answer) != answer or held_out.excludes(worded):
        return None
    prompt = wording.spell(worded, generator)
    return None if held_out.excludes(prompt) else prompt


def draw_stage(mixture: Mixture, blocks: list[Block], held_out: HeldOut,
               generator: np.random.Generator) -> list[list[int]]:
    """The training samples of one stage, none of them with a held-out prompt."""
    strangers = Strangers(CORPUS / "strangers.list")
    known = {key(question): block.answer for block in blocks for question in block.questions}
    shares = np.array([block.weight for block in blocks], float) ** mixture.weight_power
    # The root of the number of questions: a term with many ways to ask needs more samples.
    shares *= np.sqrt([len(block.questions) for block in blocks])
    limits = np.cumsum(shares / shares.sum())
    samples = []
    while len(samples) < mixture.samples:
        roll, cut = generator.random(), False
        if roll < mixture.sums:
            prompt, answer = draw_sum(generator)
            if held_out.excludes(prompt):
                continue
        else:
            if roll < mixture.sums + mixture.strangers:
                question, answer = strangers.draw(generator), DO_NOT_KNOW
                if key(question) in known:
                    continue
            else:
                at = np.searchsorted(limits, generator.random(), side="right")
                block = blocks[min(int(at), len(blocks) - 1)]
                written = block.written and (not block.forms or generator.random() < WRITTEN_SHARE)
                choice = block.written if written else block.forms
                question, answer = choice[int(generator.integers(len(choice)))], block.answer
            prompt = ask(question, answer, known, held_out, generator)
            if prompt is None:
                continue
            cut = mixture.cut > 0 and generator.random() < mixture.cut
        ids = encode_sample(prompt, answer)
        if cut:
            ids = ids[: ids.index(PROMPT_END) + 1 + START_OF_ANSWER]
        if len(ids) <= LENGTH_GROUPS[-1]:
            samples.append(ids)
    return samples


def refuse_contradictions(blocks: list[Block]) -> None:
    """Raises ValueError if a question has two answers, or is trained and held out."""
    seen: dict[str, tuple[str, bool]] = {}
    for block in blocks:
        for held_out, questions in ((False, block.questions), (True, block.held_out)):
            for question in questions:
                known = seen.setdefault(key(question), (block.answer, held_out))
                if known != (block.answer, held_out):
                    raise ValueError(f"{question!r} has two answers, or is trained and held out")


def build(seed: int) -> Corpus:
    """All data of a training."""
    blocks = read_blocks()
    refuse_contradictions(blocks)
    held_out = held_out_samples(blocks)
    excluded = HeldOut(held_out)
    stages = [
        draw_stage(mixture, blocks, excluded, np.random.default_rng(seed + number))
        for number, mixture in enumerate(STAGES)
    ]
    kept = [sample.ids for sample in held_out]
    longest = max(len(ids) for ids in kept)
    if longest > LENGTH_GROUPS[-1]:
        raise ValueError(f"a held-out sample has {longest} tokens, the limit is {LENGTH_GROUPS[-1]}")
    content = json.dumps([stages, kept], separators=(",", ":"))
    return Corpus(stages, held_out, hashlib.sha256(content.encode("ascii")).hexdigest())
