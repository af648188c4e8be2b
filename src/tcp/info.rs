//! The few fields of the kernel's `struct tcp_info` (linux/tcp.h) that are read. Kernels
//! only ever append to it, and an older one gives a shorter one: the crate's own reader
//! wants all of Linux 5.4's, so each field is taken from its place here.

use super::TcpError;
use std::time::Duration;

const LAST_DATA_SENT: usize = 44;
const LAST_DATA_RECV: usize = 52;
/// Since Linux 4.1.
const BYTES_ACKED: usize = 120;
/// Since Linux 4.1.
const BYTES_RECEIVED: usize = 128;
/// Since Linux 4.19.
const BYTES_SENT: usize = 200;

/// When each side last sent something; None: never.
#[derive(Debug, PartialEq, Eq)]
pub struct Ages {
    pub received: Option<Duration>,
    pub sent: Option<Duration>,
}

/// The ages begin at the connection's own start, so only the byte counts tell "never".
pub fn ages(info: &[u8]) -> Result<Ages, TcpError> {
    let age = |at| u32_at(info, at).map(|ms| Duration::from_millis(ms.into()));
    let (sent, received) = (age(LAST_DATA_SENT), age(LAST_DATA_RECV));
    // What was sent and not acknowledged yet counts as waiting anyhow, so the
    // acknowledged bytes do where the sent ones are not told.
    let bytes_sent = u64_at(info, BYTES_SENT).or_else(|| u64_at(info, BYTES_ACKED));
    let bytes_received = u64_at(info, BYTES_RECEIVED);
    let ever = |bytes: Option<u64>| bytes.map(|bytes| bytes > 0).ok_or(TcpError::TooOld);
    Ok(Ages {
        sent: sent.filter(|_| bytes_sent != Some(0)),
        received: match ever(bytes_received)? {
            true => received,
            false => None,
        },
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
    fn never_is_told_by_the_byte_counts() {
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
    fn a_shorter_struct_is_read_as_far_as_it_goes_and_no_guess_is_made() {
        let old = info(136, &[(BYTES_RECEIVED, 1), (BYTES_ACKED, 1)]);
        let ages_of_old = ages(&old).unwrap();
        assert_eq!((ages_of_old.received, ages_of_old.sent), (ms(9), ms(7)));
        let unsent = info(136, &[(BYTES_RECEIVED, 1)]);
        assert_eq!(ages(&unsent).unwrap().sent, None);
        for len in 0..136 {
            assert_eq!(ages(&old[..len]), Err(TcpError::TooOld), "{len}");
        }
    }
}
