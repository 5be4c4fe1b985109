//! Files into a guest and out of it, through one command each: no `scp`, no SFTP, nothing but a POSIX shell.
//!
//! **Invariant:** a transfer that breaks off leaves the file that was there before.

use std::path::Path;

use tokio::io::AsyncReadExt;

use super::connection::Connection;
use super::error::Error;
use super::shell::{quote, quote_path};
use crate::communicators::{Input, Stream};

/// What arrives in the guest.
pub(super) struct Upload<'a> {
    pub(super) content: Input,
    pub(super) size: u64,
    /// The permission bits; the guest's own habit where absent.
    pub(super) mode: Option<u32>,
    /// What the file is called where `to` turns out to be a folder.
    pub(super) name: &'a str,
    pub(super) to: &'a str,
}

/// Opens a file of the host for the way into the guest.
pub(super) async fn upload_of<'a>(from: &'a Path, to: &'a str) -> Result<Upload<'a>, Error> {
    let unreadable = |source| Error::Read {
        path: from.to_owned(),
        source,
    };
    let file = tokio::fs::File::open(from).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
    }
    let size = metadata.len();
    let name = from.file_name().and_then(|it| it.to_str()).unwrap_or("file");
    // A file that grows meanwhile is sent as it was; one that shrinks is found out by the guest, which counts.
    Ok(Upload {
        content: Box::pin(file.take(size)),
        size,
        mode: permissions(&metadata),
        name,
        to,
    })
}

#[cfg(unix)]
fn permissions(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn permissions(_: &std::fs::Metadata) -> Option<u32> {
    None
}

/// Sends a file.
pub(super) async fn upload(connection: &Connection, upload: Upload<'_>) -> Result<(), Error> {
    let script = upload_script(&upload);
    let mut said = Vec::new();
    let mut collect = |_: Stream, bytes: &[u8]| said.extend_from_slice(bytes);
    let exit = connection
        .execute(&format!("sh -c {}", quote(&script)), Some(upload.content), &mut collect)
        .await?;
    match exit.code {
        0 => Ok(()),
        code => Err(Error::Upload {
            to: upload.to.to_owned(),
            code,
            said: text(&said),
        }),
    }
}

/// Beside the target and then renamed, so that nobody sees half a file. What cannot be replaced like that (a link, a
/// device, a file in a folder that is not ours) is written in place, as `scp` does.
fn upload_script(upload: &Upload<'_>) -> String {
    let (to, name, size) = (quote_path(upload.to), quote(upload.name), upload.size);
    let mode = upload
        .mode
        .map(|it| format!("chmod {it:o} \"$part\"\n"))
        .unwrap_or_default();
    let slash = if upload.to.ends_with('/') {
        "mkdir -p \"$to\"\n"
    } else {
        ""
    };
    format!(
        r#"set -e
to={to}
{slash}if [ -d "$to" ]; then to=${{to%/}}/{name}; fi
folder=$(dirname "$to")
mkdir -p "$folder"
if [ -L "$to" ] || {{ [ -e "$to" ] && {{ [ ! -f "$to" ] || [ ! -w "$folder" ]; }}; }}; then
  exec cat > "$to"
fi
part=$to.jaunt-$$
trap 'rm -f "$part"' EXIT
cat > "$part"
arrived=$(wc -c < "$part")
if [ "$arrived" -ne {size} ]; then
  echo "$arrived of {size} bytes arrived" >&2
  exit 1
fi
{mode}mv -f "$part" "$to"
"#
    )
}

fn text(said: &[u8]) -> String {
    String::from_utf8_lossy(said).trim().to_owned()
}
