//! A road between agent and collector on which connections break: before the request, after it, after the answer was
//! given but before it arrives, at any byte, or never, while nothing moves.
//!
//! It passes TLS on as it is, so that it cannot change or repeat a request: that takes a key.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use blindspot_telemetry::{Clock as _, clock::SystemClock};

/// How long a connection that moves nothing is held open.
const HELD: Duration = Duration::from_millis(1500);
/// Bytes of a TLS handshake and a request's head together are more than this, those of a handshake alone are fewer.
const REQUEST: usize = 700;

/// What becomes of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It works.
    None,
    /// It is closed at once.
    Refused,
    /// The way to the collector ends after so many bytes.
    CutRequest(usize),
    /// The request arrives whole, and its answer does not.
    DropAnswer,
    /// The answer ends after so many bytes.
    CutAnswer(usize),
    /// Every piece takes so many milliseconds longer.
    Slow(u64),
    /// Nothing moves, and nothing says so.
    BlackHole,
}

/// The faults of connections, in their order, from a seed.
#[must_use]
pub fn fault(seed: u64, connection: u64) -> Fault {
    let mut state = (seed << 32 | connection).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |limit: u64| {
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 32;
        state % limit
    };
    match below(10) {
        0 => Fault::Refused,
        1 | 2 => Fault::CutRequest(below(4000) as usize),
        3 | 4 => Fault::DropAnswer,
        5 => Fault::CutAnswer(below(4000) as usize),
        6 => Fault::Slow(below(60)),
        7 if below(4) == 0 => Fault::BlackHole,
        _ => Fault::None,
    }
}

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    /// Where it listens.
    pub url: String,
    port: u16,
    connections: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ChaosProxy {
    /// Starts one before a collector's port.
    ///
    /// # Panics
    /// Where it cannot listen.
    #[must_use]
    pub fn start(to: u16, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (connections, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (Arc::clone(&connections), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let number = counted.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || pass(client, to, fault(seed, number)));
            }
        });
        Self { url: format!("https://127.0.0.1:{port}"), port, connections, stop, thread: Some(thread) }
    }

    /// How many connections there were.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // One more connection wakes the listener up.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn pass(client: TcpStream, to: u16, fault: Fault) {
    if fault == Fault::Refused {
        return;
    }
    if fault == Fault::BlackHole {
        return thread::sleep(HELD);
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { return };
    let sent = Arc::new(AtomicU64::new(0));
    let copies = client.try_clone().and_then(|client| Ok((client, server.try_clone()?)));
    let Ok((client_read, server_write)) = copies else { return };
    let up = Arc::clone(&sent);
    let upwards = thread::spawn(move || copy(client_read, server_write, fault, Way::Up(up)));
    copy(server, client, fault, Way::Down(sent));
    // The other direction ends with its sockets.
    let _ended = upwards.join();
}

/// A direction, and how many bytes went to the collector.
enum Way {
    Up(Arc<AtomicU64>),
    Down(Arc<AtomicU64>),
}

fn copy(mut from: TcpStream, mut to: TcpStream, fault: Fault, way: Way) {
    let (mut buffer, mut passed) = (vec![0; 16 << 10], 0_usize);
    let clock = SystemClock::new();
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if clock.monotonic() > Duration::from_secs(30) {
            break;
        }
        let most = match (&way, fault) {
            (Way::Up(_), Fault::CutRequest(most)) | (Way::Down(_), Fault::CutAnswer(most)) => most,
            // What comes back once the request is under way is swallowed, to its end.
            (Way::Down(sent), Fault::DropAnswer) if sent.load(Ordering::Relaxed) > REQUEST as u64 => passed,
            _ => usize::MAX,
        };
        if let Fault::Slow(ms) = fault {
            thread::sleep(Duration::from_millis(ms));
        }
        let piece = read.min(most.saturating_sub(passed));
        if to.write_all(&buffer[..piece]).is_err() {
            break;
        }
        passed += piece;
        if let Way::Up(sent) = &way {
            sent.fetch_add(piece as u64, Ordering::Relaxed);
        }
        if piece < read && fault != Fault::DropAnswer {
            break;
        }
    }
    // Who is gone needs no word.
    for socket in [&from, &to] {
        let _gone = socket.shutdown(Shutdown::Both);
    }
}
