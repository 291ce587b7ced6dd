//! How many connections the system lets this process have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::Bound;

/// Descriptors that are kept for the store, certificates, the log, and for connections that are about to be refused.
const SPARE: usize = 64;

/// Raises the soft limit of this process as far as it may go, and gives the bound that then holds: where there are too few
/// descriptors for it, one client still has at most half of them.
pub(crate) fn bound(wanted: Bound) -> Bound {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let there = current.and_then(|current| usize::try_from(current).ok());
    within(wanted, there.unwrap_or(usize::MAX))
}

fn within(wanted: Bound, descriptors: usize) -> Bound {
    let all = wanted.all.min(descriptors.saturating_sub(SPARE)).max(2);
    let half = all / 2;
    Bound::new(
        wanted.client.clamp(1, half),
        wanted.network.clamp(1, half),
        all,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_never_has_all_descriptors() {
        let wanted = Bound::new(256, 512, 10_000);
        assert_eq!(within(wanted, 1_000_000), wanted);
        assert_eq!(within(wanted, 256), Bound::new(96, 96, 192));
        assert_eq!(within(wanted, 10), Bound::new(1, 1, 2));
    }
}
