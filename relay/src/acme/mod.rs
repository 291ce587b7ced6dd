//! Certificates from an authority by ACME (RFC 8555), proven on the relay's own TLS port (TLS-ALPN-01, RFC 8737).

mod cache;
mod client;
mod keeper;
mod order;
mod plan;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, DnsName};
use url::Url;

pub(crate) use keeper::Keeper;

/// A certificate that the relay gets and renews by itself. Whoever starts a relay with it agrees to the authority's terms.
#[derive(Debug, Clone)]
pub struct Acme {
    /// The names that the certificate is for, which must lead to this relay's port 443.
    pub names: Vec<String>,
    /// An address that the authority may write to.
    pub contact: Option<String>,
    /// The authority's directory.
    pub directory: String,
    /// What is trusted when the authority is asked (PEM); else what the system trusts.
    pub root: Option<Vec<u8>>,
    /// The folder of account and certificates. Who can read it can speak as this relay.
    pub cache: PathBuf,
    /// How often it is looked whether there is something to do: by default every minute.
    pub check_interval: Duration,
}

impl Acme {
    /// The directory of Let's Encrypt.
    pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
    /// The one that it has for trying out: nobody trusts its certificates.
    pub const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

    /// From Let's Encrypt, without an address.
    pub fn new(names: Vec<String>, cache: impl Into<PathBuf>) -> Self {
        Self {
            names,
            contact: None,
            directory: Self::LETS_ENCRYPT.to_owned(),
            root: None,
            cache: cache.into(),
            check_interval: Duration::from_secs(60),
        }
    }

    /// The names as they are compared, each once: DNS and authorities know no case.
    pub fn host_names(&self) -> impl Iterator<Item = String> {
        let mut seen = BTreeSet::new();
        let names = self.names.iter().map(|name| name.to_ascii_lowercase());
        names.filter(move |name| seen.insert(name.clone()))
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.names.is_empty() {
            return Err("a certificate needs a name".to_owned());
        }
        for name in &self.names {
            no_name(name).map_or(Ok(()), |why| Err(format!("{name}: {why}")))?;
        }
        let url = Url::parse(&self.directory);
        if !url.is_ok_and(|url| url.scheme() == "https") {
            return Err(format!("{}: a directory is an https URL", self.directory));
        }
        let trusted = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).any(|one| one.is_ok());
        if !self.root.as_deref().is_none_or(trusted) {
            return Err("there is no certificate in what is to vouch for the authority".to_owned());
        }
        let contact = self.contact.as_deref();
        if contact.is_some_and(|address| !is_address(address)) {
            return Err("the contact is no e-mail address".to_owned());
        }
        Ok(())
    }
}

/// Why nobody gets a certificate for this name by TLS-ALPN-01.
fn no_name(name: &str) -> Option<&'static str> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Some("an address is no name");
    }
    if name.contains('*') {
        return Some(
            "a certificate for all names below one can't be had in this way: give each name",
        );
    }
    let lower = name.to_ascii_lowercase();
    if lower == "localhost" || lower.ends_with(".localhost") {
        return Some("it means each machine itself");
    }
    if name.ends_with('.') || DnsName::try_from(name).is_err() {
        return Some("no DNS name (an international one is written xn--…)");
    }
    None
}

fn is_address(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !",<>\"()".contains(c);
    let parts = text.split_once('@');
    text.chars().all(plain)
        && parts.is_some_and(|(user, host)| !user.is_empty() && no_name(host).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_authority_could_prove_are_told_before_it_is_asked() {
        let of = |names: &[&str]| {
            Acme::new(names.iter().map(|&name| name.into()).collect(), "cache").check()
        };
        assert_eq!(of(&["relay.example", "xn--bcher-kva.example"]), Ok(()));
        for (name, why) in [
            ("192.0.2.1", "an address"),
            ("[2001:db8::1]", "an address"),
            ("*.relay.example", "each name"),
            ("localhost", "each machine itself"),
            ("a.LOCALHOST", "each machine itself"),
            ("https://relay.example", "no DNS name"),
            ("relay.example:443", "no DNS name"),
            ("relay.example.", "no DNS name"),
            ("bücher.example", "xn--"),
            ("", "no DNS name"),
        ] {
            let said = of(&["relay.example", name]).unwrap_err();
            assert!(said.starts_with(name) && said.contains(why), "{said}");
        }
        assert!(of(&[]).unwrap_err().contains("needs a name"));
    }

    #[test]
    fn a_name_that_is_given_twice_is_asked_for_once() {
        let names = ["b.example", "A.example", "B.EXAMPLE"].map(str::to_owned);
        let acme = Acme::new(names.to_vec(), "cache");
        let asked: Vec<_> = acme.host_names().collect();
        assert_eq!(asked, ["b.example", "a.example"]);
    }

    #[test]
    fn a_directory_is_asked_over_tls_and_a_contact_is_an_address() {
        let usual = Acme::new(vec!["relay.example".to_owned()], "cache");
        let plain = Acme {
            directory: "http://ca.example/dir".to_owned(),
            ..usual.clone()
        };
        assert!(plain.check().unwrap_err().contains("https"));
        let trusts_nobody = Acme {
            root: Some(b"ca.example\n".to_vec()),
            ..usual.clone()
        };
        assert!(trusts_nobody.check().unwrap_err().contains("vouch"));
        for (contact, is_one) in [
            ("me@relay.example", true),
            ("mailto:me", false),
            ("a@b,c@d", false),
        ] {
            let with = Acme {
                contact: Some(contact.to_owned()),
                ..usual.clone()
            };
            assert_eq!(with.check().is_ok(), is_one, "{contact}");
        }
    }
}
