//! Small tables as CSV text: written by hand so that writing cannot fail, read with every bad line as a problem.

use crate::Problem;

/// One row: where it stands and its cells.
pub(super) struct Row<'a> {
    file: &'a str,
    line: u64,
    cells: csv::StringRecord,
}

impl Row<'_> {
    /// A cell; what is not there is empty.
    pub(super) fn cell(&self, index: usize) -> &str {
        self.cells.get(index).unwrap_or_default().trim()
    }

    /// A cell with several values.
    pub(super) fn list(&self, index: usize) -> impl Iterator<Item = &str> {
        self.cell(index).split(';').map(str::trim).filter(|item| !item.is_empty())
    }

    /// A problem at this line.
    pub(super) fn problem(&self, what: impl Into<String>) -> Problem {
        Problem::new(format!("{}:{}", self.file, self.line), what)
    }
}

/// Reads a table under its header; the header must begin with the columns given.
pub(super) fn read<'a>(
    file: &'a str,
    text: &str,
    columns: &[&str],
    problems: &mut Vec<Problem>,
) -> Vec<Row<'a>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    match reader.headers() {
        Ok(header) if header.iter().take(columns.len()).eq(columns.iter().copied()) => (),
        Ok(_) => {
            problems.push(Problem::new(
                file,
                format!("left out: its first line must read `{}`", columns.join(",")),
            ));
            return Vec::new();
        }
        Err(error) => {
            problems.push(Problem::new(file, format!("left out: {error}")));
            return Vec::new();
        }
    }
    let mut rows = Vec::new();
    for record in reader.into_records() {
        match record {
            Ok(cells) => {
                let line = cells.position().map_or(0, csv::Position::line);
                rows.push(Row { file, line, cells });
            }
            Err(error) => problems.push(Problem::new(file, format!("a line is left out: {error}"))),
        }
    }
    rows
}

/// Appends one line.
pub(super) fn push_line(text: &mut String, cells: &[&str]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}

/// Several values in one cell.
pub(super) fn join<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut text = "a,b\n".to_owned();
        push_line(&mut text, &["one, two", "say \"so\""]);
        let mut problems = Vec::new();
        let rows = read("t.csv", &text, &["a", "b"], &mut problems);
        assert_eq!(rows[0].cell(0), "one, two");
        assert_eq!(rows[0].cell(1), "say \"so\"");
        assert_eq!(rows[0].cell(9), "");
        assert_eq!(rows[0].problem("x").to_string(), "t.csv:2: x");
        assert!(problems.is_empty());
    }

    #[test]
    fn another_header_is_a_problem() {
        let mut problems = Vec::new();
        assert!(read("t.csv", "x,y\n1,2\n", &["a", "b"], &mut problems).is_empty());
        assert!(problems[0].what.contains("`a,b`"));
    }
}
