//! Rules about the tree itself: each is a program, so that a change cannot forget it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Files that git tracks, or would, by ending.
fn files(ending: &str) -> Vec<PathBuf> {
    let listed = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git ls-files failed");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let found: Vec<PathBuf> = listed
        .lines()
        .filter(|line| line.ends_with(ending))
        .map(|line| root().join(line))
        .filter(|path| path.exists())
        .collect();
    assert!(!found.is_empty(), "no {ending} file found: this check would check nothing");
    found
}

fn metadata() -> Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn arrows_between_packages_only_point_down() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let ranks: BTreeMap<&str, i64> = packages
        .iter()
        .map(|package| {
            let name = package["name"].as_str().unwrap();
            let rank = package["metadata"]["layer"]["rank"].as_i64();
            (name, rank.unwrap_or_else(|| panic!("{name} has no rank in [package.metadata.layer]")))
        })
        .collect();
    assert!(ranks.len() >= 6, "{ranks:?}");
    let mut upward = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            if ranks.get(on).is_some_and(|rank| *rank >= ranks[name]) {
                upward.push(format!("{name} -> {on}"));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:?}");
}

#[test]
fn every_package_but_the_tests_has_the_workspace_lints() {
    for manifest in files("Cargo.toml") {
        let text = fs::read_to_string(&manifest).unwrap();
        let own = ["tests/Cargo.toml", "fuzz/Cargo.toml"].iter().any(|own| manifest.ends_with(own));
        if text.contains("[package]") && !own {
            assert!(text.contains("[lints]\nworkspace = true"), "{}", manifest.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_none_is_too_long() {
    for path in files(".rs") {
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().find(|line| !line.starts_with("#![")).unwrap_or_default();
        assert!(first.starts_with("//! "), "{} does not begin with a //! sentence", path.display());
        assert!(text.lines().count() <= 600, "{} has more than 600 lines", path.display());
    }
}

#[test]
fn every_path_in_the_architecture_page_exists() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut checked = 0;
    for quoted in page.split('`').skip(1).step_by(2) {
        let is_path =
            quoted.contains('/') && !quoted.contains([' ', ':', '*', '<', '{']) && !quoted.starts_with('/');
        if is_path {
            assert!(root().join(quoted).exists(), "ARCHITECTURE.md names `{quoted}`, which does not exist");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} paths found in ARCHITECTURE.md");
}

#[test]
fn pages_escape_everything() {
    for path in files(".html") {
        let text = fs::read_to_string(&path).unwrap();
        for hole in ["|safe", "| safe", "innerHTML", "escape = \"none\"", "onclick=", "javascript:"] {
            assert!(!text.contains(hole), "{} contains {hole}", path.display());
        }
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    for path in files(".md").into_iter().chain(files(".rs")).chain(files(".toml")).chain(files(".csv")) {
        if path.ends_with("tests/tidy/main.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for word in ["/work/", "/root/", "SPDX-FileCopyrightText"] {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn every_fixture_has_its_provenance() {
    let folder = root().join("tests/fixtures");
    let page = fs::read_to_string(folder.join("PROVENANCE.md")).unwrap();
    for path in files("").into_iter().filter(|path| path.starts_with(&folder)) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        assert!(
            name == "PROVENANCE.md" || page.contains(&format!("`{name}`")),
            "PROVENANCE.md does not name `{name}`"
        );
    }
}
