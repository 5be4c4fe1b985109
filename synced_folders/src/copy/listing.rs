//! The guest's side: one script that lists folders, and the reading of what it says.
//!
//! The listing is the truth of what the guest has. It needs `find` and `stat`, GNU's or busybox's, whose names may hold any
//! byte. A path never holds two slashes in a row, so these part the records; the text of a link may, but its length is known.

use std::collections::BTreeMap;

use super::host::TreePath;
use crate::quote::quote;
use crate::{Error, Folder, GuestShell, Output, Result};

/// The exit code of the script that says: the program on standard error is missing.
const PROGRAM_MISSING: u32 = 93;

/// A folder as the guest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    /// The folder's path, absolute and without links.
    pub(super) folder: Vec<u8>,
    /// The user and the group that the copies are to belong to.
    pub(super) owner: (u64, u64),
    /// The login user's home.
    pub(super) home: Vec<u8>,
    /// What is there, the folder itself under the empty path. Nothing below a mount is listed.
    pub(super) entries: BTreeMap<TreePath, GuestEntry>,
}

/// A path that the guest has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GuestEntry {
    pub(super) device: u64,
    pub(super) kind: GuestKind,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) modified: i64,
    pub(super) owner: (u64, u64),
    /// Where a link points to, if the guest's `stat` said it in a way that is understood.
    pub(super) target: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuestKind {
    File,
    Folder,
    Link,
    Other,
}

/// Makes the folders where they are missing, and lists them all at once.
pub(super) async fn list(folders: &[Folder], guest: &dyn GuestShell) -> Result<Vec<Listing>> {
    let script = script(folders, guest.user())?;
    let output = guest.run(&script, true, None).await?;
    check(&output)?;
    let mut rest = &output.stdout[..];
    folders
        .iter()
        .map(|it| read_folder(&mut rest).ok_or_else(|| unreadable(it, rest)))
        .collect()
}

fn check(output: &Output) -> Result<()> {
    match output.code {
        0 => Ok(()),
        PROGRAM_MISSING => {
            let program = output.stderr.lines().last().unwrap_or_default().to_owned();
            let package = match &*program {
                "find" => "findutils",
                "stat" => "coreutils",
                other => other,
            };
            Err(Error::GuestLacks {
                package: package.to_owned(),
                program,
            })
        }
        code => {
            let stderr = output.stderr.trim().to_owned();
            Err(Error::Guest {
                action: "list the synced folders".to_owned(),
                code,
                stderr,
            })
        }
    }
}

fn unreadable(folder: &Folder, rest: &[u8]) -> Error {
    let near = String::from_utf8_lossy(&rest[..rest.len().min(80)]).into_owned();
    Error::Listing {
        folder: folder.guest.clone(),
        near,
    }
}

fn script(folders: &[Folder], user: &str) -> Result<String> {
    let mut script = PROLOGUE.replace("USER", name(user)?);
    for folder in folders {
        let owner = folder.owner.as_deref().map(name).transpose()?.unwrap_or_default();
        let group = folder.group.as_deref().map(name).transpose()?.unwrap_or_default();
        let path = quote(guest_path(&folder.guest)?);
        script += &format!("list {path} {} {}\n", quote(owner), quote(group));
    }
    Ok(script)
}

const PROLOGUE: &str = r#"LC_ALL=C QUOTING_STYLE=literal
export LC_ALL QUOTING_STYLE
umask 022
fail() {
  echo "$1" >&2
  exit "${2:-1}"
}
for program in find stat tar; do
  command -v "$program" >/dev/null 2>&1 || fail "$program" 93
