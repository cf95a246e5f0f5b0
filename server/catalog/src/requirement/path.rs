//! What a branch asks of paths. Fill alone does not tell it: audit rules record some paths and leave others out.

use std::sync::Arc;

/// A test of a path that must hold for the branch to fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTest {
    /// Which path of the event.
    pub of: PathOf,
    /// What it may be; one suffices.
    pub any_of: Arc<[PathText]>,
    /// What is done to it, as far as the rule tells.
    pub access: Access,
}

/// Which path of an event a test is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathOf {
    /// The file or folder that is used.
    Object,
    /// The program that uses it, or that is started.
    Program,
}

/// What is done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing says that looking at it is meant: a change.
    Change,
    /// The rule is about discovery, collection or credential access: it is read.
    Read,
}

/// A text that a path is compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathText {
    /// How.
    pub shape: PathShape,
    /// With what; never empty.
    pub text: Arc<str>,
}

/// How a path is compared with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathShape {
    /// It is the text.
    Is,
    /// It begins with it.
    StartsWith,
    /// It ends with it.
    EndsWith,
    /// It holds it.
    Contains,
}
