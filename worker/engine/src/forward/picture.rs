//! A step of a picture: its rows, and what the layers make of the latent picture.

use super::{Append, Pass};
use crate::{
    attention::Cache,
    kernels::product::QuantisedRows,
    model::Matrix,
    observer::{Observer, Rows},
    Model,
};
use aipg_exact::{elementwise::add_residual, format, picture, trace::Tensor};

impl Model {
    /// The ids of the embedding's rows that make the rows of a step, patches first, and these rows,
    /// `[R, d]`, Q16. The patches' rows of the embedding follow those of the tokens.
    ///
    /// The caller has checked that the prompt fits the model.
    pub(crate) fn picture_rows(&self, patches: u32, prompt: &[u32]) -> (Vec<u32>, Vec<i32>) {
        let vocabulary = self.header.vocabulary;
        let ids: Vec<u32> = (vocabulary..vocabulary + patches)
            .chain(prompt.iter().copied())
            .collect();
        let mut embedded = Vec::new();
        self.embed_tokens(&ids, &mut embedded);
        (ids, embedded)
    }

    /// Takes a latent picture `[N, c]` (Q16) through step `number`. Returns the rows after the last
    /// layer, `[R, d]`, Q16. `ids` and `embedded` are those of [`Self::picture_rows`].
    pub(crate) fn picture_step(
        &self,
        number: usize,
        (ids, embedded): (&[u32], &[i32]),
        latent: &mut [i32],
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        let mut hidden = self.enter_step(number, embedded, latent, observer);
        let mut cache = Cache::new(&self.header);
        for index in 0..self.layers.len() {
            cache.layers[index].reserve(ids.len());
            let mut batch = [Append {
                cache: &mut cache,
                tokens: ids,
            }];
            self.layer(index, Pass::Step(number), &mut batch, &mut hidden, observer);
        }
        let width = self.header.model_dimension as usize;
        let patches = latent.len() / self.output.channels();
        let of_patches = &hidden[..patches * width];
        let velocity = self.project_output(Pass::Step(number), of_patches, observer);
        let [kappa, delta] = self.moves[number];
        for (x, &v) in latent.iter_mut().zip(&velocity) {
            *x = picture::step(*x, v, kappa, delta);
        }
        hidden
    }

    /// The rows that enter the first layer in a step, `[R, d]`, Q16.
    pub(crate) fn enter_step(
        &self,
        number: usize,
        embedded: &[i32],
        latent: &[i32],
        observer: &mut impl Observer,
    ) -> Vec<i32> {
        observer.rows(Tensor::Latent(number), Rows::Stream(latent));
        let mut hidden = embedded.to_vec();
        if let Some(matrix) = &self.patch {
            let input = self.quantise_patches(matrix, number, latent, observer);
            let [update] = self.project(matrix, &input, picture::LATENT, format::RESIDUAL);
            add_residual(&mut hidden, &update);
        }
        observer.rows(Tensor::StepRows(number), Rows::Stream(&hidden));
        hidden
    }

    /// Patches of a latent picture as the patch matrix reads them.
    fn quantise_patches(
        &self,
        matrix: &Matrix,
        number: usize,
        latent: &[i32],
        observer: &mut impl Observer,
    ) -> QuantisedRows {
        let values = self.output.channels();
        self.quantise_seen(
            latent.len() / values,
            values,
            matrix.input,
            |patch, slots| {
                let row = &latent[patch * values..][..values];
                slots
                    .iter_mut()
                    .zip(row)
                    .for_each(|(slot, &x)| *slot = x.into());
            },
            (Tensor::PatchPeak(number), Tensor::PatchInput(number)),
            observer,
        )
    }
}
