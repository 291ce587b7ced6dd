//! What a client's HTTP/2 heads leave behind. A connection's table of header fields (RFC 7541 §2.3.2) is bounded by the
//! length of the fields, but some fields of h2's keep the whole buffer that they came in, and what else was in it: 38
//! bytes keep up to 16 KiB. So what may be kept is counted as it comes, and a connection that has come to its bound takes no more requests.

use std::io::{self, Error};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::budget::{Budget, Taken};
use crate::client::Client;
use crate::preface::PREFACE;

/// What each connection may keep. Beyond, it takes from what its client has in addition, and ends as soon as its requests
/// under way have ended: a client sends on until it hears of the end.
const ENOUGH: usize = 32 * 1024;
/// The largest buffer that a frame comes in.
const BUFFER: usize = 16 * 1024;
/// RFC 9113 §6.2 and §6.10.
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;

/// The frames of a connection as they come, of which only the heads are looked at (RFC 9113 §4.1).
#[derive(Debug, Default)]
struct Frames {
    at: At,
    /// Of heads, and of what shared a buffer with one.
    kept: usize,
    /// Bytes since the last head, if there was one.
    since: Option<usize>,
}

/// Where in its bytes it is.
#[derive(Debug)]
enum At {
    Preface(usize),
    /// In a frame's head, of which this is known.
    Head([u8; 9], usize),
    /// So much before the next frame.
    Payload(usize),
    /// This is no HTTP/2.
    Other,
}

impl Default for At {
    fn default() -> Self {
        Self::Preface(0)
    }
}

impl Frames {
    fn add(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            bytes = rest;
            self.at = match self.at {
                At::Preface(known) if PREFACE.get(known) != Some(first) => At::Other,
                At::Preface(known) if known + 1 < PREFACE.len() => At::Preface(known + 1),
                At::Preface(_) => At::Head([0; 9], 0),
                At::Head(mut head, known) => {
                    head[known] = *first;
                    if known + 1 < head.len() {
                        At::Head(head, known + 1)
                    } else {
                        self.frame(head)
                    }
                }
                At::Payload(left) => {
                    let skipped = (left - 1).min(bytes.len());
                    bytes = &bytes[skipped..];
                    self.next(left - 1 - skipped)
                }
                At::Other => return,
            };
        }
    }

    fn frame(&mut self, head: [u8; 9]) -> At {
        let [a, b, c, kind, ..] = head;
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        let whole = head.len().saturating_add(length);
        if matches!(kind, HEADERS | CONTINUATION) {
            let between = self.since.map_or(0, |since| since.min(2 * BUFFER));
            self.kept = self.kept.saturating_add(between).saturating_add(whole);
            self.since = Some(0);
        } else if let Some(since) = &mut self.since {
            *since = since.saturating_add(whole);
        }
        self.next(length)
    }

    fn next(&self, left: usize) -> At {
        match left {
            0 => At::Head([0; 9], 0),
            left => At::Payload(left),
        }
    }

    /// All that may be kept now: the last head's buffer may have more in it.
    fn kept(&self) -> usize {
        let after = self.since.map_or(0, |since| since.min(BUFFER));
        self.kept.saturating_add(after)
    }
}

/// A connection whose heads are counted.
pub(crate) struct Counted<I> {
    inner: I,
    frames: Frames,
    enough: Arc<Notify>,
    client: Client,
    /// Where more than enough is taken from, a buffer at a time. None if nothing is counted.
    budget: Option<Arc<Budget>>,
    more: Vec<Taken>,
}

impl<I> Counted<I> {
    pub(crate) fn new(inner: I, client: Client, budget: Option<Arc<Budget>>) -> Self {
        Self {
            inner,
            frames: Frames::default(),
            enough: Arc::default(),
            client,
            budget,
            more: Vec::new(),
        }
    }

    /// Is notified once the connection should take no more requests.
    pub(crate) fn enough(&self) -> Arc<Notify> {
        self.enough.clone()
    }

    fn count(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(budget) = &self.budget else {
            return Ok(());
        };
        self.frames.add(bytes);
        while self.frames.kept() > ENOUGH + self.more.len() * BUFFER {
            self.enough.notify_one();
            let more = budget.try_take(self.client, BUFFER);
            self.more
                .push(more.ok_or_else(|| Error::other("too many heads"))?);
        }
        Ok(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Counted<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.count(new))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Counted<I> {
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
    use super::*;

    fn frame(kind: u8, length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let mut frame = vec![0, high, low, kind, 0, 0, 0, 0, 1];
        frame.resize(9 + usize::from(length), 0xff);
        frame
    }

    /// What is kept of these, however they are cut.
    fn kept(frames: &[Vec<u8>]) -> usize {
        let all = [&PREFACE[..], &frames.concat()].concat();
        let counts = [1, 7, 8192, all.len()].map(|size| {
            let mut frames = Frames::default();
            all.chunks(size).for_each(|piece| frames.add(piece));
            frames.kept()
        });
        assert_eq!(counts, [counts[0]; 4]);
        counts[0]
    }

    #[test]
    fn a_head_counts_with_what_may_share_its_buffer() {
        let (settings, data) = (frame(4, 0), frame(0, 16_384));
        assert_eq!(kept(&[settings.clone(), data.clone()]), 0);
        assert_eq!(kept(&[settings.clone(), frame(HEADERS, 41)]), 50);
        let parts = [frame(HEADERS, 41), frame(CONTINUATION, 91)];
        assert_eq!(kept(&parts), 150);
        let call = |bodies: usize| {
            let bodies = vec![data.clone(); bodies];
            [vec![frame(HEADERS, 41)], bodies].concat()
        };
        assert_eq!(kept(&call(1)), 50 + BUFFER);
        assert_eq!(kept(&call(9)), 50 + BUFFER, "a body is not kept");
        let both = [call(9), call(1)].concat();
        assert_eq!(kept(&both), 100 + 3 * BUFFER, "but what is at its ends");
    }

    #[test]
    fn what_is_not_http_2_has_no_frames() {
        let mut frames = Frames::default();
        frames.add(b"PRI * HTTP/1.1\r\n\r\n");
        frames.add(&frame(HEADERS, 41));
        frames.add(&[&PREFACE[..], &frame(HEADERS, 41)].concat());
        assert_eq!(frames.kept(), 0);
    }
}
