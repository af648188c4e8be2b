//! Logs in journald's native protocol: <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>. An event
//! becomes one record, and the journal's outbox sends it. (tracing-journald sends at once, so the
//! thread that logs would wait for a journald that hangs.)

use crate::outbox::{self, Stream};
use std::fmt;
use std::io::Write;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// The most bytes of a value: the record must fit into one datagram.
const LONGEST: usize = 32 * 1024;

/// Sends each event with its fields, such as APP, PHASE and BALANCER, so that an operator can
/// filter by them.
pub(super) struct Journal;

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut record = Record::new(*event.metadata().level());
        record.origin(event.metadata());
        event.record(&mut record);
        outbox::put(Stream::Journal, record.0, false);
    }
}

/// A record with only this message.
pub(super) fn warning(message: &str) -> Vec<u8> {
    let mut record = Record::new(Level::WARN);
    record.field("MESSAGE", message);
    record.0
}

/// For each field: name, line end, the value's length, the value, line end.
struct Record(Vec<u8>);

impl Record {
    fn new(level: Level) -> Record {
        let mut record = Record(Vec::with_capacity(256));
        let priority = match level {
            Level::ERROR => "3",
            Level::WARN => "4",
            Level::INFO => "5",
            Level::DEBUG => "6",
            Level::TRACE => "7",
        };
        record.field("PRIORITY", priority);
        record.field("SYSLOG_IDENTIFIER", "haproxy-gate");
        record
    }

    fn origin(&mut self, metadata: &Metadata<'_>) {
        self.field("TARGET", metadata.target());
        if let Some(file) = metadata.file() {
            self.field("CODE_FILE", file);
        }
        if let Some(line) = metadata.line() {
            self.field("CODE_LINE", &line.to_string());
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        let value = &value[..value.floor_char_boundary(LONGEST)];
        // journald accepts capitals, digits and `_`. A leading `_` is reserved for its own fields.
        let name = name.trim_start_matches('_').bytes();
        let name = name.map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => byte.to_ascii_uppercase(),
            _ => b'_',
        });
        self.0.extend(name);
        self.0.push(b'\n');
        self.0.extend((value.len() as u64).to_le_bytes());
        // A write to a vector can't fail.
        let _ = self.0.write_all(value.as_bytes());
        self.0.push(b'\n');
    }
}

/// The event's `message` is the journal's MESSAGE.
impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_as_journald_reads_it() {
        let mut record = Record(Vec::new());
        record.field("_app.name", "web\nMESSAGE=no");
        assert_eq!(
            record.0,
            b"APP_NAME\n\x0e\0\0\0\0\0\0\0web\nMESSAGE=no\n".to_vec()
        );
    }

    #[test]
    fn a_record_goes_into_one_datagram() {
        let mut record = Record(Vec::new());
        record.field("MESSAGE", &"é".repeat(LONGEST));
        assert!(record.0.len() < LONGEST + 32);
    }
}
