//! A list of detection ids, packed.

use std::sync::Arc;

use super::bytes::{Broken, Reader, Writer};
use crate::{StoreError, row::corrupt};

const TABLE: &str = "detection_sets";

pub(crate) fn pack(ids: &[String]) -> Result<Vec<u8>, StoreError> {
    let mut out = Writer::default();
    out.list(ids.iter(), |out, id| out.text(id));
    super::pack(&out.finish())
}

pub(crate) fn unpack(packed: &[u8]) -> Result<Arc<[String]>, StoreError> {
    let plain = super::unpack(TABLE, packed)?;
    let read = || -> Result<Vec<String>, Broken> {
        let mut from = Reader::new(&plain)?;
        let ids = from.list(|from| Ok(from.text()?.to_string()))?;
        from.finish()?;
        Ok(ids)
    };
    read().map(Arc::from).map_err(|Broken| corrupt(TABLE, "a list of ids"))
}
