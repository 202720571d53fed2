"""The many ways in which people ask one question: other words for it, and how it is spelled."""

from __future__ import annotations

import re

import numpy as np

REWORDED = 0.45
SWAPPED = 0.15
SHORTENED = 0.05

# Questions by their shape, and what else says the same; `{0}` is what the first group matched.
SHAPES = tuple(
    (re.compile(shape), forms)
    for shape, forms in (
        (r"How (?:do|can|could) I (.+)\?",
         ("How do I {0}?", "How can I {0}?", "How could I {0}?", "How to {0}?", "I want to {0}.",
          "Tell me how to {0}.", "Explain how to {0}.", "Show me how to {0}.",
          "What is the way to {0}?", "In what way do I {0}?", "What must I do to {0}?",
          "What do I do to {0}?", "I would like to {0}.", "How does one {0}?", "How may I {0}?",
          "I want to {0}. How?", "What do I need to {0}?", "Can you tell me how to {0}?")),
        (r"How (?:does|do) (?!I |you )(.+) work\?",
         ("How does {0} work?", "Explain how {0} works.", "Tell me how {0} works.",
          "In what way does {0} work?", "How exactly does {0} work?", "What makes {0} work?",
          "Can you explain how {0} works?", "I do not understand how {0} works.")),
        (r"What (?:does|do) (?!I |you )(.+) do\?",
         ("What does {0} do?", "What is {0} for?", "What is the use of {0}?", "Why is there {0}?",
          "What is {0} good for?", "What is the purpose of {0}?", "Tell me what {0} does.",
          "What is {0} there for?", "What can {0} do?", "For what is {0} used?")),
        (r"What is (.+?)(?: used)? for\?",
         ("What is {0} for?", "What is {0} used for?", "What is the use of {0}?",
          "What is the purpose of {0}?", "What is {0} good for?", "Why is there {0}?",
          "What does {0} do?", "For what is {0} used?", "Why do we need {0}?")),
        (r"What (?:happens )?(?:if|when) (.+)\?",
         ("What if {0}?", "What happens if {0}?", "What happens when {0}?", "And if {0}?",
          "What will happen if {0}?", "Tell me what happens if {0}.", "What is done if {0}?",
          "What follows if {0}?", "What would happen if {0}?", "Suppose {0}. What then?")),
        (r"Who is ([A-Z]\w+)\?",
         ("Tell me who {0} is.", "Do you know who {0} is?", "Say who {0} is.", "Who is this {0}?",
          "Explain who {0} is.", "Who exactly is {0}?", "What is {0} doing?", "Who is called {0}?",
          "Please tell me who {0} is.", "Can you tell me who {0} is?", "I do not know {0}.")),
        (r"Who (.+)\?",
         ("Who is it that {0}?", "Do you know who {0}?", "Tell me who {0}.", "I wonder who {0}.",
          "Can you tell me who {0}?", "Who exactly {0}?", "Say who {0}.")),
        (r"Why (.+)\?",
         ("For what reason {0}?", "Why exactly {0}?", "Can you explain why {0}?",
          "Tell me why {0}.", "Do you know why {0}?", "What is the reason why {0}?")),
        (r"How (much|many|big|large|high|long|often|old|fast) (.+)\?",
         ("Exactly how {0} {1}?", "Do you know how {0} {1}?", "Can you tell me how {0} {1}?",
          "I wonder how {0} {1}.", "Tell me how {0} {1}.", "Say how {0} {1}.")),
        (r"How (?:is|are|was|were) (.+) (\w+ed|made|drawn|chosen|found|split|paid|sent)\?",
         ("How is {0} {1}?", "In what way is {0} {1}?", "Tell me how {0} is {1}.",
          "Explain how {0} is {1}.", "How does {0} get {1}?", "By what rule is {0} {1}?",
          "How are {0} {1}?", "What is the way in which {0} is {1}?")),
        (r"Where (.+)\?",
         ("In what place {0}?", "Do you know where {0}?", "Can you tell me where {0}?",
          "Tell me where {0}.", "Where exactly {0}?")),
        (r"When (.+)\?",
         ("At what time {0}?", "Do you know when {0}?", "Can you tell me when {0}?",
          "Tell me when {0}.", "When exactly {0}?", "At what moment {0}?")),
        (r"Which (.+)\?", ("What {0}?", "Tell me which {0}.", "Do you know which {0}?")),
        (r"Can I (.+)\?",
         ("May I {0}?", "Is it possible to {0}?", "Am I able to {0}?", "Could I {0}?",
          "Can anyone {0}?", "Can one {0}?", "I want to {0}. Can I?")),
        (r"(?:Is|Are) there (.+)\?",
         ("Is there {0}?", "Does the grid have {0}?", "Do you have {0}?", "Does {0} exist?",
          "Are there {0}?", "Was there {0}?", "Is there any {0}?")),
        (r"Tell me (.+)\.",
         ("Please tell me {0}.", "Could you tell me {0}?", "Can you tell me {0}?", "Tell us {0}.",
          "I want you to tell me {0}.", "Now tell me {0}.", "Will you tell me {0}?")),
        (r"(?:Write|Name|List|Say) (.+)\.",
         ("Please write {0}.", "Could you write {0}?", "Can you say {0}?", "Please list {0}.",
          "Could you name {0}?", "Say {0}.", "Name {0}.", "Give me {0}.", "Show me {0}.")),
    )
)

