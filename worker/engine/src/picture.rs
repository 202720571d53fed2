//! Pictures from a prompt and a seed.
//!
//! A picture model takes noise from the seed through its layers, once for each step; see section 8 of
//! `docs/spec/exact-inference.md`. Nothing but model, prompt and seed enters, so the same three give the
//! same bytes on every machine.

use crate::{Blake2b256, Model, RunError};
use aipg_exact::{
    commitment::DigestBuilder,
    header::Picture,
    picture::{byte, key, noise},
};
use rayon::prelude::*;

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Painting {
    /// Height in pixels.
    pub height: u32,
    /// Width in pixels.
    pub width: u32,
    /// `[height, width, 3]`: red, green, blue.
    pub pixels: Vec<u8>,
    /// Root over the final hidden states of the last step.
    pub digest: [u8; 32],
    /// Rows processed: steps · (patches + prompt).
    pub positions: u32,
}

impl Painting {
    /// The job's output: a token for each byte.
    pub fn tokens(&self) -> Vec<u32> {
        self.pixels.iter().copied().map(u32::from).collect()
    }

    /// A PNG file of the picture.
    ///
    /// # Errors
    /// [`png::EncodingError`] if height, width and pixels do not belong together.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(file)
    }
}

/// The noise that a picture with this seed begins with, `[values]`, Q16.
pub(crate) fn noise_of(seed: u64, values: usize) -> Vec<i32> {
    let key = key::<Blake2b256>(seed);
    let mut latent = vec![0; values];
    let blocks = latent.par_chunks_mut(4).enumerate();
    // A header allows 2¹⁶ values.
    blocks.for_each(|(block, slots)| {
        slots
            .iter_mut()
            .zip(noise(key, block as u32))
            .for_each(|(slot, x)| *slot = x);
    });
    latent
}

/// Pixels `[height, width, 3]` of a latent picture `[N, c]`.
pub(crate) fn pixels_of(picture: &Picture, latent: &[i32]) -> Vec<u8> {
    (0..picture.values())
        .map(|token| {
            // A valid header's picture has as many values as the latent one.
            let value = picture.latent_index(token);
            value.map_or(0, |index| byte(latent[index as usize]))
        })
        .collect()
}

impl Model {
    /// Checks that the model makes pictures and that the prompt fits it. Returns what they are.
    pub(crate) fn check_picture(&self, prompt: &[u32]) -> Result<Picture, RunError> {
        let picture = self.header.picture().ok_or(RunError::NoPictureModel)?;
        if prompt.is_empty() {
            return Err(RunError::EmptyPrompt);
        }
        let rows = u64::from(picture.patches()) + prompt.len() as u64;
        self.check_tokens(prompt, rows)?;
        Ok(picture)
    }

    /// Makes the picture of a prompt and a seed. `progress` hears the number of steps so far.
    ///
    /// # Errors
    /// [`RunError`] if the model writes text, or the prompt is empty, out of the vocabulary or exceeds
    /// the context together with the patches.
    pub fn paint(
        &self,
        prompt: &[u32],
        seed: u64,
        progress: &mut (dyn FnMut(u32) + Send),
    ) -> Result<Painting, RunError> {
        let picture = self.check_picture(prompt)?;
        let (ids, embedded) = self.picture_rows(picture.patches(), prompt);
        let mut hidden = Vec::new();
        let mut latent = noise_of(seed, picture.values() as usize);
        // Once inside the pool, cores are woken without a change of thread.
        rayon::scope(|_| {
            for step in 0..picture.steps {
                hidden = self.picture_step(step as usize, (&ids, &embedded), &mut latent, &mut ());
                progress(step + 1);
            }
        });
        let mut digest = DigestBuilder::<Blake2b256>::new();
        let rows = hidden.chunks_exact(self.header.model_dimension as usize);
        rows.for_each(|row| digest.push(row));
        Ok(Painting {
            height: picture.height,
            width: picture.width,
            pixels: pixels_of(&picture, &latent),
            digest: digest.finish(),
            // A header allows 2⁶ steps of 2¹⁴ rows.
            positions: picture.steps * ids.len() as u32,
        })
    }

    /// Makes the picture of a job again and returns its digest, if `output` is that picture. Unlike a text, a picture
    /// is no quicker checked than made.
    ///
    /// # Errors
    /// [`RunError::OutputLength`] if the output is no picture of the model, [`RunError::OutputMismatch`] at the
    /// first byte that is another one; the other errors as for [`Self::paint`].
    pub fn replay_picture(
        &self,
        prompt: &[u32],
        seed: u64,
        output: &[u32],
    ) -> Result<[u8; 32], RunError> {
        let picture = self.check_picture(prompt)?;
        if output.len() != picture.values() as usize {
            return Err(RunError::OutputLength {
                found: output.len(),
                expected: picture.values(),
            });
        }
        let painting = self.paint(prompt, seed, &mut |_| ())?;
        let pairs = painting.tokens().into_iter().zip(output).enumerate();
        for (index, (expected, &found)) in pairs {
            if expected != found {
                return Err(RunError::OutputMismatch {
                    index,
                    expected,
                    found,
                });
            }
        }
        Ok(painting.digest)
    }
}
