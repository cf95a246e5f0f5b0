//! An HTTPS client that says what it is told to, and nothing else: requests are bytes.

use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};
use serde_json::Value;

/// Longer than anything of the collector may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The word of a refusal.
    pub(crate) fn code(&self) -> Option<String> {
        self.json().get("code").and_then(Value::as_str).map(str::to_owned)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// A TCP connection from one of this machine's own addresses, 127.0.0.1 to 127.255.255.255.
pub(crate) fn tcp(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
        socket.connect(to).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One connection over TLS.
pub(crate) struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    /// What was read and not used yet.
    read: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(tcp: TcpStream, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        let mut tcp = tcp;
        while client.is_handshaking() {
            client.complete_io(&mut tcp)?;
        }
        Ok(Self { stream: StreamOwned::new(client, tcp), read: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// True where the other side ends the connection, having sent nothing more.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.more(), Ok(0) | Err(_))
    }

    /// Reads without sending what could not be sent: a refusal may be there although the other side takes no more.
    fn more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 << 10];
        loop {
            match self.stream.conn.reader().read(&mut buffer) {
                Ok(count) => {
                    self.read.extend_from_slice(&buffer[..count]);
                    return Ok(count);
                }
                // Many end a connection without a farewell.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.stream.conn.read_tls(&mut self.stream.sock)?;
            self.stream.conn.process_new_packets().map_err(io::Error::other)?;
        }
    }

    fn fill(&mut self, most: usize) -> io::Result<()> {
        while self.read.len() < most {
            if self.more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    fn take_line(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|window| window == end) {
                let line = self.read.drain(..at + end.len()).collect();
                return Ok(line);
            }
            self.fill(self.read.len() + 1)?;
        }
    }

    fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        self.fill(count)?;
        Ok(self.read.drain(..count).collect())
    }

    /// The head of the next answer.
    pub(crate) fn head(&mut self) -> io::Result<Answer> {
        let head = self.take_line(b"\r\n\r\n")?;
        let head = String::from_utf8(head).expect("a head of ASCII");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        Ok(Answer { status, head, body: Vec::new() })
    }

    /// The next answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head()?;
        if let Some(length) = answer.header("content-length") {
            answer.body = self.take(length.parse().expect("a length"))?;
        } else if answer.header("transfer-encoding").is_some() {
            loop {
                let size = self.take_line(b"\r\n")?;
                let size = std::str::from_utf8(&size).expect("a size").trim();
                let chunk = self.take(usize::from_str_radix(size, 16).expect("a size") + 2)?;
                if chunk.len() == 2 {
                    break;
                }
                answer.body.extend_from_slice(&chunk[..chunk.len() - 2]);
            }
        }
        Ok(answer)
    }
}

/// A request's bytes. Headers are whole lines.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
    for header in headers {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}
