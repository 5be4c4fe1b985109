//! «Did you mean»: the known name that is closest to a mistyped one.

/// The candidate that is near enough to be meant, if there is one.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // A name of two letters is close to too many others.
    if name.chars().count() < 3 {
        return None;
    }
    let limit = name.chars().count().div_ceil(4).max(1);
    let scored = candidates.into_iter().map(|it| (distance(name, it, limit), it));
    let best = scored
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)?;
    Some(best.1.to_owned())
}

/// The number of letters to change, add, drop or swap; anything above `limit` may come out as `limit + 1`.
fn distance(one: &str, two: &str, limit: usize) -> usize {
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    if one.len().abs_diff(two.len()) > limit || one.len() > 64 || two.len() > 64 {
        return limit + 1;
    }
    let mut rows = vec![(0..=two.len()).collect::<Vec<_>>()];
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in two.iter().enumerate() {
            let change = rows[i][j] + usize::from(letter != other);
            let mut cost = change.min(rows[i][j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && *letter == two[j - 1] && one[i - 1] == *other;
            if swapped {
                cost = cost.min(rows[i - 1][j - 1] + 1);
            }
            row.push(cost);
        }
        rows.push(row);
    }
    rows[one.len()][two.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_swapped_letter_is_found_and_another_word_is_not() {
        assert_eq!(
            closest("vm.hsotname", ["vm.box", "vm.hostname"]),
            Some("vm.hostname".to_owned())
        );
        assert_eq!(closest("vm.network", ["vm.box", "vm.hostname"]), None);
    }
}
