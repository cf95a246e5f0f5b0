//! Techniques and tactics under the names of other ATT&CK releases.

use std::collections::BTreeSet;

use super::{model::Attack, table};
use crate::{Problem, TechniqueId};

/// The table's file name.
pub const TECHNIQUE_ALIASES: &str = "technique-aliases.csv";

const COLUMNS: &[&str] = &["older", "newer", "since"];

/// Pairs of older and newer names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aliases {
    techniques: BTreeSet<(TechniqueId, TechniqueId)>,
    tactics: BTreeSet<(String, String)>,
}

/// What a technique id means in one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// The release has it.
    Known(TechniqueId),
    /// The release knows it by other ids, all of them.
    Alias {
        /// The id asked for.
        from: TechniqueId,
        /// What the release calls it; several where a newer technique joined older ones.
        to: Vec<TechniqueId>,
    },
    /// Neither it nor any alias is in the release.
    Unknown(TechniqueId),
}

impl Resolved {
    /// The ids in the release; none where it is unknown.
    #[must_use]
    pub fn ids(&self) -> &[TechniqueId] {
        match self {
            Self::Known(id) => std::slice::from_ref(id),
            Self::Alias { to, .. } => to,
            Self::Unknown(_) => &[],
        }
    }
}

impl Aliases {
    /// Adds a table's rows.
    pub(super) fn add(&mut self, text: &str, problems: &mut Vec<Problem>) {
        for row in table::read(TECHNIQUE_ALIASES, text, COLUMNS, problems) {
            match (row.cell(0).parse(), row.cell(1).parse()) {
                (Ok(older), Ok(newer)) => {
                    self.techniques.insert((older, newer));
                }
                (Err(_), Err(_)) if !row.cell(0).is_empty() && !row.cell(1).is_empty() => {
                    self.tactics.insert((row.cell(0).to_owned(), row.cell(1).to_owned()));
                }
                _ => {
                    problems.push(row.problem("left out: both sides must be technique ids, or both tactics"))
                }
            }
        }
    }

    fn newer<'a>(&'a self, id: &'a TechniqueId) -> impl Iterator<Item = &'a TechniqueId> {
        self.techniques.iter().filter(move |(older, _)| older == id).map(|(_, newer)| newer)
    }

    fn older<'a>(&'a self, id: &'a TechniqueId) -> impl Iterator<Item = &'a TechniqueId> {
        self.techniques.iter().filter(move |(_, newer)| newer == id).map(|(older, _)| older)
    }
}

impl Attack {
    /// What a technique id means in this release: itself, its successors, or what it succeeds.
    #[must_use]
    pub fn resolve(&self, id: &TechniqueId, aliases: &Aliases) -> Resolved {
        if self.techniques.contains_key(id) {
            return Resolved::Known(id.clone());
        }
        if let Some(successors) = self.revoked.get(id) {
            return Resolved::Alias { from: id.clone(), to: successors.clone() };
        }
        let mut to = self.reach(id, |id| aliases.newer(id).cloned().collect());
        if to.is_empty() {
            to = self.reach(id, |id| aliases.older(id).cloned().collect());
        }
        if to.is_empty() {
            // A sub-technique that only another release has stands for what that release's parent is here.
            to = match id.parent().map(|parent| self.resolve(&parent, aliases)) {
                Some(Resolved::Alias { to, .. }) => to,
                _ => return Resolved::Unknown(id.clone()),
            };
        }
        Resolved::Alias { from: id.clone(), to }
    }

    /// What a tactic's shortname means in this release; empty where it is unknown.
    #[must_use]
    pub fn resolve_tactic(&self, shortname: &str, aliases: &Aliases) -> Vec<&super::Tactic> {
        let named = |name: &str| self.tactics.iter().find(|tactic| *tactic.shortname == *name);
        if let Some(tactic) = named(shortname) {
            return vec![tactic];
        }
        let pairs = aliases.tactics.iter();
        pairs
            .filter_map(|(older, newer)| match shortname {
                name if name == older => named(newer),
                name if name == newer => named(older),
                _ => None,
            })
            .collect()
    }

