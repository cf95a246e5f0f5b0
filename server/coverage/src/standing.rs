//! How leaves, branches and whole requirements stand on one host, each in one byte: what verdicts are made of.
//!
//! A byte, so that a fleet can be judged by taking minima and unions of long rows of them (`index`).

use std::ops::{BitOr, BitOrAssign};

use crate::{leaf::LeafState, verdict::ReasonCode, verdict::Verdict};

/// How one leaf stands. The order is from best to worst: the best alternative of a branch decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LeafCode(pub(crate) u8);

impl LeafCode {
    pub(crate) const LIVE: Self = Self(Standing::LIVE.0);
    pub(crate) const ARMED: Self = Self(Standing::ARMED.0);
    pub(crate) const UNREAD: Self = Self(Standing::UNREAD.0);
    pub(crate) const DEAD: Self = Self(Standing::DEAD.0);
    /// Unread, as an optional product is not shown: no way out beside a leaf that is not recorded.
    const PRODUCT_UNKNOWN: Self = Self(Standing::UNREAD.0 | 1);
    /// Dead, as the host's own logs show that it is not recorded.
    const NOT_RECORDED: Self = Self(Standing::DEAD.0 | 1);

    /// The leaf stands so, without any mark.
    pub(crate) const fn of(state: LeafState) -> Self {
        match state {
            LeafState::Live => Self::LIVE,
            LeafState::Armed => Self::ARMED,
            LeafState::Unread => Self::UNREAD,
            LeafState::Dead => Self::DEAD,
        }
    }

    /// A leaf that was not counted stands so, for this reason; `optional` where only a product writes it.
    pub(crate) fn of_unseen(state: LeafState, code: ReasonCode, optional: Optional) -> Self {
        match (state, optional) {
            (LeafState::Dead, _) if not_recorded(code) => Self::NOT_RECORDED,
            (LeafState::Unread, Optional::Product) if code == ReasonCode::RoleUnknown => {
                Self::PRODUCT_UNKNOWN
            }
            _ => Self::of(state),
        }
    }

    /// Marks what a live leaf lacks. Of any other leaf it means nothing.
    #[must_use]
    pub(crate) fn marked(self, mark: Standing) -> Self {
        if self < Self::ARMED { Self(self.0 | mark.0) } else { self }
    }

    /// How a branch stands whose best and worst alternatives are these.
    #[inline]
    pub(crate) fn branch(best: Self, worst: Self) -> Standing {
        if best == Self::PRODUCT_UNKNOWN && worst == Self::NOT_RECORDED {
            return Standing::DEAD;
        }
        Standing(if best < Self::ARMED { best.0 } else { best.0 & !Standing::MARKS })
    }
}

/// Whether only an optional product writes an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Optional {
    /// It does.
    Product,
    /// Hosts write it by themselves.
    No,
}

/// True for reasons by which a host's own logs show that an event type is not recorded.
pub(crate) fn not_recorded(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::SourceMissing | ReasonCode::NeverSeen | ReasonCode::Silent | ReasonCode::ChannelDisabled
    )
}

/// What the branches of a requirement came to: a set of marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Standing(pub(crate) u8);

impl Standing {
    /// No branch.
    pub(crate) const NONE: Self = Self(0);
    /// The exclusion of a live branch lost a field.
    pub(crate) const LOST_EXCLUSION: Self = Self(1);
    /// Of a live branch only the source is known.
    pub(crate) const SOURCE_LEVEL: Self = Self(2);
    /// A live branch sees only what a setting lets through.
    pub(crate) const NARROWED: Self = Self(4);
    /// A branch is live.
    pub(crate) const LIVE: Self = Self(8);
    /// A branch is armed.
    pub(crate) const ARMED: Self = Self(16);
    /// A branch is unread.
    pub(crate) const UNREAD: Self = Self(32);
    /// A branch is dead.
    pub(crate) const DEAD: Self = Self(64);
    /// A part could not be worked out.
    pub(crate) const NOT_UNDERSTOOD: Self = Self(128);

