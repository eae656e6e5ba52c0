//! Two texts side by side in one: what was taken out and what was put in, line by line.

/// A line of both texts, or of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policies) enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the first alone.
    Out(&'a str),
    /// In the second alone.
    In(&'a str),
}

/// Longer texts are shown whole: the comparison takes a table of their lines.
const MOST_LINES: usize = 600;

/// The lines of two texts, in order, by their longest common part.
pub(in crate::policies) fn difference<'a>(before: &'a str, after: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len() > MOST_LINES || new.len() > MOST_LINES {
        return old.into_iter().map(Line::Out).chain(new.into_iter().map(Line::In)).collect();
    }
    // common[i][j]: how many lines old[i..] and new[j..] have in common.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            lines.push(Line::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[i + 1][j] >= common[i][j + 1] {
            lines.push(Line::Out(old[i]));
            i += 1;
        } else {
            lines.push(Line::In(new[j]));
            j += 1;
        }
    }
    lines.extend(old[i..].iter().copied().map(Line::Out));
    lines.extend(new[j..].iter().copied().map(Line::In));
    lines
}

/// As text, each line with its sign.
pub(in crate::policies) fn written(before: &str, after: &str) -> String {
    let lines = difference(before, after).into_iter().map(|line| match line {
        Line::Same(text) => format!("  {text}"),
        Line::Out(text) => format!("- {text}"),
        Line::In(text) => format!("+ {text}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