# Words in whose place another may stand, whole words only.
SWAPS = tuple(
    (re.compile(rf"\b{word}\b"), others)
    for word, others in (
        ("big", ("large", "great")), ("large", ("big", "great")), ("high", ("big", "large")),
        ("begin", ("start",)), ("start", ("begin",)), ("worker", ("miner",)),
        ("workers", ("miners",)), ("AI Power Grid", ("the grid", "the network", "AIPG")),
        ("the grid", ("AI Power Grid", "the network", "this network")), ("get", ("receive",)),
        ("gets", ("receives",)), ("split", ("divided", "shared")), ("divided", ("split", "shared")),
        ("shared", ("split", "divided")), ("chosen", ("picked", "selected", "drawn")),
        ("picked", ("chosen", "selected")), ("price", ("cost",)), ("fee", ("price",)),
        ("coins", ("tokens", "AIPG")), ("answer", ("result",)), ("result", ("answer",)),
        ("checked", ("verified", "tested")), ("check", ("verify",)), ("verified", ("checked",)),
        ("made", ("created", "built")), ("built", ("made",)), ("picture", ("image",)),
        ("pictures", ("images",)), ("need", ("require", "want")), ("use", ("need", "try")),
        ("computer", ("machine", "PC")), ("machine", ("computer",)), ("earn", ("make", "get")),
        ("bad", ("harmful",)), ("Which", ("What",)), ("people", ("others",)), ("little", ("short", "small")),
        ("code", ("source code", "program")), ("launched", ("started",)), ("numbers", ("integers",)),
        ("maximum", ("largest", "upper limit of the")), ("happens", ("will happen",)),
    )
)

# Words that somebody who types in a hurry leaves out.
SMALL_WORDS = frozenset("a an the is are do does did of to i me please it be there".split())

OPENINGS = ("Please tell me: ", "Hello, ", "Hi! ", "Hey, ", "Hi, ", "I have a question: ", "Tell me, ",
            "Please: ", "Hello! ", "Quick question: ", "So, ", "OK, ", "Sorry, ", "Excuse me, ",
            "I wonder: ", "I want to know: ", "Good morning. ", "One more question: ", "And ",
            "I am new here. ", "Can you help me? ", "Well, ", "Now: ")
ENDINGS = (" Please.", " please", " Thanks!", " Thank you.", " I am new here.", " Tell me.",
           " I am curious.", " Do you know?")


def pick(choices, generator: np.random.Generator):
    return choices[int(generator.integers(len(choices)))]


def reword(question: str, generator: np.random.Generator) -> str:
    """The question itself or one of about the same meaning in other words."""
    text = question
    if generator.random() < REWORDED:
        found = [(match, forms) for shape, forms in SHAPES if (match := shape.fullmatch(text))]
        if found:
            match, forms = pick(found, generator)
            text = pick(forms, generator).format(*match.groups())
    for word, others in SWAPS:
        if generator.random() < SWAPPED:
            text = word.sub(pick(others, generator), text, count=1)
    if generator.random() < SHORTENED:
        words = [word for word in text.split() if word.lower() not in SMALL_WORDS]
        if len(words) >= 2:
            text = " ".join(words)
    return text


def misspell(text: str, generator: np.random.Generator) -> str:
    """The text with one letter dropped, doubled or swapped with the next."""
    if len(text) < 8:
        return text
    at = int(generator.integers(1, len(text) - 1))
    kind = generator.integers(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def spell(question: str, generator: np.random.Generator) -> str:
    """One of the ways in which people write a question."""
    text = question
    if generator.random() < 0.10:
        opening = pick(OPENINGS, generator)
        lower = generator.random() < 0.5 and not text.startswith(("AI", "I "))
        text = opening + (text[:1].lower() + text[1:] if lower else text)
    if generator.random() < 0.03:
        text += pick(ENDINGS, generator)
    if generator.random() < 0.35:
        text = text.lower()
    if generator.random() < 0.30:
        text = text.rstrip("?.!") or text
    elif generator.random() < 0.05:
        text = text.rstrip("?.!") + "?"
    if generator.random() < 0.08:
        text = misspell(text, generator)
    return text
