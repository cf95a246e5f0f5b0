//! When to send: slots that differ by agent, jitter, and waits after failures. All agents of a fleet must never come at
//! once.

use std::time::Duration;

use blindspot_telemetry::wire::{AgentId, RefusalCode};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// The shortest interval between two reports, in seconds.
pub const MIN_INTERVAL_S: u32 = 15;
/// The longest interval between two reports, in seconds.
pub const MAX_INTERVAL_S: u32 = 3600;

/// Intervals up to this, in milliseconds, need no slots.
const SHORT_MS: u64 = 60_000;
const HOUR: Duration = Duration::from_secs(3600);
const DAY_MINUTES: u64 = 24 * 60;
/// The first wait after a failure is up to this.
const BACK_OFF_BASE: Duration = Duration::from_secs(30);
/// No wait after a failure is longer than this.
const BACK_OFF_CAP: Duration = Duration::from_secs(600);
/// A second collector may not know a new agent yet: so often is a refused identity tried again soon.
const EARLY_TRIES: u32 = 5;

/// A number from 0 (included) to 1 (excluded) for one decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dice(pub f64);

/// What happened since the last stored report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    /// Attempts that reached nobody, or were answered by something else than a collector.
    pub lost: u32,
    /// Attempts that were refused as not allowed.
    pub not_allowed: u32,
}

/// The time until the next report after one that was stored: the agent's own slot in the interval (an interval of up to a
/// minute has none), up to a tenth of the interval earlier or later.
#[must_use]
pub fn until_next(agent: AgentId, interval_s: u32, now: Timestamp, dice: Dice) -> Duration {
    let interval = u64::from(interval_s.clamp(MIN_INTERVAL_S, MAX_INTERVAL_S)) * 1000;
    let length = i64::try_from(interval).unwrap_or(i64::MAX);
    let into = u64::try_from(now.as_millisecond().rem_euclid(length)).unwrap_or_default();
    let slot = hash(agent, "slot") % interval;
    let mut wait = (slot + interval - into) % interval;
    // A slot that is near was meant by the report that was just sent.
    if wait < interval / 4 {
        wait += interval;
    }
    // Somebody who asks for short intervals watches, and has few agents.
    if interval <= SHORT_MS {
        wait = interval;
    }
    let jitter = interval / 5;
    let wait = Duration::from_millis(wait - jitter / 2) + Duration::from_millis(jitter).mul_f64(unit(dice));
    wait.max(Duration::from_secs(MIN_INTERVAL_S.into()))
}

/// The time until the rest of a report that was split.
#[must_use]
pub fn until_rest() -> Duration {
    Duration::from_secs(u64::from(MIN_INTERVAL_S) + 1)
}

/// The time until another attempt, after so many that reached nobody. The wait is spread over its whole length, after
/// it was capped: agents that failed together do not come back together.
#[must_use]
pub fn until_retry(failures: u32, dice: Dice) -> Duration {
    let doubled = BACK_OFF_BASE.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(BACK_OFF_CAP).mul_f64(unit(dice)).max(Duration::from_secs(1))
}

/// The time until another attempt after a refusal. `retry_after_s` is what the collector asked for.
#[must_use]
pub fn until_after(
    code: RefusalCode,
    failures: Failures,
    retry_after_s: Option<u64>,
    dice: Dice,
) -> Duration {
    match code {
        RefusalCode::TooOften | RefusalCode::Unavailable => match retry_after_s {
            Some(seconds) => Duration::from_secs(seconds.clamp(1, HOUR.as_secs())).mul_f64(1.0 + unit(dice)),
            None => until_retry(failures.lost.max(1), dice),
        },
        RefusalCode::TooLarge | RefusalCode::TooMany | RefusalCode::RolledBack => until_rest(),
        RefusalCode::NotAllowed if failures.not_allowed <= EARLY_TRIES => Duration::from_secs(60),
        _ => HOUR.mul_f64(0.9 + 0.2 * unit(dice)),
    }
}

