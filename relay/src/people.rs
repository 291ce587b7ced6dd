//! What people who open a link in a browser are told of the relay and of the app that takes it.

use url::Url;

/// Longest name, in characters.
const NAME: usize = 60;

/// Each may be absent: the page says as much as it can without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Who runs the relay, at most 60 characters.
    pub operator: Option<String>,
    /// The operator's own page, `https`.
    pub operator_url: Option<String>,
    /// The app that takes the links, at most 60 characters.
    pub app: Option<String>,
    /// Where an iPhone gets the app, `https`. Needs `app`.
    pub app_ios: Option<String>,
    /// Where an Android phone gets the app, `https`. Needs `app`.
    pub app_android: Option<String>,
}

/// A setting of the page that can't be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPeople {
    /// A name is empty, too long, or has characters that can't be seen.
    #[error("{0} must have 1 to 60 visible characters")]
    Name(&'static str),
    /// An address is no https URL.
    #[error("{0} must be an https URL")]
    Address(&'static str),
    /// An address of an app without a name, or of an operator without one.
    #[error("{0} needs {1}")]
    Alone(&'static str, &'static str),
}

impl People {
    pub(crate) fn check(&self) -> Result<(), BadPeople> {
        for (name, text) in [("operator", &self.operator), ("app", &self.app)] {
            let bad = |text: &String| {
                let empty = text.trim().is_empty();
                empty || text.chars().count() > NAME || text.chars().any(char::is_control)
            };
            if text.as_ref().is_some_and(bad) {
                return Err(BadPeople::Name(name));
            }
        }
        let addresses = [
            (
                "operator_url",
                &self.operator_url,
                "operator",
                &self.operator,
            ),
            ("app_ios", &self.app_ios, "app", &self.app),
            ("app_android", &self.app_android, "app", &self.app),
        ];
        for (name, address, of, named) in addresses {
            let Some(address) = address else { continue };
            let url = Url::parse(address);
            if !url.is_ok_and(|url| url.scheme() == "https" && url.fragment().is_none()) {
                return Err(BadPeople::Address(name));
            }
            if named.is_none() {
                return Err(BadPeople::Alone(name, of));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_cannot_be_meant_is_told_by_its_name() {
        let good = People {
            operator: some("Example & Sons"),
            operator_url: some("https://example.org/relay?about=us"),
            app: some("Example Wallet"),
            app_ios: some("https://apps.example.org/ios"),
            app_android: some("https://apps.example.org/android"),
        };
        assert_eq!(good.check(), Ok(()));
        assert_eq!(People::default().check(), Ok(()));
        for (bad, told) in [
            (
                People {
                    app: some(" "),
                    ..good.clone()
                },
                BadPeople::Name("app"),
            ),
            (
                People {
                    operator: some("a\nb"),
                    ..good.clone()
                },
                BadPeople::Name("operator"),
            ),
            (
                People {
                    operator: some(&"x".repeat(61)),
                    ..good.clone()
                },
                BadPeople::Name("operator"),
            ),
            (
                People {
                    app_ios: some("http://apps.example.org"),
                    ..good.clone()
                },
                BadPeople::Address("app_ios"),
            ),
            (
                People {
                    app_android: some("market://x"),
                    ..good.clone()
                },
                BadPeople::Address("app_android"),
            ),
            (
                People {
                    operator_url: some("https://example.org/#x"),
                    ..good.clone()
                },
                BadPeople::Address("operator_url"),
            ),
            (
                People {
                    app: None,
                    ..good.clone()
                },
                BadPeople::Alone("app_ios", "app"),
            ),
            (
                People {
                    operator: None,
                    ..good.clone()
                },
                BadPeople::Alone("operator_url", "operator"),
            ),
        ] {
            assert_eq!(bad.check(), Err(told));
        }
    }
}
