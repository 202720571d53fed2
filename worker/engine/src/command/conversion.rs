//! The command that turns a checkpoint into a model file.

use super::{describe, read, read_tokens};
use crate::{
    convert::{
        convert_to_file, Checkpoint, CheckpointConfiguration, ConvertInput, Gguf, HadamardChoice,
        Progress, Quality, Stage,
    },
    template::ChatTemplate,
    tokenizer::{self, Tokenizer},
};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{json, Value};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Text of several kinds and languages, for models whose use is not known better.
const TEXT: &str = include_str!("calibration.txt");

/// Tokens of a text that calibrate, at most.
const CALIBRATION_TOKENS: usize = 512;

/// Tokens, at most, on which a conversion into a folder measures the quality.
const MEASURED_TOKENS: usize = 128;

/// Largest configuration that is read.
const LARGEST_CONFIGURATION: u64 = 1 << 20;

/// Arguments of a conversion.
#[derive(Clone, Debug, Args)]
pub struct Conversion {
    /// Checkpoint as it was downloaded: a folder of Hugging Face (config.json, tokenizer.json, safetensors in one
    /// file or in shards), one safetensors file, or a GGUF file
    #[arg(value_name = "CHECKPOINT", required_unless_present = "checkpoint")]
    pub source: Option<PathBuf>,
    /// The same as a flag
    #[arg(long, conflicts_with = "source", value_name = "CHECKPOINT")]
    pub checkpoint: Option<PathBuf>,
    /// Shape of the checkpoint: a config.json of Llama, Mistral, Qwen2, Qwen3 or SmolLM, or one of ours
    /// (default: that of the folder, or the metadata of the GGUF file)
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Tokenizer file, whose hash the model commits (default: tokenizer.json of the folder, or the tokenizer
    /// of the GGUF file)
    #[arg(long)]
    pub tokenizer: Option<PathBuf>,
    /// Token ids (little-endian u32) typical for the model's use; they calibrate the value scales
    #[arg(long, conflicts_with = "calibration_text")]
    pub calibration: Option<PathBuf>,
    /// Text typical for the model's use, of which the first 512 tokens calibrate (default: a text that is built
    /// in)
    #[arg(long)]
    pub calibration_text: Option<PathBuf>,
    /// Folder to make, for model.aipg, header.bin, tokenizer.json, report.json and, if the checkpoint has one,
    /// chat_template.jinja
    #[arg(long, required_unless_present = "output", conflicts_with_all = ["output", "header"])]
    pub into: Option<PathBuf>,
    /// Where the model file goes, instead of a folder
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// Where the encoded header goes, which registers the model on chain
    #[arg(long)]
    pub header: Option<PathBuf>,
    /// Most positions of the model, if fewer than the checkpoint's: runs need memory for all of them
    #[arg(long, value_name = "POSITIONS")]
    pub max_context: Option<u32>,
    /// Calibration tokens, at most, on which the quality is measured (default: 128 into a folder, 0 otherwise;
    /// 512 with a loss budget)
    #[arg(long, value_name = "TOKENS")]
    pub measured_tokens: Option<usize>,
    /// Rotate no input before it is quantised (default: every input whose width allows it)
    #[arg(long)]
    pub no_hadamard: bool,
    /// Loss that is allowed, as a part of the float model's bits per token: norms are balanced with the
    /// weights behind them and rotations taken back where that loses less, and inputs get 16 bits until
    /// it is met. 0.001 suits most models
    #[arg(long)]
    pub loss_budget: Option<f64>,
}

/// What was found of a checkpoint.
struct Found {
    checkpoint: Checkpoint,
    configuration: CheckpointConfiguration,
    /// Content of the tokenizer file.
    tokenizer: Vec<u8>,
    template: Option<ChatTemplate>,
}

/// Where the files go.
struct Places {
    model: PathBuf,
    header: Option<PathBuf>,
    /// For what else goes into it.
    folder: Option<PathBuf>,
}

impl Conversion {
    /// Converts and writes the files. Returns shape, roots and quality of the model.
    ///
    /// # Errors
    /// What cannot be read, converted or written, with the file's name. No file is written unless the
    /// conversion succeeds.
    pub fn run(&self) -> Result<Value> {
        let Found {
            checkpoint,
            configuration,
            tokenizer,
            template,
        } = self.find()?;
        let configuration = match self.max_context {
            Some(positions) => configuration.with_context_up_to(positions),
            None => configuration,
        };
        let measured = self.into.as_ref().map_or(0, |_| MEASURED_TOKENS);
        let input = ConvertInput {
            calibration: self.calibration(&tokenizer, &configuration)?,
            checkpoint,
            configuration,
            tokenizer,
            hadamard: match self.no_hadamard {
                true => HadamardChoice::Nowhere,
                false => HadamardChoice::WherePossible,
            },
            loss_budget: self.loss_budget,
            measured_tokens: self.measured_tokens.unwrap_or(measured),
        };
        let places = self.places()?;
        let bars = Bars::new()?;
        let converted = convert_to_file(&input, &places.model, &mut |step| bars.show(step));
        bars.finish();
        let (header, quality) = converted?;
        let mut report = describe(&header);
        if let Some(quality) = quality {
            report["quality"] = quality_json(&quality);
        }
        if let Some(path) = &places.header {
            write(path, &header.encode())?;
        }
        if let Some(folder) = &places.folder {
            write(&folder.join("tokenizer.json"), &input.tokenizer)?;
            if let Some(template) = template {
                write(
                    &folder.join("chat_template.jinja"),
                    template.source().as_bytes(),
                )?;
            }
            write(
                &folder.join("report.json"),
                format!("{report:#}\n").as_bytes(),
            )?;
        }
        Ok(report)
    }

