//! Log lines on standard error, beside progress bars where that is a terminal.

use crate::config::LogFormat;
use indicatif::{MultiProgress, ProgressDrawTarget};
use serde_json::{Map, Value};
use std::{
    fmt,
    io::{self, IsTerminal, Write},
    time::{SystemTime, UNIX_EPOCH},
};
use tracing::{
    field::{Field, Visit},
    Event, Subscriber,
};
use tracing_subscriber::{
    filter::EnvFilter,
    fmt::{format::Writer, FmtContext, FormatEvent, FormatFields},
    registry::LookupSpan,
};

/// What is logged unless the environment variable `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "warn,aipg_worker=info";

/// Starts logging; returns the area where progress bars are drawn (nowhere, unless standard error
/// is a terminal).
pub fn start(format: LogFormat) -> MultiProgress {
    let is_terminal = io::stderr().is_terminal();
    let bars = MultiProgress::with_draw_target(match is_terminal {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    });
    let beside_bars = bars.clone();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| DEFAULT_FILTER.into());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal && format != LogFormat::Json)
        .with_writer(move || BesideBars(beside_bars.clone()));
    let started = match format {
        LogFormat::Compact => builder.compact().with_target(false).try_init(),
        LogFormat::Full => builder.try_init(),
        LogFormat::Json => builder.event_format(JsonLines).try_init(),
    };
    if let Err(error) = started {
        eprintln!("logging is off: {error}");
    }
    bars
}

/// Clears the bars for the moment in which a line is written.
struct BesideBars(MultiProgress);

impl Write for BesideBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// One JSON object per event: `time` (seconds since 1970), `level`, `message`, and its fields.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        fields.0.insert("time".into(), time.as_secs_f64().into());
        fields
            .0
            .insert("level".into(), event.metadata().level().as_str().into());
        writeln!(writer, "{}", Value::Object(fields.0))
    }
}

struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0
            .insert(field.name().into(), format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn json_line_should_hold_message_level_and_fields() {
        let lines = Lines::default();
        let copy = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(JsonLines)
            .with_writer(move || copy.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(job = 7u64, reason = %"no \"blob\"", "input unavailable");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line: Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(line["message"], "input unavailable");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["job"], 7);
        assert_eq!(line["reason"], "no \"blob\"");
        assert!(line["time"].is_f64());
    }
}
