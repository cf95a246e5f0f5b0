//! `blindspot audit`: exit code 0 report written, 1 a gate tripped, 2 nothing could be judged.

use anyhow::Context as _;
use blindspot_sampling::{Detail, machine};
use blindspot_telemetry::{Clock as _, clock::SystemClock};

use super::{
    Outcome,
    args::{AuditArgs, FailOn},
};
use crate::{
    baseline,
    input::{Asked, Input},
    output, overlay,
    redact::Redactor,
    report::Report,
    verify,
};

pub(super) fn run(args: &AuditArgs) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        args.fail_on != Some(FailOn::NewBlind) || args.baseline.is_some(),
        "--fail-on new-blind compares with an earlier audit; name it with --baseline OLD.json"
    );
    let old = args.baseline.as_deref().map(baseline::read).transpose()?;
    let mut input = Input::load(&args.input, Detail::Inventory)?;
    let verified = args.verify.then(|| -> anyhow::Result<_> {
        let own = Asked::of(&args.input.paths, &args.input.inventory) == Asked::Own;
        let paths = if own { machine::log_folders() } else { args.input.paths.clone() };
        Ok(verify::verify(&paths, &mut input.problems))
    });
    let verified = verified.transpose()?;
    if args.redact {
        redactor(args)?.redact(&mut input);
    }
    let sights = input.sights();
    let mut report = Report::new(&input, &sights, SystemClock::new().wall());
    // A difference names its file, which a redacted report must not.
    report.verified = verified.filter(|_| !args.redact);
    for group in &args.threat_group {
        report.overlays.push(overlay::group(&report, group)?);
    }
    for mitigation in &args.mitigation {
        report.overlays.push(overlay::mitigation(&report, mitigation)?);
    }
    report.change = old.map(|old| old.compare(&report));
    let text = output::written(&report, args.format)?;
    output::file::write(&text, args.out.as_deref()).with_context(|| match &args.out {
        Some(path) => format!("could not write the report to `{}`", path.display()),
        None => "could not write the report to standard output".to_owned(),
    })?;
    Ok(gate(&report, args.fail_on))
}

fn redactor(args: &AuditArgs) -> anyhow::Result<Redactor> {
    args.redact_key.as_deref().map_or_else(Redactor::with_random_key, |key| Ok(Redactor::with_key(key)))
}

fn gate(report: &Report<'_>, fail_on: Option<FailOn>) -> Outcome {
    let trips = match fail_on {
        None => false,
        Some(FailOn::Blind) => report.blind().next().is_some(),
        Some(FailOn::NewBlind) => {
            report.change.as_ref().is_some_and(|change| change.newly_blind().next().is_some())
        }
    };
    if trips { Outcome::No } else { Outcome::Done }
}
