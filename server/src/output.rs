//! The forms of a report. Each takes the same [`crate::report::Report`] and returns text.

pub mod clean;
pub mod csv;
pub mod dettect;
pub mod file;
pub mod html;
pub mod json;
pub mod layer;
pub mod paint;
pub mod settings;
pub mod text;
