//! What transfers are called.

use crate::error::TigressError;

/// Names one transfer on this device. It never leaves the device and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferId(pub String);

uniffi::custom_newtype!(TransferId, String);

impl From<tigress::TransferId> for TransferId {
    fn from(id: tigress::TransferId) -> Self {
        Self(id.to_string())
    }
}

impl TransferId {
    /// A text that is no id names no transfer.
    pub(crate) fn parse(&self) -> Result<tigress::TransferId, TigressError> {
        Ok(self.0.parse().map_err(tigress::Error::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_id_names_no_transfer() {
        let error = TransferId("mine".into()).parse().unwrap_err();
        assert_eq!(error.code(), "unknown_transfer");
    }
}
