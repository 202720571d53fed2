//! Settings: defaults, then a TOML file, then the environment, then flags.

use crate::{cli::Flags, devices::Choice, keys::KeySource, pause, verified::Verify};
use aipg_client::{Amount, Endpoints, Region};
use figment::{
    providers::{Format, Serialized, Toml},
    value::{Dict, Map, Value},
    Figment, Metadata, Profile, Provider,
};
use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};
use thiserror::Error;

/// What every environment variable of a setting begins with.
const ENVIRONMENT_PREFIX: &str = "AIPG_WORKER_";

/// Everything a command needs to know.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// WebSocket addresses of nodes, in the order of preference.
    #[serde(deserialize_with = "text_list")]
    pub node: Vec<String>,
    suri: Option<String>,
    key_file: Option<PathBuf>,
    #[serde(deserialize_with = "model_list")]
    pub models: Vec<ModelSetting>,
    /// Ask per unit of models that name none; without it, the model's price floor.
    pub ask: Option<Amount>,
    /// Jobs taken at the same time.
    pub capacity: u32,
    pub region: Region,
    /// What registration puts on hold.
    pub bond: Amount,
    pub log_format: LogFormat,
    /// Stay online on chain when stopped.
    pub stay_online: bool,
    /// Deliver without recomputing the digest.
    pub no_self_check: bool,
    /// Check the results of others, and challenge what is false.
    pub check_results: bool,
    /// Defend results of others that were found right and that their workers do not defend.
    pub defend_others: bool,
    /// Seconds that claimed jobs get to finish after a stop signal.
    pub drain_seconds: u64,
    /// Part of an unannounced window's time in which the machine computes for its verified power; 0: it takes no
    /// part.
    pub power_share: f64,
    /// MiB that models and their runs may use; without it, what is free.
    pub memory_mib: Option<u64>,
    /// GPUs that models may run on, beside the processor.
    pub devices: Choice,
    /// When the bytes of model files are hashed.
    pub verify: Verify,
    data_dir: Option<PathBuf>,
    /// Where metrics are served; without it, on the usual port if that is free.
    pub metrics_address: Option<MetricsAddress>,
}

/// The settings that nothing else names.
#[derive(Serialize)]
struct Defaults {
    node: &'static str,
    models: Vec<String>,
    capacity: u32,
    region: Region,
    bond: Amount,
    log_format: LogFormat,
    stay_online: bool,
    no_self_check: bool,
    check_results: bool,
    defend_others: bool,
    drain_seconds: u64,
    power_share: f64,
    devices: Choice,
    verify: Verify,
}

const DEFAULTS: Defaults = Defaults {
    node: "ws://127.0.0.1:9944",
    models: Vec::new(),
    capacity: 1,
    region: Region::Unspecified,
    bond: Amount::whole(200),
    log_format: LogFormat::Compact,
    stay_online: false,
    no_self_check: false,
    check_results: false,
    defend_others: false,
    drain_seconds: 60,
    power_share: 0.5,
    devices: Choice::Auto,
    verify: Verify::Always,
};

/// Why the settings cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("the settings file {} does not exist", .0.display())]
    FileMissing(PathBuf),
    #[error("{0}")]
    Invalid(Box<figment::Error>),
    #[error("no key: give --key-file FILE (or --suri //Charlie on a development chain)")]
    NoKey,
    #[error("both `suri` and `key_file` are set in {0}; keep one")]
    TwoKeys(&'static str),
    #[error("no model: give --model FILE, or [[models]] in the settings file")]
    NoModels,
    #[error("`{0}` is no node address; it begins with ws:// or wss://")]
    NotAWebSocket(String),
    #[error("`node` names no address")]
    NoNode,
    #[error("no data directory: neither XDG_DATA_HOME nor HOME is set; give --data-dir")]
    NoDataDirectory,
    #[error("`capacity` must be at least 1")]
    NoCapacity,
    #[error("`power_share` is {0}; it must be from 0 to 1")]
    PowerShare(f64),
}

impl Settings {
    /// Merges all sources and checks the values. `environment` is the process environment.
    pub fn load(
        flags: &Flags,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let file = match &flags.config {
            Some(path) if !path.is_file() => {
                return Err(ConfigError::FileMissing(path.clone()));
            }
            Some(path) => Figment::from(Toml::file_exact(path)),
            None => Figment::new(),
        };
        let environment = Figment::from(Environment(environment.into_iter().collect()));
        let flags = Figment::from(Serialized::defaults(flags));
        let layers = [
            ("the file", &file),
            ("the environment", &environment),
            ("flags", &flags),
        ];
        let key = strongest_key(&layers)?;

        let merged = layers.iter().fold(
            Figment::from(Serialized::defaults(DEFAULTS)),
            |all, (_, layer)| all.merge(layer),
        );
        let mut settings: Self = merged
            .extract()
            .map_err(|error| ConfigError::Invalid(Box::new(error)))?;
        match key {
            Some("suri") => settings.key_file = None,
            Some(_) => settings.suri = None,
            None => {}
        }
        settings.check()?;
        Ok(settings)
    }

    /// Where the key is.
    pub fn key(&self) -> Result<KeySource, ConfigError> {
        match (&self.suri, &self.key_file) {
            (Some(uri), _) => Ok(KeySource::Development(uri.clone())),
            (None, Some(path)) => Ok(KeySource::File(path.clone())),
            (None, None) => Err(ConfigError::NoKey),
        }
    }

    /// The models, at least one.
    pub fn served_models(&self) -> Result<&[ModelSetting], ConfigError> {
        if self.models.is_empty() {
            return Err(ConfigError::NoModels);
        }
        Ok(&self.models)
    }

