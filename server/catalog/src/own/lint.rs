//! Mappings to ATT&CK that say too little: they colour a matrix without showing anything.

use std::fmt;

use crate::TechniqueId;

/// From this many techniques on, a detection is mapped too generically.
pub const MANY_TECHNIQUES: usize = 12;

/// In which way a detection is mapped too generically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooGeneric {
    /// To nothing.
    NoTechnique,
    /// To a tactic and no technique.
    TacticOnly,
    /// To so many techniques that it cannot be about them all.
    ManyTechniques(usize),
}

impl fmt::Display for TooGeneric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTechnique => f.write_str("names no ATT&CK technique"),
            Self::TacticOnly => f.write_str("names an ATT&CK tactic and no technique"),
            Self::ManyTechniques(count) => {
                write!(f, "names {count} ATT&CK techniques; split it or name the few it is about")
            }
        }
    }
}

/// Whether a detection with these techniques, and this tactic if it names one, is mapped too generically.
#[must_use]
pub fn too_generic(techniques: &[TechniqueId], tactic: Option<&str>) -> Option<TooGeneric> {
    match (techniques.len(), tactic) {
        (0, None) => Some(TooGeneric::NoTechnique),
        (0, Some(_)) => Some(TooGeneric::TacticOnly),
        (count, _) if count >= MANY_TECHNIQUES => Some(TooGeneric::ManyTechniques(count)),
        _ => None,
    }
}
