//! The forms of a report, made from one small inventory and rules whose names are hostile: what each must hold.

mod dettect;
mod html;
mod json;
mod navigator;
mod schema;
mod support;
