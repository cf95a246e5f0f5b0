//! How fast strangers may ask for what costs something: enrolments, and passwords to be checked.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::{config::Limits, connections::network_of};

/// Wrong or right passwords of one account in a minute.
const LOGINS_OF_ACCOUNT: u32 = 5;
/// Of one address.
const LOGINS_OF_ADDRESS: u32 = 20;
/// The longest account name that is looked at.
const LONGEST_NAME: usize = 128;

/// What each address and account may do in a minute.
pub struct Paces {
    enrolments: DefaultKeyedRateLimiter<IpAddr>,
    logins_of_address: DefaultKeyedRateLimiter<IpAddr>,
    logins_of_account: DefaultKeyedRateLimiter<String>,
}

fn a_minute(most: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN))
}

impl Paces {
    /// Nobody asked yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            enrolments: RateLimiter::keyed(a_minute(limits.enrolments_per_minute)),
            logins_of_address: RateLimiter::keyed(a_minute(LOGINS_OF_ADDRESS)),
            logins_of_account: RateLimiter::keyed(a_minute(LOGINS_OF_ACCOUNT)),
        }
    }

    /// True where this address may enrol now.
    #[must_use]
    pub fn may_enrol(&self, address: IpAddr) -> bool {
        self.enrolments.check_key(&network_of(address)).is_ok()
    }

    /// True where a password for this account, from this address, may be checked now.
    #[must_use]
    pub fn may_log_in(&self, address: IpAddr, account: &str) -> bool {
        account.len() <= LONGEST_NAME
            && self.logins_of_address.check_key(&network_of(address)).is_ok()
            && self.logins_of_account.check_key(&account.to_owned()).is_ok()
    }

    /// Forgets whoever did not ask lately.
    pub fn forget_old(&self) {
        self.enrolments.retain_recent();
        self.logins_of_address.retain_recent();
        self.logins_of_account.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_is_tried_five_times_a_minute_from_anywhere() {
        let paces = Paces::new(Limits::default());
        let from = |last: u8| IpAddr::from([10, 0, 0, last]);
        let tried = (0..10).filter(|last| paces.may_log_in(from(*last), "admin")).count();
        assert_eq!(tried, 5);
        assert!(paces.may_log_in(from(1), "other"));
        assert!(!paces.may_log_in(from(1), &"x".repeat(129)));
        // Whoever has one IPv6 address has 2^64 of them.
        let tried = (0..100).filter(|last| {
            let address = format!("2001:db8::{last:x}").parse().unwrap();
            paces.may_log_in(address, &format!("user-{last}"))
        });
        assert_eq!(tried.count(), 20);
    }
}
