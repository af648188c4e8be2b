use super::question::TCPDIAG_GETSOCK;
use super::*;
use crate::netlink::Table;
use netlink_packet_core::NLM_F_DUMP_INTR;
use netlink_packet_sock_diag::constants::AF_INET;
use nix::libc;

/// One netlink message: type, flags, payload.
fn message(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + payload.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

const DONE: u16 = 3;
const ERROR: u16 = 2;

/// An established connection 127.0.0.1:`port` <- 127.0.0.1:9 with a tcp_info of `info` bytes.
fn established(port: u16, info: Option<usize>) -> Vec<u8> {
    let mut payload = vec![AF_INET, 1, 0, 0];
    payload.extend(port.to_be_bytes());
    payload.extend(9u16.to_be_bytes());
    for _ in 0..2 {
        payload.extend([127, 0, 0, 1]);
        payload.extend([0; 12]);
    }
    payload.resize(72, 0);
    if let Some(info) = info {
        let length = u16::try_from(4 + info).unwrap();
        payload.extend(length.to_ne_bytes());
        payload.extend(2u16.to_ne_bytes());
        payload.resize(payload.len() + info, 0);
    }
    message(TCPDIAG_GETSOCK, 2, &payload)
}

struct Taken {
    entries: Vec<Connection>,
    done: bool,
    interrupted: bool,
}

fn taken(datagram: &[u8]) -> Result<Taken, TcpError> {
    let mut table = Table::new(|message| entry(message, Port::Own(1000), connection));
    table.take::<Message>(datagram)?;
    Ok(Taken {
        entries: table.entries,
        done: table.done,
        interrupted: table.interrupted,
    })
}

#[test]
fn the_ports_own_connections_are_taken_until_done() {
    let done = message(DONE, 2, &[0; 4]);
    let datagram = [established(1000, Some(248)), established(1001, None), done].concat();
    let table = taken(&datagram).unwrap();
    assert!(table.done && !table.interrupted);
    assert_eq!(table.entries.len(), 1);
    assert_eq!(table.entries[0].peer.to_string(), "127.0.0.1:9");
    assert_eq!(table.entries[0].local.to_string(), "127.0.0.1:1000");
}

#[test]
fn errors_are_errors_wherever_they_stand() {
    let code = (-libc::ENOENT).to_ne_bytes();
    let error = |kind| taken(&message(kind, 0, &[&code[..], &[0; 16]].concat())).err();
    assert_eq!(error(ERROR), Some(TcpError::Unsupported));
    assert_eq!(error(DONE), Some(TcpError::Unsupported));
}

/// An old kernel, and a connection that is just being made.
#[test]
fn one_without_its_ages_is_a_connection() {
    for info in [Some(100), None] {
        let taken = taken(&established(1000, info)).unwrap();
        assert_eq!(taken.entries.len(), 1);
        assert_eq!(taken.entries[0].waits, None);
    }
}

#[test]
fn an_interrupted_dump_is_seen() {
    let table = taken(&message(DONE, NLM_F_DUMP_INTR, &[0; 4])).unwrap();
    assert!(table.done && table.interrupted);
}

#[test]
fn a_message_cut_anywhere_is_no_table() {
    let whole = established(1000, Some(248));
    for cut in 0..whole.len() {
        assert!(taken(&whole[..cut]).is_err(), "{cut}");
    }
}
