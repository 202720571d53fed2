"""The integer model, driven through the engine's command line."""

from __future__ import annotations

import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data import LENGTH_GROUPS
from tokens import PROMPT_END, write_ids


class EngineError(Exception):
    """The engine refused; the message is its own."""


class Engine:
    """One model file and the program that runs it."""

    def __init__(self, program: Path, model: Path):
        self.program = program
        self.model = model

    def call(self, command: str, *arguments: object) -> dict:
        """The JSON answer of one command on the model.

        Raises EngineError with what the engine wrote when it fails.
        """
        line = [str(self.program), command, str(self.model), *map(str, arguments)]
        result = subprocess.run(line, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise EngineError(f"{command} failed: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def root(self) -> str:
        """The model root, 0x-hexadecimal."""
        return self.call("inspect")["root"]

    def answer(self, prompt: str) -> str:
        """The greedy answer to a prompt."""
        return self.call("generate", "--max-output", LENGTH_GROUPS[-1], "--", prompt)["text"]

    def bits(self, ids: list[int]) -> float:
        """Bits the model needs for all of `ids` after the first, in one teacher-forced window."""
        if len(ids) < 2:
            return 0.0
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            write_ids(Path(file.name), ids)
            score = self.call("score", file.name, "--window", len(ids))
        return score["bits_per_token"] * score["tokens"]

    def bits_per_token(self, samples: list[list[int]]) -> tuple[float, float]:
        """Bits per token of the answers (bytes and the end token) given the prompts, and the same with
        the bytes of the prompts counted too; their end token is not, which no training weighs.

        The model looks back only and is exact, so the bits of an answer are those of the whole
        sample less those of its prompt.
        """
        def parts(ids: list[int]) -> tuple[float, int, float, int]:
            end = ids.index(PROMPT_END)
            answer = self.bits(ids) - self.bits(ids[: end + 1])
            return answer, len(ids) - end - 1, self.bits(ids[:end]), end - 1

        with ThreadPoolExecutor(2) as pool:
            sums = [sum(column) for column in zip(*pool.map(parts, samples))]
        answers, answer_tokens, prompts, prompt_tokens = sums
        return answers / answer_tokens, (answers + prompts) / (answer_tokens + prompt_tokens)
