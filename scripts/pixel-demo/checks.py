"""Checks that run before a training: sprites and prompts, the transformer, its flow, the optimiser, and what
a model file holds of them."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
import unittest
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import canvas
import convert
import evaluate
import generation
import model
import optimiser
import prompts
import recognise
import sprites
import train
from exact_reference import pictures
from exact_reference.model import Model

SMALL = model.Configuration(layers=1, model_dimension=64, heads=2, key_value_heads=1, feed_forward=64, steps=3)


def trained_a_little(config: model.Configuration) -> model.Parameters:
    """Parameters with an answer and gains that depend on time."""
    random = np.random.default_rng(5)
    parameters = model.initialise(config, 5)
    for name in ("output.weight", "time.output.weight"):
        shape = parameters[name].shape
        parameters[name] = jnp.asarray(random.standard_normal(shape, np.float32) * 0.05)
    return parameters


class SpriteTest(unittest.TestCase):
    def test_sprites_should_vary_and_depend_on_the_seed_only(self):
        for kind in sprites.KINDS:
            first, second = (sprites.draw(kind, np.random.default_rng(seed)) for seed in (3, 3))
            np.testing.assert_array_equal(first, second)
            shapes = {sprites.draw(kind, np.random.default_rng(seed)).tobytes() for seed in range(50)}
            self.assertGreater(len(shapes), 25, kind)

    def test_sprites_should_stay_on_the_canvas_and_have_a_closed_outline(self):
        random = np.random.default_rng(4)
        for kind in itertools.chain.from_iterable([sprites.KINDS] * 20):
            pixels = sprites.draw(kind, random)
            padded = np.pad(pixels, 1)
            around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
            near = np.logical_or.reduce([side == canvas.BACKGROUND for side in around])
            inside = ~np.isin(pixels, (canvas.BACKGROUND, canvas.OUTLINE))
            self.assertFalse((near & inside).any(), kind)

    def test_paint_should_change_the_body_only(self):
        pixels = sprites.draw("house", np.random.default_rng(1))
        red, blue = sprites.paint(pixels, "red"), sprites.paint(pixels, "blue")
        body = np.isin(pixels, (canvas.BODY, canvas.LIGHT, canvas.SHADE))
        np.testing.assert_array_equal((red != blue).any(axis=-1), body)

    def test_recogniser_should_know_fresh_sprites(self):
        fresh, names = recognise.render(1, recognise.FRESH)
        found, distances = recognise.Recogniser().identify(fresh)
        self.assertGreaterEqual(sum(a == b for a, b in zip(found, names)), 98)
        noise = np.random.default_rng(0).integers(0, 256, fresh.shape, np.uint8)
        self.assertGreater(recognise.Recogniser().identify(noise)[1].min(), 2 * distances.max())


class PromptTest(unittest.TestCase):
    def test_prompts_should_name_what_is_asked_for_and_be_short(self):
        random = np.random.default_rng(2)
        colourless = 0
        for _ in range(2000):
            kind, colour = random.choice(list(sprites.KINDS)), random.choice(list(sprites.COLOURS))
            words = prompts.compose(kind, colour, random).split()
            self.assertTrue({kind, *prompts.ALSO.get(kind, ())} & set(words))
            colourless += not {colour, *prompts.ALSO.get(colour, ())} & set(words)
            self.assertLessEqual(len(prompts.encode(" ".join(words))), prompts.MAX_WORDS)
        self.assertLess(colourless, 2000 * 2 * prompts.COLOURLESS)

    def test_encode_should_ignore_case_and_punctuation(self):
        self.assertEqual(prompts.encode("Draw a RED robot, please!"), prompts.encode("draw a red robot please"))

    def test_encode_should_name_an_unknown_word(self):
        with self.assertRaisesRegex(prompts.UnknownWord, "'dragon'.*robot"):
            prompts.encode("a red dragon")
        with self.assertRaisesRegex(prompts.UnknownWord, "without words"):
            prompts.encode(" ?! ")

    def test_words_should_have_ids_of_the_vocabulary(self):
        self.assertLess(len(prompts.WORDS), prompts.VOCABULARY)
        self.assertEqual(len(set(prompts.WORDS)), len(prompts.WORDS))


class ModelTest(unittest.TestCase):
    def test_patches_should_be_those_of_the_specification(self):
        config = model.Configuration()
        values = np.arange(32 * 32 * 3).reshape(1, 32, 32, 3)
        cut = model.to_patches(config, values)
        picture = pictures.Picture(32, 32, 4, 0)
        np.testing.assert_array_equal(cut[0], pictures.disassemble(values[0], picture))
        np.testing.assert_array_equal(model.to_pictures(config, cut), values)

    def test_words_that_are_not_seen_should_not_matter(self):
        parameters = trained_a_little(SMALL)
        noise = np.random.default_rng(1).standard_normal((1, SMALL.patches, SMALL.patch_values), np.float32)
        words = np.array([[3, 4, 5, 6]])
        time = jnp.array([0.3])

        def answer(words, seen):
            return model.forward(SMALL, parameters, noise, time, words, np.array([seen]))

        short = answer(words[:, :2], [True, True])
        np.testing.assert_allclose(answer(words, [True, True, False, False]), short, atol=1e-5)
        self.assertGreater(float(jnp.abs(answer(words, [True] * 4) - short).max()), 1e-3)

    def test_time_should_change_the_answer(self):
        parameters = trained_a_little(SMALL)
        noise = np.random.default_rng(1).standard_normal((2, SMALL.patches, SMALL.patch_values), np.float32)
        noise[1] = noise[0]
        words, seen = generation.pad_words([[1], [1]])
        early, late = model.forward(SMALL, parameters, noise, jnp.array([0.1, 0.9]), words, seen)
        self.assertGreater(float(jnp.abs(early - late).max()), 1e-3)

    def test_steps_should_end_in_the_answer(self):
        config = model.Configuration()
        factors = model.step_factors(config)
        np.testing.assert_allclose(factors.sum(axis=1), 1)
        np.testing.assert_allclose(factors[-1], [0, 1])
        # A flow whose answer is always right is on the straight line from noise to picture at every time.
        x, at = 5.0, model.times(config)
        for step, (kappa, delta) in enumerate(factors):
            x = kappa * x + delta * -1.0
            self.assertAlmostEqual(x, 5.0 - 6.0 * at[step + 1])

    def test_bytes_should_be_those_of_the_specification(self):
        values = np.arange(-70_000, 70_000)
        np.testing.assert_array_equal(generation.to_bytes(values / 2**16), pictures.to_bytes(values))


class TrainerTest(unittest.TestCase):
    def test_batches_should_depend_on_seed_and_step_only(self):
        config = model.Configuration()
        first, again, next_one = (train.make_batch(config, 1, step, 8) for step in (4, 4, 5))
        for a, b, c in zip(first, again, next_one):
            np.testing.assert_array_equal(a, b)
            self.assertTrue((a != c).any())

    def test_times_should_be_spread_evenly(self):
        times = np.sort(train.draw_times(np.random.default_rng(1), 64))
        self.assertTrue(((times > 0) & (times < 1)).all())
        middle = 1 / (1 + np.exp(-train.TIME_MEAN))
        self.assertEqual(int((times < middle).sum()), 32)

    def test_orthogonalise_should_bring_singular_values_near_one(self):
        x = jax.random.normal(jax.random.PRNGKey(1), (2, 96, 192))
        values = jnp.linalg.svd(optimiser.orthogonalise(x), compute_uv=False)
        self.assertGreater(float(values.min()), 0.3)
        self.assertLess(float(values.max()), 1.4)

    def test_rate_should_rise_stay_and_fall_to_zero(self):
        rates = [optimiser.learning_rate(step, 1000) for step in range(1, 1001)]
        warm, steady = optimiser.WARM_UP_STEPS, round(1000 * (1 - optimiser.FALLING))
        self.assertEqual(rates[:warm], sorted(rates[:warm]))
        self.assertEqual(set(rates[warm - 1 : steady]), {1.0})
        self.assertEqual(rates[steady:], sorted(rates[steady:], reverse=True))
        self.assertEqual(rates[-1], 0.0)

    def test_run_should_continue_with_other_steps_only_where_they_made_no_difference(self):
        run = {"seed": 1, "steps": 1000}
        self.assertTrue(train.may_continue(run, run, 900))
        self.assertTrue(train.may_continue(run, {**run, "steps": 2000}, 600))
        self.assertFalse(train.may_continue(run, {**run, "steps": 2000}, 601))
        self.assertFalse(train.may_continue(run, {**run, "steps": 300}, 301))
        self.assertFalse(train.may_continue(run, {**run, "seed": 2}, 1))

    def test_state_should_read_back(self):
        parameters = model.initialise(SMALL, 5)
        state = optimiser.fresh_state(parameters)
        with tempfile.TemporaryDirectory() as folder:
            train.save(Path(folder) / "state.npz", 7, parameters, state)
            step, back, back_state = train.restore(Path(folder) / "state.npz")
        self.assertEqual(step, 7)
        self.assertEqual(set(back_state), set(state))
        jax.tree.map(np.testing.assert_array_equal, (back, back_state), (parameters, state))


class ConversionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.weights = {name: np.asarray(value) for name, value in trained_a_little(SMALL).items()}
        cls.parts = convert.convert(SMALL, cls.weights, b"words")

    def test_quantise_should_be_within_half_a_step(self):
        weight = np.random.default_rng(1).standard_normal((5, 40))
        weight[2] = 0
        elements, scale = convert.quantise(weight)
        self.assertLessEqual(float(np.abs(elements * scale[:, None] - weight).max()), float(scale.max()) / 2 + 1e-9)
        self.assertEqual(set(np.abs(elements).max(axis=1)), {0, 127})

    def test_integers_should_draw_what_floats_draw(self):
        parsed = Model(self.parts.file())
        start = pictures.noise(9, SMALL.patches * SMALL.patch_values).reshape(1, SMALL.patches, -1)
        words, seen = generation.pad_words([[3, 7, 8]])
        weights = model.on_grid(self.weights)
        real = np.asarray(generation.flow(SMALL, weights, jnp.asarray(start / 2**16, jnp.float32), words, seen))
        base = parsed.embed([*range(256, 256 + SMALL.patches), 3, 7, 8])
        x = start[0]
        for step in range(SMALL.steps):
            x, _ = pictures.run_step(parsed, step, base, x)
        self.assertLess(float(np.abs(x / 2**16 - real[0]).max()), 0.01 * float(np.abs(real).max()))

    def test_weights_on_the_grid_should_lose_nothing_in_the_conversion(self):
        weights = model.on_grid(self.weights)
        for name, elements in zip(convert.tensor_names(SMALL), self.parts.weights):
            rounded = np.asarray(weights[name])
            scale = np.abs(rounded).max(axis=1, keepdims=True) / 127
            np.testing.assert_allclose(elements * scale, rounded, atol=1e-6)
            self.assertGreater(float(np.abs(rounded - self.weights[name]).max()), float(scale.max()) / 4)

    def test_header_should_hold_the_hash_of_the_tokenizer(self):
        other = dataclasses.replace(self.parts, tokenizer=bytes(32))
        self.assertNotEqual(self.parts.header()[332:364], other.header()[332:364])
        self.assertEqual(self.parts.header()[:332], other.header()[:332])


class FiguresTest(unittest.TestCase):
    def test_psnr_should_be_that_of_known_errors(self):
        black = np.zeros((2, 4, 4, 3), np.uint8)
        off = black.copy()
        off[1] = 255
        np.testing.assert_allclose(evaluate.peak_signal_to_noise(black, off), [99, 0], atol=1e-9)
        np.testing.assert_allclose(evaluate.peak_signal_to_noise(black, black + 1), [48.13] * 2, atol=0.01)

    def test_table_should_be_written_between_its_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text(f"a\n{evaluate.BEGIN}\nold\n{evaluate.END}\nb\n")
            evaluate.write_between_marks(page, "new")
            self.assertEqual(page.read_text(), f"a\n{evaluate.BEGIN}\nnew\n{evaluate.END}\nb\n")
            page.write_text("no marks")
            with self.assertRaisesRegex(ValueError, "lacks the marks"):
                evaluate.write_between_marks(page, "new")


if __name__ == "__main__":
    unittest.main()
