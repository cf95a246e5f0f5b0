//! Processor time that reading may take: a share of one core over a few seconds, also when it catches up.

use std::time::Duration;

/// The span over which the share holds.
const WINDOW: Duration = Duration::from_secs(6);

/// What may still be spent.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    a_window: Duration,
    began: Duration,
    spent: Duration,
}

impl Budget {
    /// So many percent of one core.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        Self { a_window: WINDOW * percent.min(100) / 100, began: Duration::ZERO, spent: Duration::ZERO }
    }

    /// True where nothing is left until the next span begins. What was spent too much is paid back first.
    pub fn is_spent(&mut self, now: Duration) -> bool {
        while now.saturating_sub(self.began) >= WINDOW {
            if self.spent.is_zero() {
                self.began = now;
                break;
            }
            self.began += WINDOW;
            self.spent = self.spent.saturating_sub(self.a_window);
        }
        self.spent >= self.a_window
    }

    /// So much was spent.
    pub fn spend(&mut self, time: Duration) {
        self.spent += time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_any_time_no_more_than_the_share_is_spent() {
        let mut budget = Budget::percent(5);
        let (mut now, mut worked) = (Duration::from_secs(1000), Duration::ZERO);
        while now < Duration::from_secs(1600) {
            if budget.is_spent(now) {
                now += Duration::from_millis(100);
            } else {
                let work = Duration::from_millis(40);
                budget.spend(work);
                worked += work;
                now += work;
            }
        }
        let share = worked.as_secs_f64() / 600.0;
        assert!((0.048..=0.052).contains(&share), "{share}");
    }

    #[test]
    fn one_long_turn_is_paid_back() {
        let mut budget = Budget::percent(5);
        assert!(!budget.is_spent(Duration::ZERO));
        budget.spend(Duration::from_secs(3));
        assert!(budget.is_spent(Duration::from_secs(30)));
        assert!(!budget.is_spent(Duration::from_secs(61)));
    }
}
