//! Links of which a character was changed, and any text at all.

use super::pasted::{AFTER, BEFORE, car_key, read};
use super::*;

/// What an edit of a link has changed in silence, and must not.
fn flaw_of_edit(url: &ShareUrl, at: usize, edit: u8, with: char) -> Option<(&'static str, String)> {
    let text = url.to_url();
    let edited = edited(&text, at, edit, with);
    let read = read(&edited).ok()?;
    let (host, query) = (text.find("://").unwrap() + 3, text.find('?').unwrap());
    let secret = text.find('#').unwrap() + 1;
    // Of ".p" one edit can leave a final dot, or another end of a sentence: the credential says that a PIN is needed, too.
    let is_suffix = url.pin_required && at >= text.len() - 2;
    // The letter of the vertical is the one place where another means another.
    let is_letter = at == secret - 2 && edit == 0;
    let is_address = (host..=query).contains(&at);
    let is_secret = (secret..=secret + 43).contains(&at);
    let flaws = [
        ("PIN", read.pin_required != url.pin_required && !is_suffix),
        ("vertical", read.vertical != url.vertical && !is_letter),
        ("relay", read.relay != url.relay && !is_address),
        ("mailbox", read.mailbox != url.mailbox && !is_address),
        ("secret", read.secret != url.secret && !is_secret),
    ];
    let flaw = flaws.into_iter().find(|(_, is_there)| *is_there);
    flaw.map(|(name, _)| (name, edited))
}

#[test]
fn no_edit_of_one_character_gives_another_vertical_or_loses_the_pin() {
    let with = ('\0'..='\u{7f}').chain([
        '\u{a0}', '\u{200b}', '\u{2019}', '\u{201d}', '\u{ff0c}', 'é',
    ]);
    for url in [example(), car_key()] {
        for at in 0..url.to_url().len() {
            for (edit, with) in with
                .clone()
                .flat_map(|with| [(0, with), (1, with), (2, with)])
            {
                assert_eq!(flaw_of_edit(&url, at, edit, with), None);
            }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_decoration_from_the_list_changes_nothing(
        url in share_urls(), before in prop::sample::select(&BEFORE[..]), after in prop::sample::select(&AFTER[..]),
        outside in prop::sample::select(&[" ", "\n", "\u{a0}", "…"][..]),
    ) {
        let text = format!("{outside}{before}{}{after}{outside}", *url.to_url());
        prop_assert_eq!(read(&text), Ok(url));
    }

    #[test]
    fn an_edit_outside_host_mailbox_and_secret_gives_an_error_or_the_same_invitation(
        url in share_urls(), at in 0_usize..400, edit in 0_u8..3, with in prop_oneof![
            prop::char::range('\0', '~'), any::<char>(), prop::sample::select(vec!['\u{200b}', '\u{a0}', '”', '\n', 'p', 'v', '.']),
        ],
    ) {
        let at = at % url.to_url().len();
        let flaw = flaw_of_edit(&url, at, edit, with);
        prop_assert!(flaw.is_none(), "{:?}", flaw);
    }

    #[test]
    fn no_text_panics_or_is_echoed(
        text in prop_oneof![
            any::<String>(),
            "(https?://|[a-z.]{0,9}|[ -~]{0,9}|#|%23|\\?v=c|[^a-z]{0,3}|/v1/m/2bba630e-519b-11ec-81d3-0242ac130003){0,9}",
        ],
    ) {
        if let Err(error) = read(&text) {
            prop_assert!(!echoes(&all_shown(&error), &text));
        }
    }
}
