//! Pages of lists that are in the order of their ids.

use super::problem::Failure;

/// Rows of a page where nothing is asked for.
pub const ROWS: usize = 100;
/// The most rows of a page.
pub const MOST_ROWS: usize = 1000;

/// The rows that a page may have.
///
/// # Errors
/// Where the number is none that a page can have.
pub fn rows_of(limit: Option<usize>) -> Result<usize, Failure> {
    match limit.unwrap_or(ROWS) {
        0 => Err(Failure::bad(format!("limit is 0; it can be 1 to {MOST_ROWS}"))),
        more if more > MOST_ROWS => Err(Failure::bad(format!("limit is {more}; it can be 1 to {MOST_ROWS}"))),
        limit => Ok(limit),
    }
}

/// The rows behind the one of the id `after`, at most so many, and what to give as `after` for the next page.
pub fn cut<'r, T>(
    all: &'r [T],
    id: impl Fn(&T) -> &str,
    after: Option<&str>,
    rows: usize,
) -> (&'r [T], Option<String>) {
    let begin = after.map_or(0, |after| all.partition_point(|row| id(row) <= after));
    let rest = all.get(begin..).unwrap_or_default();
    match rest.split_at_checked(rows) {
        Some((page, more)) if !more.is_empty() => (page, page.last().map(|last| id(last).to_owned())),
        _ => (rest, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_where_the_last_one_ended_even_if_its_row_is_gone() {
        let all = ["a", "b", "d", "e"];
        let of = |after, rows| cut(&all, |row| row, after, rows);
        assert_eq!(of(None, 2), (&all[..2], Some("b".to_owned())));
        assert_eq!(of(Some("b"), 2), (&all[2..], None));
        assert_eq!(of(Some("c"), 1), (&all[2..3], Some("d".to_owned())));
        assert_eq!(of(None, 4), (&all[..], None));
        assert_eq!(of(Some("e"), 4), (&all[4..], None));
    }
}
