use super::*;

const DOCS: &str = include_str!("../../../../../docs/invitation.md");

const CHANGES: [LinkChange; 8] = [
    LinkChange::SafeLinks,
    LinkChange::Gateway,
    LinkChange::Escaped,
    LinkChange::Case,
    LinkChange::TextFragment,
    LinkChange::Repeated,
    LinkChange::Broken,
    LinkChange::SchemeLost,
];

/// Every error, by one value of it.
fn codes() -> Vec<&'static str> {
    use InvitationError as E;
    use RelayOriginError as R;
    let relay = [
        R::NotAUrl,
        R::Scheme,
        R::PlainHttp,
        R::UserInfo,
        R::Host,
        R::Port,
        R::NotAnOrigin,
    ];
    let invitation = [
        E::NotAnInvitation,
        E::FileName,
        E::SeveralLinks,
        E::TooLarge { limit: 0 },
        E::UrlCharacter,
        E::Path,
        E::UnknownVertical,
        E::MissingVertical,
        E::RepeatedVertical,
        E::SecretMissing,
        E::UnexpectedFragment,
        E::UnknownFlag,
        E::SecretEncoding,
        E::SecretMixedAlphabets,
        E::SecretLength,
        E::SecretSpareBits,
        E::NotUtf8,
        E::Json { line: 1, column: 1 },
        E::JsonShape { line: 1, column: 1 },
        E::MissingKey { key: "title" },
        E::UnsupportedVersion,
        E::TextTooLong { key: "title" },
        E::ImageUrl,
        E::Expiration,
        E::TokenEncoding,
        E::TokenTooLarge,
        E::TokenFrame,
    ];
    let policy = [
        RelayPolicyError::UntrustedRelay {
            host: String::new(),
        },
        RelayPolicyError::LoopbackHttpDisabled,
    ];
    let relay = relay.map(|error| InvitationError::Relay(error).code());
    let changes = CHANGES.map(|change| InvitationError::Changed(change).code());
    let policy = policy.map(|error| error.code());
    [
        relay.as_slice(),
        &invitation.map(|error| error.code()),
        &changes,
        &policy,
    ]
    .concat()
}

#[test]
fn every_error_code_is_unique_and_documented() {
    let mut codes = codes();
    for code in &codes {
        assert!(DOCS.contains(&format!("| `{code}` |")), "{code}");
    }
    let documented = DOCS
        .lines()
        .filter(|line| line.starts_with("| `") && line.matches('|').count() == 3);
    assert_eq!(documented.count(), codes.len());
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), self::codes().len());
}

#[test]
fn the_worked_example_in_the_docs_is_true() {
    let secret: String = counted_secret()
        .expose()
        .map(|byte| format!("{byte:02x}"))
        .concat();
    assert!(DOCS.contains(&secret));
    let with_pin = ShareUrl {
        pin_required: true,
        vertical: Vertical::CarKey,
        ..example()
    };
    for url in [example(), with_pin] {
        assert!(DOCS.lines().any(|line| line == *url.to_url()));
    }
    let file = example_file().to_bytes().unwrap();
    assert!(DOCS.lines().any(|line| line.as_bytes() == file.as_slice()));
}
