//! The EVTX scanner: on built files with exact counts, on damage, and on every file of the corpus against a full
//! parse.

mod bad_input;
mod builder;
mod computers;
mod corpus;
mod counts;
mod damage;
mod fields;
mod live;
mod support;
