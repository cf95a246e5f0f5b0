//! Compressed logs to their bytes.