    /// The nearest known techniques in one direction of the alias table.
    fn reach(&self, id: &TechniqueId, next: impl Fn(&TechniqueId) -> Vec<TechniqueId>) -> Vec<TechniqueId> {
        let mut seen = BTreeSet::from([id.clone()]);
        let mut found = BTreeSet::new();
        let mut open = next(id);
        while let Some(id) = open.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            if self.techniques.contains_key(&id) {
                found.insert(id);
            } else if let Some(successors) = self.revoked.get(&id) {
                found.extend(successors.iter().cloned());
            } else {
                open.extend(next(&id));
            }
        }
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Tactic, Technique, model::TacticId};

    fn id(text: &str) -> TechniqueId {
        text.parse().unwrap()
    }

    fn release(techniques: &[&str], tactics: &[&str]) -> Attack {
        let technique = || Technique { name: "n".into(), tactics: Vec::new(), platforms: Vec::new() };
        let tactic =
            |name: &&str| Tactic { id: TacticId::new("TA"), shortname: (*name).into(), name: "n".into() };
        Attack {
            techniques: techniques.iter().map(|text| (id(text), technique())).collect(),
            tactics: tactics.iter().map(tactic).collect(),
            ..Attack::default()
        }
    }

    fn aliases() -> Aliases {
        let mut aliases = Aliases::default();
        let mut problems = Vec::new();
        let table = include_str!("../../../../config/catalog/technique-aliases.csv");
        aliases.add(table, &mut problems);
        assert_eq!(problems, []);
        aliases
    }

    fn texts(resolved: &Resolved) -> String {
        resolved.ids().iter().map(TechniqueId::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_v19_tag_means_all_that_it_joined_in_v18() {
        let attack = release(&["T1562", "T1562.001", "T1562.006"], &["defense-evasion"]);
        let resolved = attack.resolve(&id("T1685"), &aliases());
        assert!(matches!(resolved, Resolved::Alias { .. }));
        assert_eq!(texts(&resolved), "T1562 T1562.001 T1562.006");
        for tactic in ["stealth", "defense-impairment"] {
            assert_eq!(attack.resolve_tactic(tactic, &aliases())[0].shortname.as_ref(), "defense-evasion");
        }
    }

    #[test]
    fn a_v18_tag_means_its_successor_in_v19() {
        let attack = release(&["T1685"], &["stealth", "defense-impairment"]);
        assert_eq!(texts(&attack.resolve(&id("T1562.001"), &aliases())), "T1685");
        assert_eq!(attack.resolve_tactic("defense-evasion", &aliases()).len(), 2);
    }

    #[test]
    fn a_sub_technique_of_v19_alone_stands_for_its_parents_predecessor() {
        let attack = release(&["T1562", "T1562.004"], &[]);
        assert_eq!(texts(&attack.resolve(&id("T1686.003"), &aliases())), "T1562.004");
        assert_eq!(attack.resolve(&id("T1562.099"), &aliases()), Resolved::Unknown(id("T1562.099")));
    }

    #[test]
    fn known_is_itself_and_unknown_stays_by_name() {
        let attack = release(&["T1562"], &[]);
        assert_eq!(attack.resolve(&id("T1562"), &aliases()), Resolved::Known(id("T1562")));
        assert_eq!(attack.resolve(&id("T9999"), &aliases()), Resolved::Unknown(id("T9999")));
        assert!(attack.resolve_tactic("nonsense", &aliases()).is_empty());
    }

    #[test]
    fn what_the_bundle_itself_retired_goes_to_its_successor() {
        let mut attack = release(&["T1574.001"], &[]);
        attack.revoked.insert(id("T1574.002"), vec![id("T1574.001")]);
        assert_eq!(texts(&attack.resolve(&id("T1574.002"), &Aliases::default())), "T1574.001");
    }

    #[test]
    fn a_half_technique_row_is_a_problem() {
        let mut problems = Vec::new();
        Aliases::default().add("older,newer,since\nT1562,stealth,19\n", &mut problems);
        assert_eq!(problems.len(), 1);
    }
}
