//! The URL of a picture that an invitation names.

use super::error::InvitationError;
use super::share_url::check_characters;

/// Whether a picture's URL may be shown to an app.
pub fn is_image_url(url: &str) -> bool {
    check_image_url(url).is_ok()
}

/// Checks the URL of a picture: https, at most 2048 visible ASCII characters, and readable as a URL at all.
pub(super) fn check_image_url(url: &str) -> Result<(), InvitationError> {
    let https = url
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    let readable = check_characters(url).is_ok() && url::Url::parse(url).is_ok();
    if https && readable {
        Ok(())
    } else {
        Err(InvitationError::ImageUrl)
    }
}
