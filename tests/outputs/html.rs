//! The page: names stay names, nothing is fetched, the policy names what is in it.

use blindspot::output::html;

use crate::support::{rendered, rendered_for_one};

#[test]
fn hostile_names_stay_text() {
    let page = rendered(html::render);
    assert!(
        page.contains(
            "&#60;script&#62;alert(1)&#60;/script&#62;&#34; onmouseover=&#34;alert(2)\\u{202e}&#39;"
        )
    );
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("\" onmouseover=\""));
    for steering in ['\u{202e}', '\u{200b}', '\u{1b}'] {
        assert!(!page.contains(steering), "{steering:?}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("<style").count(), 1);
}

#[test]
fn nothing_is_fetched() {
    let page = rendered(html::render);
    for reference in
        ["http://", "https://", "//www", " src=", "@import", "url(", "<link", "<iframe", "<object", "<form"]
    {
        assert!(!page.contains(reference), "{reference}");
    }
    let targets = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    assert_eq!(targets.filter(|target| !target.starts_with('#')).count(), 0);
}

#[test]
fn every_inner_link_has_its_target() {
    let page = rendered(html::render);
    let ids: std::collections::BTreeSet<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.len(), page.matches(" id=\"").count(), "an id stands twice");
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(target), "{target}");
    }
}

#[test]
fn the_policy_allows_only_the_style_and_script_that_stand_in_the_page() {
    let page = rendered(html::render);
    let between =
        |from: &str, to: &str| page.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap();
    let policy = between("Content-Security-Policy\" content=\"", "\">").replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    // The hashes are those of these files without their last line feed; a browser hashes what stands in the page.
    let style = include_str!("../../server/templates/audit.css").strip_suffix('\n').unwrap();
    let script = include_str!("../../server/templates/audit.js").strip_suffix('\n').unwrap();
    assert_eq!(between("<style>", "</style>"), style);
    assert_eq!(between("<script>", "</script>"), script);
}

#[test]
fn no_inline_style_or_handler_needs_an_exception() {
    let page = rendered(html::render);
    for attribute in [" style=", " onclick=", " onload=", "javascript:"] {
        assert!(!page.contains(attribute), "{attribute}");
    }
}

#[test]
fn with_several_hosts_no_verdict_stands_without_its_hosts() {
    let page = rendered(html::render);
    let table =
        page.split("id=\"t-detections\"").nth(1).and_then(|rest| rest.split("</table>").next()).unwrap();
    let rows = table.matches("<tr id=\"d").count();
    assert_eq!(rows, 5);
    let first_cells = table.split("<tr id=\"d").skip(1).filter_map(|row| row.split("</td>").next());
    for cell in first_cells {
        let verdicts = cell.matches("class=\"v ").count();
        assert!(verdicts > 0);
        assert_eq!(cell.matches(" of 2</small>").count(), verdicts, "{cell}");
    }
}

#[test]
fn one_host_reads_as_one() {
    let page = rendered_for_one(html::render);
    assert!(page.contains("<h1 id=\"h-overview\">WS01</h1>"));
    assert!(page.contains("Only 10.0 h of history was read"));
    assert!(!page.contains("on 1 of 1"));
    assert!(page.contains("unknown to ATT&#38;CK v") || page.contains("unknown to ATT&amp;CK v"));
}

#[test]
fn all_is_there_to_read_without_script() {
    let page = rendered(html::render);
    let before_script = page.split("<script>").next().unwrap();
    for text in ["Run key written", "Odd name looked up", "T1547.001", "sysmon:13", "FIN7", "WS01", "MITRE"] {
        assert!(before_script.contains(text), "{text}");
    }
    for table in ["t-detections", "t-techniques", "t-event-types", "t-hosts"] {
        let table = before_script.split(&format!("<table id=\"{table}\"")).nth(1).unwrap();
        assert!(
            table.contains("<caption") && table.contains("scope=\"col\"") && table.contains("scope=\"row\"")
        );
    }
}
