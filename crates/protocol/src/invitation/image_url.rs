//! The URL of a picture that an invitation names.

use super::error::InvitationError;
use super::host::Host;
use super::share_url::check_characters;

/// Whether a picture's URL may be shown to an app.
pub fn is_image_url(url: &str) -> bool {
    check_image_url(url).is_ok()
}

/// Checks the URL of a picture: https, at most 2048 visible ASCII characters, and a host as [`Host`] reads one.
pub(super) fn check_image_url(url: &str) -> Result<(), InvitationError> {
    let (scheme, rest) = url.split_once("://").ok_or(InvitationError::ImageUrl)?;
    let is_https = scheme.eq_ignore_ascii_case("https");
    if is_https && check_characters(url).is_ok() && Host::start_of(rest).is_ok() {
        Ok(())
    } else {
        Err(InvitationError::ImageUrl)
    }
}
