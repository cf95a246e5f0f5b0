//! Names as types, so that a channel cannot be passed where a provider is meant.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// Declares a name whose comparisons are exact: a shared text that cannot be passed where another name is meant.
#[macro_export]
macro_rules! exact_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(::std::sync::Arc<str>);
        $crate::name_common!($name);
        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

/// Declares a name that Windows compares without regard to ASCII case.
macro_rules! caseless_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);
        name_common!($name);
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }
        impl Eq for $name {}
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                for byte in self.0.bytes() {
                    state.write_u8(byte.to_ascii_lowercase());
                }
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                let lower = |name: &Self| name.0.to_ascii_lowercase();
                if self == other { Ordering::Equal } else { lower(self).cmp(&lower(other)) }
            }
        }
    };
}

/// What every name can do; part of [`exact_name!`](crate::exact_name).
#[doc(hidden)]
#[macro_export]
macro_rules! name_common {
    ($name:ident) => {
        impl $name {
            /// Takes the name as it was written.
            #[must_use]
            pub fn new(text: impl Into<::std::sync::Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name as it was written, shared.
            #[must_use]
            pub fn to_arc(&self) -> ::std::sync::Arc<str> {
                ::std::sync::Arc::clone(&self.0)
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

caseless_name! {
    /// The name of a Windows event log, such as `Security` or `Microsoft-Windows-Sysmon/Operational`.
    WindowsChannel
}
caseless_name! {
    /// Who writes a Windows event, such as `Microsoft-Windows-Security-Auditing`.
    Provider
}
caseless_name! {
    /// A machine's name as its logs give it. A label, never an identity.
    HostName
}
exact_name! {
    /// The type of one audit record, such as `EXECVE`.
    RecordType
}
exact_name! {
    /// A system call by name, such as `execve`.
    Syscall
}
exact_name! {
    /// The program (syslog tag, journald identifier) that wrote a line, such as `sshd`.
    Program
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn channels_differ_by_more_than_case_only() {
        let mut seen = HashSet::from([WindowsChannel::new("Security")]);
        assert!(!seen.insert(WindowsChannel::new("SECURITY")));
        assert!(seen.insert(WindowsChannel::new("System")));
        assert_eq!(WindowsChannel::new("security").cmp(&WindowsChannel::new("Security")), Ordering::Equal);
        assert_ne!(Program::new("sshd"), Program::new("SSHD"));
    }
}
