"""Checks that run before a training: what is held out stays out, the decoder is the one the
converter expects, and files read back as they were written."""

from __future__ import annotations

import dataclasses
import tempfile
import unittest
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import data
import tokens
import train
from model import Configuration, decode_step, forward, initialise, read_safetensors
from model import write_safetensors


def prompt_and_answer(ids: list[int]) -> tuple[str, str]:
    end = ids.index(tokens.PROMPT_END)
    return tokens.decode(ids[:end]), tokens.decode(ids[end:])


class DataTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.corpus = data.build(7)
        cls.training = [ids for samples in cls.corpus.stages for ids in samples]

    def test_training_should_contain_no_held_out_prompt(self):
        held_out = {data.key(sample.prompt) for sample in self.corpus.held_out}
        trained = {data.key(prompt_and_answer(ids)[0]) for ids in self.training}
        self.assertGreater(len(held_out), 550)
        self.assertFalse(held_out & trained)

    def test_training_should_contain_no_held_out_question_between_other_words(self):
        parts = [f" {text} " for text in {data.key(s.prompt) for s in self.corpus.held_out}
                 if len(text.split()) >= data.WORDS_OF_A_PART]
        trained = {f" {data.key(prompt_and_answer(ids)[0])} " for ids in self.training}
        everything = "\n".join(trained)
        self.assertGreater(len(parts), 350)
        self.assertEqual([part for part in parts if part in everything], [])

    def test_training_should_contain_no_held_out_sum_in_any_wording(self):
        pattern = data.re.compile(r"(\d+) ([+-]) (\d+) = (-?\d+)\.")
        held_out, trained = set(), set()
        for sample in self.corpus.held_out:
            if sample.kind == "sum":
                held_out.add(pattern.fullmatch(sample.answer).group(1, 2, 3))
        for ids in self.training:
            match = pattern.fullmatch(prompt_and_answer(ids)[1])
            if match:
                trained.add(match.group(1, 2, 3))
        mirrored = {(b, "+", a) for a, sign, b in held_out if sign == "+"}
        self.assertEqual(len(held_out), data.HELD_OUT_SUMS)
        self.assertGreater(len(trained), 3000)
        self.assertFalse((held_out | mirrored) & trained)

    def test_sums_should_be_right(self):
        for ids in self.training[:5000]:
            answer = prompt_and_answer(ids)[1]
            match = data.re.fullmatch(r"(\d+) ([+*-]) (\d+) = (-?\d+)\.", answer)
            if match:
                a, sign, b, value = match.groups()
                expected = {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}
                self.assertEqual(int(value), expected[sign])

    def test_strangers_should_not_be_told_that_known_things_are_unknown(self):
        blocks = data.read_blocks()
        known = {data.key(q) for block in blocks for q in block.questions
                 if block.answer != data.DO_NOT_KNOW}
        unknown = [prompt for prompt, answer in map(prompt_and_answer, self.training)
                   if answer and data.DO_NOT_KNOW.startswith(answer)]
        self.assertGreater(len(unknown), 1000)
        self.assertFalse(known & {data.key(prompt) for prompt in unknown})

    def test_data_should_depend_on_the_seed_only(self):
        self.assertEqual(self.corpus.digest, data.build(7).digest)
        self.assertNotEqual(self.corpus.digest, data.build(8).digest)

    def test_rewording_should_keep_the_question_known_or_unknown(self):
        answers = {}
        for block in data.read_blocks():
            answers.update((data.key(question), block.answer) for question in block.questions)
        asked = {data.key(prompt): answer for prompt, answer in map(prompt_and_answer, self.training)}
        shared = set(answers) & set(asked)
        self.assertGreater(len(shared), 2000)
        wrong = [text for text in shared if not answers[text].startswith(asked[text])]
        self.assertEqual(wrong, [])

    def test_contradictions_should_be_refused(self):
        block = data.Block("", ("Who?",), (), (), 1, "I.")
        other = dataclasses.replace(block, written=(), held_out=("who",))
        for pair in ([block, dataclasses.replace(block, answer="You.")], [block, other]):
            with self.assertRaisesRegex(ValueError, "(?i)'who"):
                data.refuse_contradictions(pair)

    def test_parse_should_name_the_line_when_its_mark_is_unknown(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bad.txt"
            path.write_text("? Who?\nx y\n= I.\n")
            with self.assertRaisesRegex(ValueError, "bad.txt.*'x y'"):
                data.parse(path)


class ModelTest(unittest.TestCase):
    def test_decode_should_equal_forward(self):
        config = Configuration(layers=2)
        parameters = initialise(config, 3)
        ids = jnp.asarray(np.random.default_rng(3).integers(0, 259, (2, 12)), jnp.int32)
        whole = forward(config, parameters, ids)
        shape = (config.layers, 2, 12, config.key_value_heads, config.head_dimension)
        cache = (jnp.zeros(shape), jnp.zeros(shape))
        for position in range(12):
            cache, logits = decode_step(config, parameters, cache, ids[:, position], position)
            np.testing.assert_allclose(logits, whole[:, position], atol=1e-4)

    def test_forward_should_not_look_ahead(self):
        config = Configuration(layers=1)
        parameters = initialise(config, 3)
        first = forward(config, parameters, jnp.asarray([[1, 2, 3, 4]]))
        second = forward(config, parameters, jnp.asarray([[1, 2, 3, 9]]))
        np.testing.assert_allclose(first[:, :3], second[:, :3], atol=1e-6)
        self.assertGreater(float(jnp.abs(first[:, 3] - second[:, 3]).max()), 1e-3)

    def test_weights_should_count_the_answer_and_its_end_only_lightly_the_prompt(self):
        ids, weights = train.pad_samples([tokens.encode_sample("ab", "xyz")], 12)
        answer = [int(i) for i, w in zip(ids[0, 1:], weights[0]) if w == 1.0]
        self.assertEqual(answer, [*b"xyz", tokens.ANSWER_END])
        self.assertEqual(float(weights[0, 7:].sum()), 0.0)

    def test_orthogonalise_should_bring_singular_values_near_one(self):
        x = jax.random.normal(jax.random.PRNGKey(1), (2, 96, 192))
        values = jnp.linalg.svd(train.orthogonalise(x), compute_uv=False)
        self.assertGreater(float(values.min()), 0.3)
        self.assertLess(float(values.max()), 1.4)

    def test_rate_should_fall_to_zero_in_both_cycles(self):
        first = train.FIRST_CYCLE_STEPS
        rates = [train.learning_rate(step, 1000) for step in range(1, 1001)]
        warm, steady = train.WARM_UP_STEPS, round(first * (1 - train.FALLING))
        self.assertLess(rates[0], 0.05)
        self.assertEqual(rates[:warm], sorted(rates[:warm]))
        self.assertEqual(set(rates[warm - 1 : steady]), {1.0})
        self.assertEqual(rates[steady:first], sorted(rates[steady:first], reverse=True))
        self.assertEqual(rates[first - 1], 0.0)
        second = rates[first + train.SECOND_WARM_UP_STEPS :]
        self.assertEqual(second, sorted(second, reverse=True))
        self.assertLess(second[0], train.SECOND_CYCLE_RATE)
        self.assertEqual(second[-1], 0.0)

    def test_run_should_continue_with_other_steps_only_where_they_made_no_difference(self):
        run = {"seed": 1, "steps": 1000, "data": "0"}
        longer = {**run, "steps": 2000}
        self.assertTrue(train.may_continue(run, run, 900))
        self.assertTrue(train.may_continue(run, longer, train.FIRST_CYCLE_STEPS))
        self.assertFalse(train.may_continue(run, longer, train.FIRST_CYCLE_STEPS + 1))
        self.assertFalse(train.may_continue(run, {**run, "steps": 400}, 300))
        self.assertFalse(train.may_continue(run, {**run, "seed": 2}, 1))

    def test_safetensors_should_read_back(self):
        parameters = initialise(Configuration(layers=1), 5)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.safetensors"
            write_safetensors(path, parameters)
            back = read_safetensors(path)
        self.assertEqual(set(back), set(parameters))
        for name, value in parameters.items():
            np.testing.assert_array_equal(back[name], value)


if __name__ == "__main__":
    unittest.main()
