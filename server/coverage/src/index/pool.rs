//! Values that many hosts have alike, held once.

use std::{collections::HashSet, hash::Hash, sync::Arc};

/// Shared values. Those that nobody holds any more are dropped from time to time.
#[derive(Debug)]
pub(super) struct Pool<T> {
    values: HashSet<Arc<T>>,
    /// How many values are held when the next unused ones are looked for.
    full_at: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { values: HashSet::new(), full_at: Self::AT_LEAST }
    }
}

impl<T> Pool<T> {
    const AT_LEAST: usize = 1024;
}

impl<T: Eq + Hash> Pool<T> {
    /// The shared form of a value.
    pub(super) fn share(&mut self, value: T) -> Arc<T> {
        if let Some(known) = self.values.get(&value) {
            return Arc::clone(known);
        }
        if self.values.len() >= self.full_at {
            self.values.retain(|value| Arc::strong_count(value) > 1);
            self.full_at = self.values.len().saturating_mul(2).max(Self::AT_LEAST);
        }
        let new = Arc::new(value);
        self.values.insert(Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_held_once_and_not_for_ever() {
        let mut pool = Pool::default();
        let kept = pool.share(0);
        for value in 1..5000 {
            drop(pool.share(value));
        }
        assert!(Arc::ptr_eq(&kept, &pool.share(0)));
        assert!(pool.values.len() <= Pool::<i32>::AT_LEAST);
    }
}
