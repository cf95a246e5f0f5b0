//! What a host is set to record, packed: JSON, because it is written seldom and has its own reader.

use blindspot_telemetry::Settings;

use crate::{StoreError, row::corrupt};

const TABLE: &str = "settings_history";

/// Settings as JSON.
pub(crate) fn to_text(settings: &Settings) -> Result<String, StoreError> {
    serde_json::to_string(settings).map_err(|_| corrupt(TABLE, "settings"))
}

pub(crate) fn pack(settings: &Settings) -> Result<Vec<u8>, StoreError> {
    super::pack(to_text(settings)?.as_bytes())
}

pub(crate) fn unpack(packed: &[u8]) -> Result<Settings, StoreError> {
    let plain = super::unpack(TABLE, packed)?;
    serde_json::from_slice(&plain).map_err(|_| corrupt(TABLE, "settings"))
}