    /// The nodes to talk to.
    pub fn endpoints(&self) -> Endpoints {
        Endpoints::new(self.node.clone())
    }

    /// Where the worker of `address` keeps its state.
    pub fn data_dir(&self, address: &str) -> Result<PathBuf, ConfigError> {
        if let Some(path) = &self.data_dir {
            return Ok(path.clone());
        }
        let absolute = |name| {
            let path = std::env::var_os(name).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        absolute("XDG_DATA_HOME")
            .or_else(|| Some(absolute("HOME")?.join(".local/share")))
            .map(|data| data.join("aipg/worker").join(address))
            .ok_or(ConfigError::NoDataDirectory)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.node.is_empty() {
            return Err(ConfigError::NoNode);
        }
        let is_web_socket = |url: &&String| url.starts_with("ws://") || url.starts_with("wss://");
        if let Some(other) = self.node.iter().find(|url| !is_web_socket(url)) {
            return Err(ConfigError::NotAWebSocket(other.clone()));
        }
        if self.capacity == 0 {
            return Err(ConfigError::NoCapacity);
        }
        if !(0.0..=1.0).contains(&self.power_share) {
            return Err(ConfigError::PowerShare(self.power_share));
        }
        Ok(())
    }
}

/// Which of `suri` and `key_file` the strongest layer that names one names. The two are one
/// setting: a flag of the one overrides the other of a file.
fn strongest_key(layers: &[(&'static str, &Figment)]) -> Result<Option<&'static str>, ConfigError> {
    for (name, layer) in layers.iter().rev() {
        match (
            layer.find_value("suri").is_ok(),
            layer.find_value("key_file").is_ok(),
        ) {
            (true, true) => return Err(ConfigError::TwoKeys(name)),
            (true, false) => return Ok(Some("suri")),
            (false, true) => return Ok(Some("key_file")),
            (false, false) => {}
        }
    }
    Ok(None)
}

/// Environment variables as a layer of settings; a list of pairs, so that tests need not touch
/// the environment of the process.
struct Environment(Vec<(String, String)>);

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variables AIPG_WORKER_*")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut values = Dict::new();
        for (name, text) in &self.0 {
            match name
                .strip_prefix(ENVIRONMENT_PREFIX)
                .map(str::to_ascii_lowercase)
            {
                // `config` names the file itself and is read with the flags; the others are no settings.
                Some(key)
                    if key != "config" && name != pause::VARIABLE && name != pause::RELEASE =>
                {
                    let Ok(value) = text.parse::<Value>();
                    values.insert(key, value);
                }
                _ => {}
            }
        }
        Ok(Profile::Default.collect(values))
    }
}

/// A model file to serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelSetting {
    pub path: PathBuf,
    /// Price of a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<Amount>,
    /// The root the file must have, if pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

impl ModelSetting {
    /// A model without a pinned root.
    pub fn of(path: impl Into<PathBuf>, ask: Option<Amount>) -> Self {
        Self {
            path: path.into(),
            ask,
            root: None,
        }
    }
}

impl FromStr for ModelSetting {
    type Err = std::convert::Infallible;

    /// `FILE` or `FILE=ASK`. An equals sign that no amount follows belongs to the name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let with_ask = text
            .rsplit_once('=')
            .and_then(|(path, ask)| ask.parse().ok().map(|ask| Self::of(path, Some(ask))));
        Ok(with_ask.unwrap_or_else(|| Self::of(text, None)))
    }
}

impl<'de> Deserialize<'de> for ModelSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            path: PathBuf,
            ask: Option<Amount>,
            root: Option<String>,
        }

        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ModelSetting;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a model file, \"FILE=ASK\" or {path, ask, root}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ModelSetting, E> {
                let Ok(model) = text.parse();
                Ok(model)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ModelSetting, A::Error> {
                let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(ModelSetting {
                    path: table.path,
                    ask: table.ask,
                    root: table.root,
                })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// A list of models, or one text with commas, as the environment has it.
fn model_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ModelSetting>, D::Error> {
    struct Visitor;

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Vec<ModelSetting>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of model files")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            let paths = text
                .split(',')
                .map(str::trim)
                .filter(|path| !path.is_empty());
            Ok(paths.flat_map(str::parse).collect())
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut models = Vec::new();
            while let Some(model) = list.next_element()? {
                models.push(model);
            }
            Ok(models)
        }
    }

    deserializer.deserialize_any(Visitor)
}

/// A list of texts, or one text with commas, as the environment has it.
fn text_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Texts {
        One(String),
        Many(Vec<String>),
    }

    let texts = match Texts::deserialize(deserializer)? {
        Texts::One(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
        Texts::Many(texts) => texts,
    };
    Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
}

/// Where metrics are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsAddress {
    /// Nowhere.
    Off,
    At(SocketAddr),
}

impl MetricsAddress {
    /// The usual one.
    pub const DEFAULT: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9616);
}

impl FromStr for MetricsAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::Off),
            text => text.parse().map(Self::At).map_err(|_| {
                format!(
                    "`{text}` is neither an address such as {} nor `none`",
                    Self::DEFAULT
                )
            }),
        }
    }
}

impl fmt::Display for MetricsAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("none"),
            Self::At(address) => fmt::Display::fmt(address, formatter),
        }
    }
}

impl Serialize for MetricsAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MetricsAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One short line per event.
    Compact,
    /// One line per event with module names.
    Full,
    /// One JSON object per line, for log collectors.
    Json,
}

#[cfg(test)]
mod tests;