done
home=~USER
case $home in /*) ;; *) fail "there is no user USER" ;; esac
login_ids() {
  uid=${SUDO_UID:-$(id -u USER)} gid=${SUDO_GID:-$(id -g USER)}
}
user_id() {
  case $1 in
    *[!0-9]*) uid=$(id -u "$1" 2>/dev/null) ;;
    *) uid=$1 ;;
  esac
}
group_id() {
  case $1 in
    *[!0-9]*)
      entry=$(getent group "$1" 2>/dev/null || grep "^$1:" /etc/group) || return
      entry=${entry#*:*:} gid=${entry%%:*}
      ;;
    *) gid=$1 ;;
  esac
}
list() {
  case $1 in /*) folder=$1 ;; *) folder=$home/$1 ;; esac
  login_ids
  [ -z "$2" ] || user_id "$2" || fail "there is no user $2"
  [ -z "$3" ] || group_id "$3" || fail "there is no group $3"
  [ -d "$folder" ] || mkdir -p -- "$folder" || exit
  cd -P -- "$folder" || exit
  printf '%s\000%s\000%s\000%s\000' "$PWD" "$uid" "$gid" "$home"
  find . -xdev -exec stat -c '//%d %f %s %Y %u %g %n//%N' {} +
  printf '\n//=\n'
}
"#;

/// The guest's path as the script takes it: absolute, or below the login user's home.
pub(crate) fn guest_path(guest: &str) -> Result<&str> {
    let refuse = |reason| {
        Err(Error::GuestPath {
            guest: guest.to_owned(),
            reason,
        })
    };
    if guest.contains('\0') {
        return refuse("it has a NUL in it");
    }
    let path = guest
        .strip_prefix("~/")
        .unwrap_or(if guest == "~" { "." } else { guest });
    match path {
        "" => refuse("it is empty"),
        _ if path.starts_with('~') => refuse("only the login user's `~` is known"),
        _ => Ok(path),
    }
}

/// A user's or group's name, or its number, that means nothing else to a shell.
pub(crate) fn name(name: &str) -> Result<&str> {
    let fine = |it: char| it.is_ascii_alphanumeric() || "_.-".contains(it);
    if name.is_empty() || name.starts_with('-') || !name.chars().all(fine) {
        return Err(Error::Name { name: name.to_owned() });
    }
    Ok(name)
}

fn read_folder(rest: &mut &[u8]) -> Option<Listing> {
    let folder = read_until(rest, b"\0")?.to_vec();
    let owner = (
        read_number(read_until(rest, b"\0")?)?,
        read_number(read_until(rest, b"\0")?)?,
    );
    let home = read_until(rest, b"\0")?.to_vec();
    let mut entries = BTreeMap::new();
    loop {
        skip_line_ends(rest);
        read_exactly(rest, b"//")?;
        if read_exactly(rest, b"=\n").is_some() {
            return Some(Listing {
                folder,
                owner,
                home,
                entries,
            });
        }
        let (path, entry) = read_record(rest)?;
        entries.insert(path, entry);
    }
}

fn read_record(rest: &mut &[u8]) -> Option<(TreePath, GuestEntry)> {
    let device = read_number(read_until(rest, b" ")?)?;
    let raw_mode = u32::from_str_radix(std::str::from_utf8(read_until(rest, b" ")?).ok()?, 16).ok()?;
    let size = read_number(read_until(rest, b" ")?)?;
    let modified = std::str::from_utf8(read_until(rest, b" ")?).ok()?.parse().ok()?;
    let owner = (
        read_number(read_until(rest, b" ")?)?,
        read_number(read_until(rest, b" ")?)?,
    );
    let name = read_until(rest, b"//")?;
    let kind = GuestKind::of(raw_mode);
    let target = if kind == GuestKind::Link {
        read_target(rest, name, size)
    } else {
        None
    };
    // A name again, with or without quotes, or a link's text that is not understood.
    let end = rest.windows(3).position(|it| it == b"\n//")?;
    *rest = &rest[end..];
    let entry = GuestEntry {
        device,
        kind,
        mode: raw_mode & 0o7777,
        size,
        modified,
        owner,
        target,
    };
    Some((tree_path(name)?, entry))
}

/// The text of a link from `NAME -> TARGET`, each of them bare or in whatever quotes this `stat` likes.
fn read_target(rest: &mut &[u8], name: &[u8], size: u64) -> Option<Vec<u8>> {
    let mut text = *rest;
    skip_quote(&mut text);
    read_exactly(&mut text, name)?;
    skip_quote(&mut text);
    read_exactly(&mut text, b" -> ")?;
    // A bare text may itself begin with a quote: then the line ends where its length says.
    let size = usize::try_from(size).ok()?;
    let bare = text.get(size..)?.starts_with(b"\n//");
    if !bare {
        skip_quote(&mut text);
    }
    let target = text.get(..size)?;
    *rest = &text[size..];
    Some(target.to_vec())
}

fn tree_path(name: &[u8]) -> Option<TreePath> {
    if name == b"." {
        return Some(TreePath::new());
    }
    let path = name.strip_prefix(b"./")?;
    let plain = |it: &[u8]| !matches!(it, b"" | b"." | b"..");
    path.split(|it| *it == b'/').all(plain).then(|| path.to_vec())
}

impl GuestKind {
    fn of(raw_mode: u32) -> Self {
        match raw_mode & 0o170_000 {
            0o100_000 => Self::File,
            0o040_000 => Self::Folder,
            0o120_000 => Self::Link,
            _ => Self::Other,
        }
    }
}

fn read_until<'a>(rest: &mut &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = rest.windows(end.len()).position(|it| it == end)?;
    let read = &rest[..at];
    *rest = &rest[at + end.len()..];
    Some(read)
}

fn read_exactly(rest: &mut &[u8], expected: &[u8]) -> Option<()> {
    *rest = rest.strip_prefix(expected)?;
    Some(())
}

fn read_number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn skip_line_ends(rest: &mut &[u8]) {
    while let Some(after) = rest.strip_prefix(b"\n") {
        *rest = after;
    }
}

fn skip_quote(rest: &mut &[u8]) {
    if let [b'\'' | b'`' | b'"', after @ ..] = rest {
        *rest = after;
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(said: &str, expected: Expect) {
        let mut rest = said.as_bytes();
        let text = match read_folder(&mut rest) {
            Some(listing) => listing
                .entries
                .iter()
                .map(|(path, it)| {
                    let target = it.target.as_ref().map(|it| String::from_utf8_lossy(it).into_owned());
                    format!(
                        "{:?} {:?} {:o} {} {target:?}",
                        String::from_utf8_lossy(path),
                        it.kind,
                        it.mode,
                        it.size
                    )
                })
                .collect::<Vec<_>>()
                .join("\n"),
            None => format!("stuck at {:?}", String::from_utf8_lossy(rest)),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn names_with_line_ends_and_lines_like_records_are_read_as_they_are() {
        check(
            "/v\x000\x000\0/root\x00//1 41ed 4096 5 0 0 .//.\n//1 81a4 0 5 0 0 ./a\n/b 81a4\n//./a\n/b 81a4\n\n\n//=\n",
            expect![[r#"
                "" Folder 755 4096 None
                "a\n/b 81a4\n" File 644 0 None"#]],
        );
    }

    #[test]
    fn links_are_read_in_every_quoting() {
        check(
            "/v\x000\x000\0/root\x00//1 a1ff 1 5 0 0 ./a//'./a' -> 'x'\n//1 a1ff 3 5 0 0 ./b//./b -> 'x'\n//1 a1ff 7 5 0 0 ./c//`./c' -> `p//\n//=\n'\n\n//=\n",
            expect![[r#"
                "a" Link 777 1 Some("x")
                "b" Link 777 3 Some("'x'")
                "c" Link 777 7 Some("p//\n//=")"#]],
        );
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        check(
            "/v\x000\x000\0/root\x00//1 81a4 0 5 0 0 ./../x//./../x\n\n//=\n",
            expect![[r#"stuck at "\n//=\n""#]],
        );
    }

    #[test]
    fn names_of_users_are_taken_and_scripts_are_not() {
        for good in ["vagrant", "www-data", "1000", "_apt"] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["", "-R", "a b", "a;b", "$(id)", "a\nb", "~"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
