//! This machine, whose own logs are read, and what is said where they are not there.

use blindspot_catalog::Problem;
use blindspot_sampling::machine;
use blindspot_telemetry::{HostName, Inventory, Platform};

use super::hosts::OwnMachine;

/// This machine.
#[must_use]
pub fn machine() -> OwnMachine {
    OwnMachine {
        name: HostName::new(gethostname::gethostname().to_string_lossy().as_ref()),
        platform: if cfg!(windows) { Platform::Windows } else { Platform::Linux },
        own_streams: machine::own_streams(),
    }
}

/// Adds to this machine's inventory the sources that are not there or may not be read, and says what to do.
pub fn note_absent(host: &mut Inventory, problems: &mut Vec<Problem>) {
    for absent in machine::absent(&host.sources) {
        let denied = absent.status == blindspot_telemetry::SourceStatus::Denied;
        let advice = if denied { Some(machine::how_to_be_allowed(absent.kind)) } else { absent.advice };
        problems.extend(advice.map(|advice| Problem::new(absent.path.display().to_string(), advice)));
        host.sources.push(absent.source());
    }
}
