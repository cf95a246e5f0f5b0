//! All leaves that ask for one event type, judged on a host together: what they share is looked up once.

use blindspot_catalog::{Breadth, EventFacts, Facts, FieldExpr, FieldNeed, Leaf};

use crate::{
    HostSight,
    leaf::{Can, LeafState, fill_of, settings, unseen},
    sight::Seen,
    standing::{LeafCode, Standing},
};

/// A place in [`Site::needs`].
type NeedId = u32;

/// An event type with the paths that are asked for, and all leaves that ask for it.
#[derive(Debug)]
pub(super) struct Site {
    /// A leaf that needs nothing but the event.
    bare: Leaf,
    facts: Option<EventFacts>,
    /// The distinct needs of all leaves.
    needs: Vec<FieldNeed>,
    leaves: Vec<(u32, SiteLeaf)>,
}

/// What one leaf asks beyond the event. Leaves that differ in names for people only are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SiteLeaf {
    source_level: bool,
    needs: Box<[NeedId]>,
    exclusions: Box<[Excluded]>,
    /// The documented fields of the event type tell that it can never fire.
    closed_by_schema: bool,
}

/// What an exclusion excludes, with needs by their place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Excluded {
    All(Box<[Excluded]>),
    Any(Box<[Excluded]>),
    Not(Box<Excluded>),
    /// A test of a need, and what it comes to where no event holds the field.
    Test(NeedId, Can),
    Fixed(Can),
}

impl Site {
    pub(super) fn new(leaf: &Leaf, facts: &Facts) -> Self {
        let bare = Leaf { paths: leaf.paths.clone(), ..Leaf::bare(leaf.event.clone()) };
        let facts = facts.of_event(&leaf.event).cloned();
        Self { bare, facts, needs: Vec::new(), leaves: Vec::new() }
    }

    /// True where the leaf asks for this site's event and paths.
    pub(super) fn holds(&self, leaf: &Leaf) -> bool {
        self.bare.event == leaf.event && self.bare.paths == leaf.paths
    }

    /// The id of a leaf of this site; `next` where it is new.
    pub(super) fn intern(&mut self, leaf: &Leaf, next: u32) -> u32 {
        let mut needs: Vec<NeedId> = leaf.needs.iter().map(|need| self.need(need)).collect();
        needs.sort_unstable();
        needs.dedup();
        let new = SiteLeaf {
            source_level: leaf.breadth == Breadth::SourceLevel,
            needs: needs.into(),
            exclusions: leaf.exclusions.iter().map(|exclusion| self.excluded(&exclusion.excluded)).collect(),
            closed_by_schema: unseen::closed_by_schema(leaf).is_some(),
        };
        if let Some((id, _)) = self.leaves.iter().find(|(_, known)| *known == new) {
            return *id;
        }
        self.leaves.push((next, new));
        next
    }

    fn need(&mut self, need: &FieldNeed) -> NeedId {
        let same =
            |known: &FieldNeed| known.accepts == need.accepts && known.event_fields == need.event_fields;
        let at = self.needs.iter().position(same).unwrap_or_else(|| {
            self.needs.push(need.clone());
            self.needs.len() - 1
        });
        NeedId::try_from(at).unwrap_or(NeedId::MAX)
    }

    fn excluded(&mut self, expr: &FieldExpr) -> Excluded {
        match expr {
            FieldExpr::All(parts) => Excluded::All(parts.iter().map(|part| self.excluded(part)).collect()),
            FieldExpr::Any(parts) => Excluded::Any(parts.iter().map(|part| self.excluded(part)).collect()),
            FieldExpr::Not(inner) => Excluded::Not(Box::new(self.excluded(inner))),
            FieldExpr::Test(need, test) => Excluded::Test(self.need(need), Can::without_field(*test)),
            FieldExpr::Constant(value) => Excluded::Fixed(Can::from(*value)),
            FieldExpr::Open => Excluded::Fixed(Can::EITHER),
        }
    }

    /// How every leaf of this site stands on a host, written to the places of their ids. The decisions are those of
    /// [`judge_leaf`](crate::leaf::judge_leaf).
    pub(super) fn read(&self, host: &HostSight<'_>, fills: &mut Vec<LeafState>, codes: &mut [LeafCode]) {
        let set = settings::of(&self.bare, host, self.facts.as_ref());
        let mut earlier: Option<Seen<'_>> = None;
        let mut counted = false;
        for seen in host.seen(&self.bare.event) {
            if seen.count == 0 {
                earlier = Some(seen);
                continue;
            }
            fills.clear();
            fills.extend(self.needs.iter().map(|need| fill_of(need, &seen).state()));
            for (id, leaf) in &self.leaves {
                if let Some(code) = codes.get_mut(*id as usize) {
                    let of_type = leaf.of_seen(fills);
                    *code = if counted { of_type.min(*code) } else { of_type };
                }
            }
            counted = true;
        }
        let unseen = match counted {
            true => None,
            false => Some(unseen::code(&self.bare, host, self.facts.as_ref(), &set, earlier.as_ref())),
        };
        for (id, leaf) in &self.leaves {
            if let Some(code) = codes.get_mut(*id as usize) {
                *code = match unseen {
                    None => settings::code(*code, &set),
                    Some(_) if leaf.closed_by_schema && earlier.is_none() => LeafCode::DEAD,
                    Some(unseen) => unseen,
                };
            }
        }
    }
}

impl SiteLeaf {
    /// How the leaf stands on an event type that was counted and whose fields are filled so.
    fn of_seen(&self, fills: &[LeafState]) -> LeafCode {
        let fill = |need: &NeedId| fills.get(*need as usize).copied().unwrap_or(LeafState::Dead);
        let mut code = self.needs.iter().map(fill).max().map_or(LeafCode::LIVE, LeafCode::of);
        if self.source_level {
            code = code.marked(Standing::SOURCE_LEVEL);
        }
        for exclusion in &self.exclusions {
            let (can, lost) = exclusion.evaluate(&|need| fill(need) == LeafState::Dead);
            if !can.be_false {
                return LeafCode::DEAD;
            }
            if lost {
                code = code.marked(Standing::LOST_EXCLUSION);
            }
        }
        code
    }
}

impl Excluded {
    /// As [`evaluate`](crate::leaf) does it, with whether any field was lost.
    fn evaluate(&self, missing: &dyn Fn(&NeedId) -> bool) -> (Can, bool) {
        match self {
            Self::Fixed(can) => (*can, false),
            Self::Not(inner) => {
                let (can, lost) = inner.evaluate(missing);
                (can.negated(), lost)
            }
            Self::Test(need, without) if missing(need) => (*without, true),
            Self::Test(..) => (Can::EITHER, false),
            Self::All(parts) => combine(parts, missing, Can::and),
            Self::Any(parts) => combine(parts, missing, Can::or),
        }
    }
}

fn combine(parts: &[Excluded], missing: &dyn Fn(&NeedId) -> bool, join: fn(Can, Can) -> Can) -> (Can, bool) {
    let outcomes = parts.iter().map(|part| part.evaluate(missing));
    outcomes.reduce(|sum, part| (join(sum.0, part.0), sum.1 | part.1)).unwrap_or((Can::EITHER, false))
}
