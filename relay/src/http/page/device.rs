//! What a page is seen on, as far as its `User-Agent` says (RFC 9110, §10.1.5). Nothing depends on it but what comes first.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    Iphone,
    Android,
    /// Or whatever does not say.
    Computer,
}

impl Device {
    pub(super) fn of(agent: Option<&str>) -> Self {
        let agent = agent.unwrap_or_default();
        let has = |word: &str| agent.contains(word);
        if has("iPhone") || has("iPad") || has("iPod") {
            Self::Iphone
        } else if has("Android") {
            Self::Android
        } else {
            Self::Computer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_known_by_its_name() {
        for (agent, device) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15",
                Device::Iphone,
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 Mobile",
                Device::Android,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
                Device::Computer,
            ),
            ("", Device::Computer),
        ] {
            assert_eq!(Device::of(Some(agent)), device, "{agent}");
        }
        assert_eq!(Device::of(None), Device::Computer);
    }
}
