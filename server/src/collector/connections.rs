//! What strangers may keep open: counted per address and together, before a byte of TLS is spent on them.

use std::{
    collections::HashMap,
    future::{Ready, ready},
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum_server::accept::Accept;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::config::Limits;

/// Lets connections in, and closes the others at once.
#[derive(Clone)]
pub struct Gate {
    limits: Limits,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Gate {
    /// Nothing is open yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// Connections that are open now.
    #[must_use]
    pub fn open_now(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection of this address; `None` where it has too many, or all together.
    fn enter(&self, address: IpAddr) -> Option<Ticket> {
        let network = network_of(address);
        let mut open = self.lock();
        let Open { all, by_address } = &mut *open;
        let own = by_address.get(&network).copied().unwrap_or_default();
        if *all >= self.limits.connections || own >= self.limits.per_address {
            return None;
        }
        *all += 1;
        by_address.insert(network, own + 1);
        Some(Ticket { network, gate: self.clone() })
    }
}

/// One address, or the network that one customer is given: 64 bits of IPv6.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => v6
            .to_ipv4_mapped()
            .map_or_else(|| IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()), IpAddr::V4),
    }
}

/// A place, given back when the connection ends.
struct Ticket {
    network: IpAddr,
    gate: Gate,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.gate.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(own) = open.by_address.get_mut(&self.network) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.by_address.remove(&self.network);
            }
        }
    }
}

impl<S> Accept<TcpStream, S> for Gate {
    type Stream = Admitted;
    type Service = S;
    type Future = Ready<io::Result<(Admitted, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let ticket = stream.peer_addr().map(|peer| self.enter(peer.ip()));
        ready(match ticket {
            Ok(Some(ticket)) => {
                stream.set_nodelay(true).map(|()| (Admitted { stream, _ticket: ticket }, service))
            }
            Ok(None) => Err(io::Error::other("too many connections")),
            Err(error) => Err(error),
        })
    }
}

/// A connection that was let in.
pub struct Admitted {
    stream: TcpStream,
    _ticket: Ticket,
}

impl AsyncRead for Admitted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Admitted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_per_network_and_together_and_given_back() {
        let gate = Gate::new(Limits { connections: 3, per_address: 2, ..Limits::default() });
        let at = |text: &str| gate.enter(text.parse().unwrap());
        let first = at("10.0.0.1");
        let second = at("::ffff:10.0.0.1");
        assert!(first.is_some() && second.is_some());
        assert!(at("10.0.0.1").is_none());
        let third = at("2001:db8::1");
        assert!(third.is_some());
        assert!(at("2001:db8::2").is_none(), "all together are three");
        drop(first);
        let again = at("2001:db8::ffff");
        assert!(again.is_some());
        drop((second, third));
        assert_eq!(gate.open_now(), 1);
        assert_eq!(gate.lock().by_address.len(), 1);
    }
}
