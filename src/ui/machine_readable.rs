//! Lines for programs, in the form of Vagrant 2.3: `EPOCH,TARGET,TYPE,DATA...`.

/// One line, its end included.
pub fn line(seconds: u64, target: &str, kind: &str, data: &[String]) -> String {
    let mut out = format!("{seconds},{},{}", escaped(target), escaped(kind));
    for item in data {
        out.push(',');
        out.push_str(&escaped(item));
    }
    out.push('\n');
    out
}

fn escaped(text: &str) -> String {
    text.replace(',', "%!(VAGRANT_COMMA)")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_line_ends_in_data_are_escaped() {
        let data = ["info".to_owned(), "a, b\nc\r".to_owned()];
        assert_eq!(
            line(7, "web", "ui", &data),
            "7,web,ui,info,a%!(VAGRANT_COMMA) b\\nc\\r\n"
        );
    }
}