    /// Opens the checkpoint and what belongs to it.
    fn find(&self) -> Result<Found> {
        let Some(source) = self.source.as_ref().or(self.checkpoint.as_ref()) else {
            bail!("no checkpoint is given");
        };
        if source.is_dir() {
            let checkpoint = || Ok(Checkpoint::from_directory(source)?);
            return self.find_beside(checkpoint, source);
        }
        ensure!(
            source.is_file(),
            "cannot read {}: no such file",
            source.display()
        );
        if is_gguf(source)? {
            return self.find_in_gguf(source);
        }
        let folder = source.parent().unwrap_or(Path::new("."));
        self.find_beside(|| Ok(Checkpoint::from_file(source)?), folder)
    }

    /// Configuration, tokenizer and template that lie in the checkpoint's folder.
    fn find_beside(
        &self,
        checkpoint: impl FnOnce() -> Result<Checkpoint>,
        folder: &Path,
    ) -> Result<Found> {
        let path = |given: &Option<PathBuf>, name: &str| {
            given.clone().unwrap_or_else(|| folder.join(name))
        };
        let tokenizer = path(&self.tokenizer, "tokenizer.json");
        if !tokenizer.is_file() && folder.join("tokenizer.model").is_file() {
            bail!(
                "cannot read {}: there is only a tokenizer.model, which has to be saved as tokenizer.json first \
                 and given by --tokenizer",
                tokenizer.display()
            );
        }
        Ok(Found {
            configuration: read_configuration(&path(&self.config, "config.json"))?,
            tokenizer: read(&tokenizer)?,
            checkpoint: checkpoint()?,
            template: ChatTemplate::from_directory(folder).context("chat template")?,
        })
    }

    fn find_in_gguf(&self, path: &Path) -> Result<Found> {
        let gguf = Gguf::from_file(path)?;
        let tokenizer = match &self.tokenizer {
            Some(path) => read(path)?,
            None => tokenizer::from_gguf(&gguf)?,
        };
        Ok(Found {
            configuration: match &self.config {
                Some(path) => read_configuration(path)?,
                None => gguf.configuration()?,
            },
            checkpoint: gguf.checkpoint().clone(),
            tokenizer,
            template: ChatTemplate::from_gguf(&gguf).context("chat template")?,
        })
    }

    /// The calibration tokens. Only for a text the tokenizer must be one that is known; otherwise its hash is
    /// all that matters.
    fn calibration(
        &self,
        tokenizer: &[u8],
        configuration: &CheckpointConfiguration,
    ) -> Result<Vec<u32>> {
        if let Some(path) = &self.calibration {
            return read_tokens(path);
        }
        let tokenizer = Tokenizer::from_json(tokenizer)?;
        let (ids, model) = (tokenizer.vocabulary(), configuration.vocabulary);
        ensure!(
            ids <= model,
            "VocabularyMismatch: the tokenizer has {ids} ids, the model {model}"
        );
        let mut tokens = match &self.calibration_text {
            Some(path) => {
                let text = String::from_utf8(read(path)?)
                    .with_context(|| format!("{} is not UTF-8", path.display()))?;
                tokenizer.encode(&text)?
            }
            None => tokenizer.encode(TEXT)?,
        };
        tokens.truncate(CALIBRATION_TOKENS);
        Ok(tokens)
    }

    /// Makes the folder, if there is to be one.
    fn places(&self) -> Result<Places> {
        if let Some(model) = &self.output {
            return Ok(Places {
                model: model.clone(),
                header: self.header.clone(),
                folder: None,
            });
        }
        let Some(folder) = &self.into else {
            bail!("no place for the model is given");
        };
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Places {
            model: folder.join("model.aipg"),
            header: Some(folder.join("header.bin")),
            folder: Some(folder.clone()),
        })
    }
}

fn is_gguf(path: &Path) -> Result<bool> {
    use std::io::Read;
    let context = || format!("cannot read {}", path.display());
    let mut start = Vec::new();
    let file = fs::File::open(path).with_context(context)?;
    file.take(4).read_to_end(&mut start).with_context(context)?;
    Ok(start == *b"GGUF")
}

fn read_configuration(path: &Path) -> Result<CheckpointConfiguration> {
    let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
    ensure!(
        length <= LARGEST_CONFIGURATION,
        "Configuration: {} has {length} bytes",
        path.display()
    );
    Ok(CheckpointConfiguration::from_json(&read(path)?)?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn quality_json(quality: &Quality) -> Value {
    json!({
        "tokens": quality.tokens,
        "float_bits_per_token": quality.float_bits,
        "integer_bits_per_token": quality.integer_bits,
        "float_perplexity": quality.float_bits.exp2(),
        "integer_perplexity": quality.integer_bits.exp2(),
        "divergence_bits_per_token": quality.divergence,
        "same_likeliest_token": quality.agreement,
    })
}

/// One bar on standard error, which tells each stage in turn.
struct Bars(ProgressBar);

impl Bars {
    fn new() -> Result<Self> {
        let style = ProgressStyle::with_template("{msg:28} {bar:40} {pos}/{len}, {elapsed}")?;
        Ok(Self(ProgressBar::new(1).with_style(style)))
    }

    fn show(&self, Progress { stage, done, total }: Progress) {
        self.0.set_message(match stage {
            Stage::Weights => "matrices to integers",
            Stage::Calibration => "calibrating value scales",
            Stage::Reference => "float model, layers",
            Stage::Choice => "choosing flags, at most",
        });
        self.0.set_length(total as u64);
        self.0.set_position(done as u64);
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
