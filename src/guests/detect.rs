//! Which family a guest belongs to, from one read.

use super::{ALL, Family, LINUX};

/// A script that says what the guest is, in the form of `/etc/os-release`; systems older than that file are told by others.
pub const DETECT: &str = "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null || {
  [ ! -e /etc/alpine-release ] || echo ID=alpine
  [ ! -e /etc/SuSE-release ] || echo ID=suse
  [ ! -e /etc/redhat-release ] || echo ID=rhel
  [ ! -e /etc/arch-release ] || echo ID=arch
  [ ! -e /etc/debian_version ] || echo ID=debian
  :
}
";

/// The family of a guest that answered [`DETECT`]: what its `ID` says, else the first of its `ID_LIKE` that is known.
pub fn detect(answer: &str) -> &'static Family {
    let known = |id: &str| ALL.iter().copied().find(|it| it.ids.contains(&id));
    let id = value(answer, "ID").into_iter();
    let like = value(answer, "ID_LIKE").unwrap_or_default();
    id.chain(like.split_whitespace()).find_map(known).unwrap_or(&LINUX)
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let of_line = |line: &'a str| line.trim().strip_prefix(key)?.strip_prefix('=');
    Some(text.lines().find_map(of_line)?.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, family: &str) {
        assert_eq!(detect(answer).name, family);
    }

    #[test]
    fn a_guest_is_what_its_id_says() {
        check(
            "PRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_ID=\"12\"\nID=debian\n",
            "debian",
        );
        check("ID=ubuntu\nID_LIKE=debian\n", "ubuntu");
        check("ID=\"almalinux\"\r\nID_LIKE=\"rhel centos fedora\"\r\n", "alma");
        check("ID='opensuse-leap'\nID_LIKE=\"suse opensuse\"\n", "suse");
    }

    #[test]
    fn an_unknown_guest_is_like_what_it_says_it_is_like() {
        check("ID=pop\nID_LIKE=\"ubuntu debian\"\n", "ubuntu");
        check("ID=endeavouros\nID_LIKE=arch\n", "arch");
    }

    #[test]
    fn a_guest_that_says_nothing_is_a_linux() {
        check("", "linux");
        check("ID=buildroot\n", "linux");
    }
}