/// When the next daily snapshot is due: at a minute of the day that differs by agent.
#[must_use]
pub fn next_daily(agent: AgentId, now: Timestamp) -> Timestamp {
    let minute = i64::try_from(hash(agent, "snapshot") % DAY_MINUTES).unwrap_or_default();
    let day = now.as_second().div_euclid(86_400) * 86_400 + minute * 60;
    let due = if day > now.as_second() { day } else { day + 86_400 };
    Timestamp::from_second(due).unwrap_or(Timestamp::MAX)
}

fn unit(dice: Dice) -> f64 {
    if dice.0.is_finite() { dice.0.clamp(0.0, 1.0) } else { 0.5 }
}

fn hash(agent: AgentId, what: &str) -> u64 {
    let digest = Sha256::new().chain_update(agent.0).chain_update(what).finalize();
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: AgentId = AgentId([7; 16]);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn reports_keep_to_the_agents_slot_within_a_tenth() {
        for interval in [15_u32, 300, 3600] {
            let length = u64::from(interval) * 1000;
            for (start, dice) in [(0, 0.0), (1234, 0.999), (1_772_360_100, 0.5)] {
                let wait = until_next(AGENT, interval, at(start), Dice(dice)).as_millis() as u64;
                assert!(wait >= 15_000 && wait <= length * 16 / 10, "{interval} {start} {wait}");
                if interval > 60 {
                    let lands = (u64::try_from(start).unwrap() * 1000 + wait) % length;
                    let off = (lands + length - hash(AGENT, "slot") % length) % length;
                    assert!(off.min(length - off) <= length / 10 + 1, "{interval} {start} {off}");
                }
            }
        }
        assert_eq!(until_next(AGENT, 0, at(0), Dice(0.5)), until_next(AGENT, 15, at(0), Dice(0.5)));
        assert_eq!(until_next(AGENT, 9999, at(0), Dice(0.5)), until_next(AGENT, 3600, at(0), Dice(0.5)));
    }

    #[test]
    fn agents_are_spread_over_the_interval() {
        let slots: Vec<u64> = (0..200).map(|n| hash(AgentId([n; 16]), "slot") % 300_000 / 30_000).collect();
        for tenth in 0..10 {
            let share = slots.iter().filter(|slot| **slot == tenth).count();
            assert!((5..50).contains(&share), "{tenth}: {share}");
        }
    }

    #[test]
    fn waits_after_failures_grow_to_ten_minutes_and_are_spread_over_all_of_it() {
        let longest = |failures| until_retry(failures, Dice(1.0)).as_secs();
        assert_eq!([1, 2, 3, 5, 6, 100, u32::MAX].map(longest), [30, 60, 120, 480, 600, 600, 600]);
        assert_eq!(until_retry(100, Dice(0.0)).as_secs(), 1);
        assert_eq!(until_retry(100, Dice(0.5)).as_secs(), 300);
        assert_eq!(until_retry(100, Dice(f64::NAN)).as_secs(), 300);
    }

    #[test]
    fn refusals_are_answered_as_the_contract_says() {
        let after = |code, not_allowed, retry| {
            until_after(code, Failures { lost: 0, not_allowed }, retry, Dice(0.5)).as_secs()
        };
        assert_eq!(after(RefusalCode::Unavailable, 0, Some(10)), 15);
        assert_eq!(after(RefusalCode::TooOften, 0, None), 15);
        assert_eq!([1, 5, 6].map(|tries| after(RefusalCode::NotAllowed, tries, None)), [60, 60, 3600]);
        assert_eq!(after(RefusalCode::Cloned, 0, Some(1)), 3600);
        assert_eq!(after(RefusalCode::TooLarge, 0, None), 16);
    }

    #[test]
    fn the_daily_snapshot_falls_on_one_minute_of_the_day() {
        let first = next_daily(AGENT, at(1_772_360_100));
        assert_eq!(first.as_second() % 60, 0);
        assert_eq!(next_daily(AGENT, first).as_second() - first.as_second(), 86_400);
        assert_eq!(next_daily(AGENT, at(first.as_second() - 1)), first);
    }
}
