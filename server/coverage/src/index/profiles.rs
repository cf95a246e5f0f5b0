//! What hosts have in common: hosts on which every leaf stands alike share one profile.
//!
//! Profiles lie in blocks of hosts of one platform. In a block the codes are kept leaf by leaf, so that a whole row of
//! hosts is judged at once, out of the processor's cache.

use std::hash::{Hash, Hasher};

use blindspot_telemetry::Platform;
use rustc_hash::{FxHashMap, FxHasher};

use super::plan::Row;
use crate::standing::LeafCode;

/// Profiles of a block. The sums of [`super::join`] rely on it being 256.
pub(super) const LANES: usize = 256;

/// A profile's place: its block and its lane there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ProfileSlot {
    pub(super) block: u32,
    pub(super) lane: u8,
}

/// Profiles of one platform, side by side.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) platform: Platform,
    /// Per leaf, how it stands in each profile.
    pub(super) codes: Vec<Row<LeafCode, LANES>>,
    /// How many hosts have each profile.
    pub(super) weights: Row<u32, LANES>,
}

#[derive(Debug, Default)]
pub(super) struct Profiles {
    pub(super) blocks: Vec<Block>,
    /// Lanes without hosts.
    free: FxHashMap<Platform, Vec<ProfileSlot>>,
    by_hash: FxHashMap<u64, Vec<ProfileSlot>>,
}

impl Profiles {
    /// The profile of a host with these codes, which counts as one more of it.
    pub(super) fn enter(&mut self, platform: Platform, codes: &[LeafCode]) -> ProfileSlot {
        let hash = hash_of(platform, codes);
        let alike = self.by_hash.get(&hash).into_iter().flatten().copied();
        let known = alike.into_iter().find(|slot| self.is(*slot, platform, codes));
        let slot = known.unwrap_or_else(|| {
            let slot = self.make(platform, codes);
            self.by_hash.entry(hash).or_default().push(slot);
            slot
        });
        if let Some(weight) = self.weight_mut(slot) {
            *weight = weight.saturating_add(1);
        }
        slot
    }

    /// One host less has this profile.
    pub(super) fn leave(&mut self, slot: ProfileSlot) {
        let Some(weight) = self.weight_mut(slot) else { return };
        *weight = weight.saturating_sub(1);
        if *weight > 0 {
            return;
        }
        let Some(platform) = self.platform(slot) else { return };
        let hash = hash_of(platform, &self.codes(slot));
        if let Some(alike) = self.by_hash.get_mut(&hash) {
            alike.retain(|each| *each != slot);
            if alike.is_empty() {
                self.by_hash.remove(&hash);
            }
        }
        self.free.entry(platform).or_default().push(slot);
    }

    /// How many profiles some host has.
    pub(super) fn len(&self) -> usize {
        self.by_hash.values().map(Vec::len).sum()
    }

    /// How every leaf stands in a profile.
    pub(super) fn codes(&self, slot: ProfileSlot) -> Vec<LeafCode> {
        let rows = self.block(slot).map(|block| block.codes.as_slice()).unwrap_or_default();
        rows.iter().filter_map(|row| row.get(usize::from(slot.lane))).copied().collect()
    }

    pub(super) fn platform(&self, slot: ProfileSlot) -> Option<Platform> {
        self.block(slot).map(|block| block.platform)
    }

    fn block(&self, slot: ProfileSlot) -> Option<&Block> {
        self.blocks.get(slot.block as usize)
    }

    fn weight_mut(&mut self, slot: ProfileSlot) -> Option<&mut u32> {
        self.blocks.get_mut(slot.block as usize)?.weights.get_mut(usize::from(slot.lane))
    }

    fn is(&self, slot: ProfileSlot, platform: Platform, codes: &[LeafCode]) -> bool {
        let lane = usize::from(slot.lane);
        let same = |(row, code): (&Row<LeafCode, LANES>, &LeafCode)| row.get(lane) == Some(code);
        self.block(slot)
            .is_some_and(|block| block.platform == platform && block.codes.iter().zip(codes).all(same))
    }

    fn make(&mut self, platform: Platform, codes: &[LeafCode]) -> ProfileSlot {
        let free = self.free.entry(platform).or_default();
        if free.is_empty() {
            let block = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
            free.extend((0..=u8::MAX).rev().map(|lane| ProfileSlot { block, lane }));
            let codes = vec![[LeafCode::UNREAD; LANES]; codes.len()];
            self.blocks.push(Block { platform, codes, weights: [0; LANES] });
        }
        let slot = free.pop().unwrap_or(ProfileSlot { block: u32::MAX, lane: 0 });
        if let Some(block) = self.blocks.get_mut(slot.block as usize) {
            for (row, code) in block.codes.iter_mut().zip(codes) {
                if let Some(place) = row.get_mut(usize::from(slot.lane)) {
                    *place = *code;
                }
            }
        }
        slot
    }
}

fn hash_of(platform: Platform, codes: &[LeafCode]) -> u64 {
    let mut hasher = FxHasher::default();
    platform.hash(&mut hasher);
    let bytes: Vec<u8> = codes.iter().map(|code| code.0).collect();
    hasher.write(&bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_stand_alike_share_a_profile_and_an_empty_one_is_used_again() {
        let mut profiles = Profiles::default();
        let (live, dead) = ([LeafCode::LIVE, LeafCode::DEAD], [LeafCode::DEAD, LeafCode::DEAD]);
        let first = profiles.enter(Platform::Windows, &live);
        assert_eq!(profiles.enter(Platform::Windows, &live), first);
        let other_platform = profiles.enter(Platform::Linux, &live);
        assert_ne!(other_platform.block, first.block);
        profiles.leave(first);
        assert_eq!((profiles.len(), profiles.codes(first)), (2, live.to_vec()));
        profiles.leave(first);
        assert_eq!(profiles.len(), 1);
        assert_eq!(profiles.enter(Platform::Windows, &dead), first);
        assert_eq!(profiles.codes(first), dead);
    }
}