    const MARKS: u8 = Self::LOST_EXCLUSION.0 | Self::SOURCE_LEVEL.0 | Self::NARROWED.0;
    const STATES: u8 = Self::LIVE.0 | Self::ARMED.0 | Self::UNREAD.0 | Self::DEAD.0;
    const NOT_WHOLE: u8 =
        Self::UNREAD.0 | Self::DEAD.0 | Self::SOURCE_LEVEL.0 | Self::NARROWED.0 | Self::NOT_UNDERSTOOD.0;

    #[inline]
    const fn any(self, marks: u8) -> bool {
        self.0 & marks != 0
    }

    /// True where a branch is live or armed.
    #[inline]
    pub(crate) const fn is_open(self) -> bool {
        self.any(Self::LIVE.0 | Self::ARMED.0)
    }

    /// How parts stand that are needed together: the worst decides. One that cannot fire closes the whole, however well
    /// the others see.
    pub(crate) fn together(parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut whole, mut all_open, mut all_live, mut closed) = (Self::NONE, true, true, false);
        for part in parts {
            whole |= part;
            if part.any(Self::STATES | Self::NOT_UNDERSTOOD.0) {
                all_open &= part.is_open();
                all_live &= part.any(Self::LIVE.0);
            }
            closed |= part.any(Self::DEAD.0) && !part.is_open() && !part.any(Self::UNREAD.0);
        }
        match (all_open, all_live) {
            (true, true) => whole,
            (true, false) => whole | Self::ARMED,
            (false, _) => Self(whole.0 & !Self::STATES) | if closed { Self::DEAD } else { Self::UNREAD },
        }
    }

    /// DESIGN's table over branches and parts. Rule 2 goes before it: with nothing counted there is no sight, so
    /// armed branches beside dead ones are `armed`, and the dead ones are named.
    #[inline]
    pub(crate) const fn verdict(self) -> Verdict {
        if self.any(Self::LIVE.0) {
            if self.any(Self::NOT_WHOLE) {
                Verdict::Partial
            } else if self.any(Self::LOST_EXCLUSION.0) {
                Verdict::Noisy
            } else {
                Verdict::Sighted
            }
        } else if self.any(Self::ARMED.0) {
            Verdict::Armed
        } else if self.any(Self::UNREAD.0 | Self::NOT_UNDERSTOOD.0) {
            Verdict::Unknown
        } else if self.any(Self::DEAD.0) {
            Verdict::Blind
        } else {
            Verdict::Unsampled
        }
    }
}

impl BitOr for Standing {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Standing {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_codes_is_that_of_states_then_narrowed_then_source_level_then_lost_exclusion() {
        let marked = |marks: &[Standing]| marks.iter().fold(LeafCode::LIVE, |code, mark| code.marked(*mark));
        let lost = marked(&[Standing::LOST_EXCLUSION]);
        let source = marked(&[Standing::SOURCE_LEVEL]);
        let both = marked(&[Standing::SOURCE_LEVEL, Standing::LOST_EXCLUSION]);
        let narrowed = marked(&[Standing::NARROWED]);
        let order = [
            LeafCode::LIVE,
            lost,
            source,
            both,
            narrowed,
            LeafCode::ARMED,
            LeafCode::UNREAD,
            LeafCode::PRODUCT_UNKNOWN,
            LeafCode::DEAD,
            LeafCode::NOT_RECORDED,
        ];
        assert!(order.is_sorted());
        assert_eq!(LeafCode::ARMED.marked(Standing::NARROWED), LeafCode::ARMED);
    }

    #[test]
    fn a_product_that_is_not_shown_is_no_way_out_beside_what_is_not_recorded() {
        let branch =
            |codes: [LeafCode; 2]| LeafCode::branch(codes[0].min(codes[1]), codes[0].max(codes[1])).verdict();
        assert_eq!(branch([LeafCode::PRODUCT_UNKNOWN, LeafCode::NOT_RECORDED]), Verdict::Blind);
        assert_eq!(branch([LeafCode::PRODUCT_UNKNOWN, LeafCode::DEAD]), Verdict::Unknown);
        assert_eq!(branch([LeafCode::UNREAD, LeafCode::NOT_RECORDED]), Verdict::Unknown);
    }
}
