//! Joins and compresses the compiled ATT&CK lines for embedding.

use std::{env, error::Error, fs, path::Path};

/// Marks the beginning of a file in the joined text (`src/attack/embedded.rs` splits on it).
const FILE_MARK: char = '\u{1e}';

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("../../config/catalog/attack");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name =
            entry?.file_name().into_string().map_err(|name| format!("`{}` is no text", name.display()))?;
        if name.ends_with(".csv") {
            names.push(name);
        }
    }
    names.sort();
    let mut joined = String::new();
    for name in names {
        joined.push(FILE_MARK);
        joined.push_str(&name);
        joined.push('\n');
        joined.push_str(&fs::read_to_string(folder.join(&name))?);
    }
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("attack-lines.zst"), zstd::bulk::compress(joined.as_bytes(), 19)?)?;
    Ok(())
}
