//! Settings as real hosts have them: a rule set in wide use, and the kernel's own form of rules.
//!
//! - [`corpus`]: the rule set, to its counts.
//! - [`kernel`]: rules that are loaded and listed back, where this machine lets us.

mod corpus;
mod kernel;
