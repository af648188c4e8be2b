//! The few fields of the kernel's `struct tcp_info` (linux/tcp.h) that the agent reads. Kernels
//! only ever append to it, and an older one gives a shorter one. The crate's own reader needs all
//! of Linux 5.4's, so this one takes each field from its place.

use std::time::Duration;

const LAST_DATA_SENT: usize = 44;
const LAST_DATA_RECV: usize = 52;
/// Since Linux 4.1.
const BYTES_ACKED: usize = 120;
/// Since Linux 4.1.
const BYTES_RECEIVED: usize = 128;
/// Since Linux 4.19.
const BYTES_SENT: usize = 200;

/// When each side last sent data. None: never.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ages {
    pub received: Option<Duration>,
    pub sent: Option<Duration>,
}

impl Ages {
    /// How long a received request has waited for its answer, or for the end of the answer. None:
    /// no request seems to wait. A guess for the operator: HTTP/2 and TLS send frames of their
    /// own, so no decision may depend on it.
    pub(crate) fn waits(&self, unacknowledged: bool) -> Option<Duration> {
        let received = self.received?;
        let unanswered = self.sent.is_none_or(|sent| sent > received);
        (unanswered || unacknowledged).then_some(received)
    }
}

/// The ages begin at the connection's own start, so only the byte counts show "never". None: the
/// kernel is older than Linux 4.1, and has none.
pub(crate) fn ages(info: &[u8]) -> Option<Ages> {
    let age = |at| u32_at(info, at).map(|ms| Duration::from_millis(ms.into()));
    // Sent data without an acknowledgement counts as waiting anyhow, so the acknowledged bytes do
    // if the kernel does not show the sent ones.
    let bytes_sent = u64_at(info, BYTES_SENT).or_else(|| u64_at(info, BYTES_ACKED));
    let bytes_received = u64_at(info, BYTES_RECEIVED)?;
    Some(Ages {
        sent: age(LAST_DATA_SENT).filter(|_| bytes_sent != Some(0)),
        received: age(LAST_DATA_RECV).filter(|_| bytes_received > 0),
    })
}

fn u32_at(info: &[u8], at: usize) -> Option<u32> {
    let bytes = info.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn u64_at(info: &[u8], at: usize) -> Option<u64> {
    let bytes = info.get(at..at + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(len: usize, fields: &[(usize, u64)]) -> Vec<u8> {
        let mut info = vec![0; 256];
        info[LAST_DATA_SENT..][..4].copy_from_slice(&7u32.to_ne_bytes());
        info[LAST_DATA_RECV..][..4].copy_from_slice(&9u32.to_ne_bytes());
        for (at, value) in fields {
            info[*at..][..8].copy_from_slice(&value.to_ne_bytes());
        }
        info.truncate(len);
        info
    }

    fn ms(ms: u64) -> Option<Duration> {
        Some(Duration::from_millis(ms))
    }

    #[test]
    fn never_is_shown_by_the_byte_counts() {
        let ages = |fields: &[_]| super::ages(&info(256, fields)).unwrap();
        let of = |received, sent| Ages { received, sent };
        assert_eq!(ages(&[]), of(None, None));
        assert_eq!(ages(&[(BYTES_RECEIVED, 1)]), of(ms(9), None));
        assert_eq!(
            ages(&[(BYTES_RECEIVED, 1), (BYTES_SENT, 1)]),
            of(ms(9), ms(7))
        );
        let sent_unacknowledged = [(BYTES_SENT, 1), (BYTES_ACKED, 0)];
        assert_eq!(ages(&sent_unacknowledged), of(None, ms(7)));
    }

    #[test]
    fn a_shorter_struct_is_read_as_far_as_it_goes() {
        let old = info(136, &[(BYTES_RECEIVED, 1), (BYTES_ACKED, 1)]);
        let ages_of_old = ages(&old).unwrap();
        assert_eq!((ages_of_old.received, ages_of_old.sent), (ms(9), ms(7)));
        for len in 0..136 {
            assert_eq!(ages(&old[..len]), None, "{len}");
        }
    }

    #[test]
    fn a_request_waits_until_it_is_answered_and_the_answer_is_through() {
        let waits = |received, sent, unacknowledged| Ages { received, sent }.waits(unacknowledged);
        assert_eq!(waits(None, None, false), None, "nothing but a connection");
        assert_eq!(
            waits(None, ms(5), false),
            None,
            "a greeting, as SMTP has it"
        );
        assert_eq!(waits(ms(5), None, false), ms(5), "the first request");
        assert_eq!(waits(ms(5), ms(6), false), ms(5), "a later one");
        assert_eq!(
            waits(ms(5), ms(5), false),
            None,
            "answered in the same tick"
        );
        assert_eq!(waits(ms(6), ms(5), false), None, "answered");
        assert_eq!(waits(ms(6), ms(5), true), ms(6), "answered, not all taken");
    }
}
