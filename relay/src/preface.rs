//! Which version of HTTP a client speaks, by its first bytes (RFC 9113 §3.4). They are looked at here, not by hyper: it
//! would take them alone for the beginning of a head, and a buffer twice as large for its rest.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use crate::listen::Stream;

/// RFC 9113 §3.4.
pub(crate) const PREFACE: &[u8; LENGTH] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const LENGTH: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

/// A connection whose first bytes are known, and are read once more.
pub(crate) struct Begun<S> {
    first: [u8; LENGTH],
    /// How many there are, and how many of them were read again.
    known: usize,
    given: usize,
    inner: S,
}

impl<S: Stream> Begun<S> {
    /// Reads until what came is HTTP/2's preface or can't become it; none if nothing comes.
    pub(crate) async fn read(mut inner: S) -> io::Result<Option<(Version, Self)>> {
        let (mut first, mut known) = ([0; LENGTH], 0);
        let version = loop {
            let new = inner.read(&mut first[known..]).await?;
            known += new;
            if new == 0 || !PREFACE.starts_with(&first[..known]) {
                break Version::Http1;
            }
            if known == LENGTH {
                break Version::Http2;
            }
        };
        let begun = Self {
            first,
            known,
            given: 0,
            inner,
        };
        Ok((known > 0).then_some((version, begun)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let again = &this.first[this.given..this.known];
        if again.is_empty() {
            return Pin::new(&mut this.inner).poll_read(context, buffer);
        }
        let size = again.len().min(buffer.remaining());
        buffer.put_slice(&again[..size]);
        this.given += size;
        // Together with what came behind them. An error comes again, or the end in its place.
        if buffer.remaining() > 0 {
            let _ = Pin::new(&mut this.inner).poll_read(context, buffer);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    /// A connection of which this much has come.
    async fn come(bytes: &[u8]) -> (DuplexStream, Begun<DuplexStream>, Version) {
        let (mut client, relay) = duplex(1024);
        client.write_all(bytes).await.unwrap();
        let (version, begun) = Begun::read(relay).await.unwrap().unwrap();
        (client, begun, version)
    }

    #[tokio::test]
    async fn a_head_that_came_as_one_is_read_as_one() {
        let head = b"POST /v1/m HTTP/1.1\r\nHost: relay.example\r\n\r\n";
        let (mut client, mut begun, version) = come(head).await;
        assert_eq!(version, Version::Http1);
        let mut buffer = [0; 1024];
        let size = begun.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..size], head);
        client.write_all(b"more").await.unwrap();
        let size = begun.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..size], b"more");
        drop(client);
        assert_eq!(begun.read(&mut buffer).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn the_preface_is_known_however_it_is_cut_and_read_again() {
        for size in [1, 7, 24] {
            let (mut client, relay) = duplex(1);
            let sent = tokio::spawn(async move {
                for piece in PREFACE.chunks(size) {
                    client.write_all(piece).await.unwrap();
                }
            });
            let (version, mut begun) = Begun::read(relay).await.unwrap().unwrap();
            assert_eq!(version, Version::Http2);
            sent.await.unwrap();
            let (mut all, mut small) = (Vec::new(), [0; 5]);
            while let size @ 1.. = begun.read(&mut small).await.unwrap() {
                all.extend_from_slice(&small[..size]);
            }
            assert_eq!(all, PREFACE);
        }
    }

    #[tokio::test]
    async fn what_begins_like_the_preface_may_still_be_another_method() {
        for text in [
            &b"PRINT / HTTP/1.1\r\n"[..],
            b"P",
            b"PRI * HTTP/2.0\r\n\r\n",
        ] {
            let (mut client, relay) = duplex(1024);
            client.write_all(text).await.unwrap();
            drop(client);
            let (version, mut begun) = Begun::read(relay).await.unwrap().unwrap();
            assert_eq!(version, Version::Http1);
            let mut all = Vec::new();
            begun.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, text);
        }
        let (client, relay) = duplex(1024);
        drop(client);
        assert!(Begun::read(relay).await.unwrap().is_none(), "nothing came");
    }
}
