//! Chat templates: from messages to the text of a prompt.
//!
//! A checkpoint brings its template as Jinja, in `chat_template.jinja` or in `tokenizer_config.json`. It runs with
//! what the library of Hugging Face gives it, except the date: a prompt must not depend on when it is made, so
//! `strftime_now` is not defined, and templates fall back to a date of their own. What a template may compute and
//! allocate is bounded.

use crate::{convert::Gguf, tokenizer::special_text};
use minijinja::{
    context, syntax::SyntaxConfig, value::Serde, Environment, Error, ErrorKind, UndefinedBehavior,
    Value,
};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use std::{fs, io, path::Path};
use thiserror::Error;

/// Longest template. The longest of known models have some 20 kB.
const LONGEST: usize = 1 << 20;

/// Largest `tokenizer_config.json`. Those that list every added token have some 10 MB.
const LARGEST_CONFIGURATION: usize = 64 << 20;

/// What a template may use: about one for an instruction, and for 64 bytes of text.
const FUEL: u64 = 2_000_000;

/// Name of the template in errors.
const NAME: &str = "chat_template";

/// Why a template is refused, or a conversation by it.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// A file cannot be read.
    #[error("Io: {0}")]
    Io(#[from] io::Error),
    /// `tokenizer_config.json` is malformed.
    #[error("Configuration: {0}")]
    Configuration(#[from] serde_json::Error),
    /// The template or the file that it is in is longer than any model's.
    #[error("TooLong: {0} bytes")]
    TooLong(usize),
    /// There are several templates and none is the default.
    #[error("NoDefault: none of the templates is called default")]
    NoDefault,
    /// The template is no Jinja that is known.
    #[error("Syntax: {0}")]
    Syntax(String),
    /// The template refuses the messages, in its own words.
    #[error("Refused: {0}")]
    Refused(String),
    /// The template asks for more than it may have.
    #[error("OutOfFuel: the template computes for too long or makes too much text")]
    OutOfFuel,
    /// The template fails otherwise.
    #[error("Render: {0}")]
    Render(String),
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user`, `assistant`, or what else the template knows.
    pub role: String,
    /// Its text.
    pub content: String,
}

/// A chat template.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    source: String,
    /// Text of the token that begins a text, if the model has one.
    begin: Option<String>,
    /// Text of the token that ends one.
    end: Option<String>,
    environment: Environment<'static>,
}

/// The fields of `tokenizer_config.json` that matter here.
#[derive(Default, Deserialize)]
struct Configuration {
    chat_template: Option<Templates>,
    bos_token: Option<SpecialToken>,
    eos_token: Option<SpecialToken>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Several(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    template: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SpecialToken {
    Text(String),
    Described { content: String },
}

impl SpecialToken {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Described { content } => content,
        }
    }
}

impl ChatTemplate {
    /// A template with the texts of the tokens that begin and end a text.
    ///
    /// # Errors
    /// [`TemplateError::TooLong`] or [`TemplateError::Syntax`].
    pub fn new(
        source: String,
        begin: Option<String>,
        end: Option<String>,
    ) -> Result<Self, TemplateError> {
        if source.len() > LONGEST {
            return Err(TemplateError::TooLong(source.len()));
        }
        let environment = environment(source.clone())?;
        Ok(Self {
            source,
            begin,
            end,
            environment,
        })
    }

    /// The template of a checkpoint's directory, if it has one: `chat_template.jinja`, or that in
    /// `tokenizer_config.json`, of several the one that is called `default`.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn from_directory(directory: &Path) -> Result<Option<Self>, TemplateError> {
        let read = |name: &str, most: usize| -> Result<Option<Vec<u8>>, TemplateError> {
            let path = directory.join(name);
            if !path.is_file() {
                return Ok(None);
            }
            let length = fs::metadata(&path)?.len() as usize;
            match length > most {
                true => Err(TemplateError::TooLong(length)),
                false => Ok(Some(fs::read(path)?)),
            }
        };
        let Configuration {
            chat_template,
            bos_token,
            eos_token,
        } = match read("tokenizer_config.json", LARGEST_CONFIGURATION)? {
            Some(json) => serde_json::from_slice(&json)?,
            None => Configuration::default(),
        };
        let source = match read("chat_template.jinja", LONGEST)? {
            Some(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            None => chat_template.map(Templates::chosen).transpose()?,
        };
        let text = |token: Option<SpecialToken>| token.map(SpecialToken::text);
        let (begin, end) = (text(bos_token), text(eos_token));
        source
            .map(|source| Self::new(source, begin, end))
            .transpose()
    }

    /// The template in a GGUF file, if it has one.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn from_gguf(gguf: &Gguf) -> Result<Option<Self>, TemplateError> {
        let Some(source) = gguf.text("tokenizer.chat_template") else {
            return Ok(None);
        };
        let [begin, end] = ["bos", "eos"].map(|which| special_text(gguf, which));
        Self::new(source.into(), begin, end).map(Some)
    }

    /// The template itself.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text of a conversation; with `answer_follows` it ends where the model's answer begins.
    ///
    /// # Errors
    /// [`TemplateError::Refused`], [`TemplateError::OutOfFuel`] or [`TemplateError::Render`].
    pub fn render(
        &self,
        messages: &[Message],
        answer_follows: bool,
    ) -> Result<String, TemplateError> {
        let template = self.environment.get_template(NAME).map_err(render_error)?;
        let none = || Value::from(());
        let values = context! {
            messages => Serde(messages),
            add_generation_prompt => answer_follows,
            bos_token => self.begin.as_deref().unwrap_or_default(),
            eos_token => self.end.as_deref().unwrap_or_default(),
            tools => none(),
            documents => none(),
        };
        template.render(values).map_err(render_error)
    }
}

impl Templates {
    /// The template, of several the default.
    fn chosen(self) -> Result<String, TemplateError> {
        match self {
            Self::One(template) => Ok(template),
            Self::Several(named) => {
                let mut named = named.into_iter();
                let default = named.find(|named| named.name == "default");
                Ok(default.ok_or(TemplateError::NoDefault)?.template)
            }
        }
    }
}

/// What templates are written for.
fn environment(source: String) -> Result<Environment<'static>, TemplateError> {
    let syntax_error = |error: Error| TemplateError::Syntax(error.to_string());
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(syntax_error)?;
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.set_fuel(Some(FUEL));
    environment.add_function("raise_exception", raise_exception);
    environment.add_filter("tojson", to_json);
    environment
        .add_template_owned(NAME, source)
        .map_err(syntax_error)?;
    Ok(environment)
}

/// Marks the errors that a template raises by itself.
#[derive(Debug, Error)]
#[error("{0}")]
struct Raised(String);

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message.clone()).with_source(Raised(message)))
}

fn render_error(error: Error) -> TemplateError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(Raised(message)) = current.downcast_ref() {
            return TemplateError::Refused(message.clone());
        }
        if let Some(inner) = current.downcast_ref::<Error>() {
            if inner.kind() == ErrorKind::OutOfFuel {
                return TemplateError::OutOfFuel;
            }
        }
        cause = current.source();
    }
    TemplateError::Render(error.to_string())
}

/// JSON with spaces as Python writes it, and no characters escaped for HTML.
fn to_json(
    value: Serde<serde_json::Value>,
    options: minijinja::value::Kwargs,
) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    // Others do not change what these values look like.
    let _: Option<bool> = options.get("ensure_ascii")?;
    options.assert_all_used()?;
    let written = match indent {
        Some(width) => {
            let spaces = " ".repeat(width.min(16));
            written(&value.0, PrettyFormatter::with_indent(spaces.as_bytes()))
        }
        None => written(&value.0, Spaced),
    };
    written.map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

fn written(value: &serde_json::Value, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `{"a": 1, "b": [2, 3]}`
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match first {
            true => Ok(()),
            false => writer.write_all(b", "),
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match first {
            true => Ok(()),
            false => writer.write_all(b", "),
        }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests;
