//! What strangers may keep open, and for how long.

use std::{
    io::Read as _,
    net::{Ipv4Addr, TcpStream},
    thread,
    time::Duration,
};

use crate::{
    client::{request, tcp},
    collector::{Collector, WIDE, timed},
};

/// Everything that stalls is closed by then.
const PATIENCE: Duration = Duration::from_secs(6);
const FROM: Ipv4Addr = Ipv4Addr::new(127, 0, 7, 1);

/// How many of these the other side has closed by now.
fn closed(streams: &mut [TcpStream]) -> usize {
    thread::sleep(Duration::from_millis(500));
    let is_closed = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        match stream.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        }
    };
    streams.iter_mut().map(is_closed).filter(|closed| *closed).count()
}

#[test]
fn one_address_and_all_together_have_so_many_places() {
    let mut collector = Collector::start("connections = 20\nper_address = 8\nreport_every_s = 0");
    let open = |from: [u8; 4], count: usize| -> Vec<TcpStream> {
        (0..count).map(|_| tcp(from.into(), collector.address).unwrap()).collect()
    };
    let mut nine = open([127, 0, 7, 1], 9);
    assert_eq!(closed(&mut nine), 1, "a ninth connection of one address");
    // Others are served meanwhile.
    assert_eq!(collector.ask("GET", "/healthz", None, None).status, 200);
    // That one has ended, too.
    thread::sleep(Duration::from_millis(500));
    let mut more = open([127, 0, 7, 2], 7);
    more.extend(open([127, 0, 7, 3], 6));
    assert_eq!(closed(&mut more), 1, "a twenty-first connection");
    // Places are given back.
    drop((nine, more));
    thread::sleep(Duration::from_millis(500));
    assert_eq!(closed(&mut open([127, 0, 7, 1], 8)), 0);
    collector.assert_sound();
}

#[test]
fn whoever_stalls_is_closed() {
    let mut collector = Collector::start(WIDE);
    let collected = &collector;
    thread::scope(|scope| {
        let closed_in_time = |what: &'static str, wait: &dyn Fn() -> bool| {
            let (closed, took) = timed(wait);
            assert!(closed && took < PATIENCE, "{what}: closed: {closed}, after {took:?}");
        };
        for sent in [b"".as_slice(), b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"] {
            scope.spawn(move || {
                closed_in_time("a handshake", &|| {
                    let mut stream = tcp(FROM, collected.address).unwrap();
                    std::io::Write::write_all(&mut stream, sent).unwrap();
                    let mut rest = Vec::new();
                    // An alert may come before the end.
                    stream.read_to_end(&mut rest).is_ok() || !rest.is_empty()
                })
            });
        }
        // Nothing after the handshake, half a head, the beginning of HTTP/2.
        for sent in [b"".as_slice(), b"GET /healthz HTTP/1.1\r\nHost: a\r\n", b"PRI * HTTP/2.0\r\n"] {
            scope.spawn(move || {
                closed_in_time("a head", &|| {
                    let mut connection = collected.connect();
                    connection.send(sent).unwrap();
                    while connection.answer().is_ok() {}
                    connection.is_closed()
                })
            });
        }
        // A head that comes byte by byte.
        scope.spawn(move || {
            closed_in_time("a slow head", &|| {
                let mut connection = collected.connect();
                connection.send(b"GET /healthz HTTP/1.1\r\nX: ").unwrap();
                (0..100).any(|_| {
                    thread::sleep(Duration::from_millis(100));
                    connection.send(b"a").is_err()
                })
            })
        });
        // A connection that was used and idles.
        scope.spawn(move || {
            closed_in_time("an idle connection", &|| {
                let mut connection = collected.connect();
                connection.send(&request("GET", "/healthz", &[], b"")).unwrap();
                assert_eq!(connection.answer().unwrap().status, 200);
                connection.is_closed()
            })
        });
    });
    collector.assert_sound();
}

#[test]
fn a_head_of_more_than_8_kib_is_refused_and_another_protocol_not_spoken() {
    let mut collector = Collector::start(WIDE);
    let mut connection = collector.connect();
    let long = format!("X: {}", "a".repeat(9 << 10));
    connection.send(&request("GET", "/healthz", &[&long], b"")).unwrap();
    assert_eq!(connection.answer().unwrap().status, 431);
    assert!(connection.is_closed());
    let mut connection = collector.connect();
    connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00").unwrap();
    // HTTP/2 would begin with settings of its own.
    assert!(connection.answer().map_or(true, |answer| answer.status == 400));
    let old = "GET /healthz HTTP/1.0\r\nConnection: close\r\n\r\n".to_owned();
    let mut connection = collector.connect();
    connection.send(old.as_bytes()).unwrap();
    assert_eq!(connection.answer().unwrap().status, 200);
    collector.assert_sound();
}
