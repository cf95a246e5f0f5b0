//! Limits that benches promise, printed as a table.

use std::process::ExitCode;

/// On which side of its limit a figure must stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At most the limit.
    AtMost,
    /// At least the limit.
    AtLeast,
}

/// One promise about a measured figure.
#[derive(Debug)]
pub struct Limit {
    /// What was measured, with its unit.
    pub what: &'static str,
    /// The figure.
    pub value: f64,
    /// What it is held to.
    pub limit: f64,
    /// From which side.
    pub side: Side,
    /// Why this machine cannot tell, if it cannot.
    pub unmeasurable: Option<String>,
}

impl Limit {
    /// A figure that must not be larger.
    #[must_use]
    pub fn at_most(what: &'static str, value: f64, limit: f64) -> Self {
        Self { what, value, limit, side: Side::AtMost, unmeasurable: None }
    }

    /// A figure that must not be smaller.
    #[must_use]
    pub fn at_least(what: &'static str, value: f64, limit: f64) -> Self {
        Self { what, value, limit, side: Side::AtLeast, unmeasurable: None }
    }

    fn holds(&self) -> bool {
        match self.side {
            Side::AtMost => self.value <= self.limit,
            Side::AtLeast => self.value >= self.limit,
        }
    }
}

/// Prints each figure beside its limit; a limit that is missed makes the program fail.
#[must_use]
pub fn report(limits: &[Limit]) -> ExitCode {
    let mut missed = false;
    for limit in limits {
        let sign = if limit.side == Side::AtMost { "<=" } else { ">=" };
        let verdict = match (&limit.unmeasurable, limit.holds()) {
            (Some(why), _) => why,
            (None, true) => "holds",
            (None, false) => {
                missed = true;
                "MISSED"
            }
        };
        println!("{:58} {:9.2} {sign} {:7.2}  {verdict}", limit.what, limit.value, limit.limit);
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
