//! Making a picture.

use super::{hexadecimal, read};
use crate::{blob, words::Words, Model, Painting};
use anyhow::{ensure, Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Arguments of a picture.
#[derive(Clone, Debug, Args)]
pub struct PictureJob {
    /// Model file
    pub model: PathBuf,
    /// What shall be seen, in words of the model
    #[arg(long, required_unless_present = "prompt_tokens")]
    pub prompt: Option<String>,
    /// The prompt as token ids, separated by commas
    #[arg(long, value_delimiter = ',', conflicts_with = "prompt")]
    pub prompt_tokens: Vec<u32>,
    /// Tokenizer file, which must be the one the model commits (default: tokenizer.json beside the model)
    #[arg(long)]
    pub tokenizer: Option<PathBuf>,
    /// The same prompt and seed give the same picture
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Where the PNG file goes
    #[arg(long)]
    pub output: PathBuf,
}

impl PictureJob {
    /// Makes the picture and writes it. Returns what it is: its sides, the hash of its pixels, the digest
    /// and positions of the job.
    ///
    /// # Errors
    /// What cannot be read, run or written, with the file's name.
    pub fn run(&self) -> Result<serde_json::Value> {
        let model = Model::load(&self.model)
            .with_context(|| format!("cannot load {}", self.model.display()))?;
        let prompt = match &self.prompt {
            Some(text) => self.words(&model)?.encode(text)?,
            None => self.prompt_tokens.clone(),
        };
        let steps = model.header().picture().map_or(0, |picture| picture.steps);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {eta} left")?;
        let bar = ProgressBar::new(steps.into()).with_style(style);
        let painting = model.paint(&prompt, self.seed, &mut |step| {
            bar.set_position(step.into())
        })?;
        bar.finish_and_clear();
        fs::write(&self.output, painting.png()?)
            .with_context(|| format!("cannot write {}", self.output.display()))?;
        Ok(report(&model, &prompt, &self.output, &painting))
    }

    /// The words of the model, from the file that its header commits.
    fn words(&self, model: &Model) -> Result<Words> {
        let beside = || self.model.with_file_name("tokenizer.json");
        let path = self.tokenizer.clone().unwrap_or_else(beside);
        let file = read(&path)?;
        ensure!(
            blob::hash(&file) == model.header().tokenizer,
            "the model commits another tokenizer than {}",
            path.display()
        );
        Words::from_json(&file).with_context(|| format!("in {}", path.display()))
    }
}

fn report(model: &Model, prompt: &[u32], file: &Path, painting: &Painting) -> serde_json::Value {
    json!({
        "root": hexadecimal(model.root()),
        "prompt": prompt,
        "file": file,
        "height": painting.height,
        "width": painting.width,
        "pixels": hexadecimal(blob::hash(&painting.pixels)),
        "digest": hexadecimal(painting.digest),
        "positions": painting.positions,
    })
}
