//! The kind `rsync`: the host's real rsync, through the connection that is open anyway.
//!
//! rsync starts a program of the caller's in place of `ssh`; that program gets a host name, which means nothing, and the words of
//! the guest's command. It joins these words with spaces, hands them to the guest's shell and passes bytes through.

use std::path::Path;
use std::process::Stdio;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::copy::ALWAYS_EXCLUDED;
use crate::copy::listing::{guest_path, name};
use crate::quote::quote;
use crate::{Error, Folder, GuestShell, OnProgress, Progress, Result, Synced, SyncedFolder};

/// What rsync is called with unless the folder says otherwise.
pub const DEFAULT_ARGUMENTS: &[&str] = &["--verbose", "--archive", "--delete", "-z", "--copy-links"];

/// The exit code of the script that says: the guest has no rsync.
const RSYNC_MISSING: u32 = 93;

/// rsync's exit code for: some files of the host were gone when their turn came.
const SOME_VANISHED: i32 = 24;

/// How many of rsync's last lines an error shows.
const LAST_LINES: usize = 10;

/// The kind `rsync`.
#[derive(Debug, Clone)]
pub struct Rsync {
    transport: Vec<String>,
    options: Options,
}

/// The options that only rsync has, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// `rsync__args`; `None` means [`DEFAULT_ARGUMENTS`].
    pub arguments: Option<Vec<String>>,
    /// `rsync__chown`: whether the copies are given to the folder's owner and group afterwards.
    pub chown: bool,
    /// `rsync__rsync_ownership`: whether rsync does that itself.
    pub rsync_ownership: bool,
    /// `rsync__rsync_path`: the command that starts rsync in the guest.
    pub rsync_path: Option<String>,
    /// `rsync__verbose`: whether rsync's lines are handed on.
    pub verbose: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            arguments: None,
            chown: true,
            rsync_ownership: false,
            rsync_path: None,
            verbose: false,
        }
    }
}

impl Rsync {
    /// An rsync that reaches the guest through a program and its first arguments.
    pub fn new(transport: Vec<String>, options: Options) -> Self {
        Self { transport, options }
    }

    /// The words after `rsync` that bring a folder over.
    pub fn arguments(&self, folder: &Folder, user: &str) -> Result<Vec<String>> {
        let Options {
            arguments,
            rsync_ownership,
            rsync_path,
            ..
        } = &self.options;
        let defaults = || DEFAULT_ARGUMENTS.iter().map(|it| (*it).to_owned()).collect();
        let mut words = arguments.clone().unwrap_or_else(defaults);
        if *rsync_ownership {
            words.push(format!(
                "--chown={}:{}",
                owner(folder, user)?,
                folder.group.as_deref().map_or(Ok(""), name)?
            ));
        } else {
            words.extend(unless_given(&words, "--owner", "-o").then(|| "--no-owner".to_owned()));
            words.extend(unless_given(&words, "--group", "-g").then(|| "--no-group".to_owned()));
        }
        // The guest's path reaches rsync as it is: the guest's shell does not see it.
        words.push("--protect-args".to_owned());
        words.extend([
            "--rsync-path".to_owned(),
            rsync_path.clone().unwrap_or_else(|| "sudo rsync".to_owned()),
        ]);
        words.extend(["-e".to_owned(), remote_shell(&self.transport)]);
        let exclude = std::iter::once(ALWAYS_EXCLUDED).chain(folder.exclude.iter().map(String::as_str));
        words.extend(exclude.flat_map(|it| ["--exclude".to_owned(), it.to_owned()]));
        words.push(with_slash(&folder.host));
        words.push(format!("guest:{}", guest_path(&folder.guest)?));
        Ok(words)
    }
}

#[async_trait]
impl SyncedFolder for Rsync {
    fn name(&self) -> &'static str {
        "rsync"
    }

    async fn sync(
        &self,
        folders: &[Folder],
        guest: &dyn GuestShell,
        progress: &mut OnProgress<'_>,
    ) -> Result<Vec<Synced>> {
        if folders.is_empty() {
            return Ok(Vec::new());
        }
        prepare(folders, guest, self.options.rsync_path.is_none()).await?;
        for folder in folders {
            let arguments = self.arguments(folder, guest.user())?;
            let mut on_line = |line: &str| {
                if self.options.verbose {
                    progress(Progress::Line { id: &folder.id, line });
                }
            };
            run(&folder.host, &arguments, &mut on_line).await?;
        }
        if self.options.chown && !self.options.rsync_ownership {
            let script = chown_script(folders, guest.user())?;
            act(guest, &script, "give the synced folders to their owners").await?;
        }
        Ok(folders
            .iter()
            .map(|it| Synced {
                id: it.id.clone(),
                ..Synced::default()
            })
            .collect())
    }
}

async fn prepare(folders: &[Folder], guest: &dyn GuestShell, look_for_rsync: bool) -> Result<()> {
    if let Some(missing) = folders.iter().find(|it| !it.host.exists()) {
        return Err(Error::HostFolderMissing {
            host: missing.host.clone(),
            guest: missing.guest.clone(),
        });
    }
    let mut script = in_home(guest.user())?;
    if look_for_rsync {
        script += &format!("command -v rsync >/dev/null 2>&1 || exit {RSYNC_MISSING}\n");
    }
    for folder in folders {
        script += &format!("mkdir -p -- {}\n", quote(guest_path(&folder.guest)?));
    }
    act(guest, &script, "make the synced folders").await
}

async fn act(guest: &dyn GuestShell, script: &str, action: &str) -> Result<()> {
    let output = guest.run(script, true, None).await?;
    match output.code {
        0 => Ok(()),
        RSYNC_MISSING => Err(Error::GuestLacks {
            program: "rsync".to_owned(),
            package: "rsync".to_owned(),
        }),
        code => Err(Error::Guest {
            action: action.to_owned(),
            code,
            stderr: output.stderr.trim().to_owned(),
        }),
    }
}

/// Relative paths start where rsync's own do: at the login user's home.
fn in_home(user: &str) -> Result<String> {
    Ok(format!("set -e\ncd ~{}\n", name(user)?))
}

fn chown_script(folders: &[Folder], user: &str) -> Result<String> {
    let mut script = in_home(user)?;
    for folder in folders {
        let owner = owner(folder, user)?;
        let group = match &folder.group {
            Some(group) => name(group)?.to_owned(),
            None => format!("\"$(id -g {user})\""),
        };
        let path = match guest_path(&folder.guest)? {
            absolute if absolute.starts_with('/') => quote(absolute),
            relative => quote(&format!("./{relative}")),
        };
        script += &format!(
            "find {path} ! -type l \\( ! -user {owner} -o ! -group {group} \\) -exec chown {owner}:{group} {{}} +\n"
        );
    }
    Ok(script)
}

fn owner<'a>(folder: &'a Folder, user: &'a str) -> Result<&'a str> {
    name(folder.owner.as_deref().unwrap_or(user))
}

fn unless_given(words: &[String], long: &str, short: &str) -> bool {
    !words.iter().any(|it| it == long || it == short)
}

/// The transport as the one word that rsync takes apart again: it knows spaces and quotes, and a doubled quote within quotes.
fn remote_shell(transport: &[String]) -> String {
    let quoted = |it: &String| match it.is_empty() || it.contains([' ', '\'', '"']) {
        true => format!("'{}'", it.replace('\'', "''")),
        false => it.clone(),
    };
    transport.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// With the slash, rsync means what is in the folder and not the folder.
fn with_slash(host: &Path) -> String {
    format!("{}/", host.display().to_string().trim_end_matches('/'))
}

async fn run(host: &Path, arguments: &[String], on_line: &mut (dyn FnMut(&str) + Send)) -> Result<()> {
    let mut command = Command::new("rsync");
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => Error::HostLacks { program: "rsync" },
        _ => Error::Read {
            path: host.to_owned(),
            source,
        },
    };
    let mut rsync = command.spawn().map_err(failed)?;
    let (output, errors) = (rsync.stdout.take(), rsync.stderr.take());
    let mut last_lines = Vec::new();
    let errors = tokio::spawn(async move { collect(errors).await });
    let mut output = lines(output);
    while let Some(line) = next_line(&mut output).await {
        on_line(&line);
    }
    for line in errors.await.unwrap_or_default() {
        on_line(&line);
        last_lines.push(line);
    }
    let status = rsync.wait().await.map_err(failed)?;
    let code = status.code().unwrap_or(255);
    if status.success() || code == SOME_VANISHED {
        return Ok(());
    }
    let last_lines = last_lines[last_lines.len().saturating_sub(LAST_LINES)..].join("\n");
    Err(Error::HostProgram {
        program: "rsync",
        host: host.to_owned(),
        code,
        last_lines,
    })
}

type Lines = Option<BufReader<Box<dyn AsyncRead + Send + Unpin>>>;

fn lines(stream: Option<impl AsyncRead + Send + Unpin + 'static>) -> Lines {
    stream.map(|it| BufReader::new(Box::new(it) as Box<dyn AsyncRead + Send + Unpin>))
}

/// The next line, whatever bytes it holds.
async fn next_line(lines: &mut Lines) -> Option<String> {
    let mut line = Vec::new();
    let read = lines.as_mut()?.read_until(b'\n', &mut line).await.ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned())
}

async fn collect(stream: Option<impl AsyncRead + Send + Unpin + 'static>) -> Vec<String> {
    let mut lines = lines(stream);
    let mut collected = Vec::new();
    while let Some(line) = next_line(&mut lines).await {
        collected.push(line);
    }
    collected
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use expect_test::{Expect, expect};

    use super::*;

    fn folder() -> Folder {
        Folder {
            id: "/vagrant".to_owned(),
            host: PathBuf::from("/home/me/my project"),
            guest: "/srv/it's here".to_owned(),
            owner: None,
            group: None,
            exclude: vec!["*.log".to_owned()],
        }
    }

    fn check(options: Options, folder: &Folder, expected: Expect) {
        let transport = [
            "/opt/my tools/jaunt".to_owned(),
            "it's".to_owned(),
            "--quiet".to_owned(),
        ];
        let words = Rsync::new(transport.to_vec(), options)
            .arguments(folder, "vagrant")
            .unwrap();
        expected.assert_eq(&words.join("\n"));
    }

    #[test]
    fn by_default_rsync_runs_with_the_arguments_of_vagrant_and_leaves_owners_alone() {
        check(
            Options::default(),
            &folder(),
            expect![[r#"
                --verbose
                --archive
                --delete
                -z
                --copy-links
                --no-owner
                --no-group
                --protect-args
                --rsync-path
                sudo rsync
                -e
                '/opt/my tools/jaunt' 'it''s' --quiet
                --exclude
                .vagrant/
                --exclude
                *.log
                /home/me/my project/
                guest:/srv/it's here"#]],
        );
    }

    #[test]
    fn own_arguments_stand_alone_and_ownership_is_rsyncs_where_asked() {
        let options = Options {
            arguments: Some(vec!["-a".to_owned(), "--owner".to_owned()]),
            rsync_ownership: true,
            rsync_path: Some("rsync".to_owned()),
            ..Options::default()
        };
        let folder = Folder {
            owner: Some("www-data".to_owned()),
            group: Some("adm".to_owned()),
            guest: "~/site".to_owned(),
            ..folder()
        };
        check(
            options,
            &folder,
            expect![[r#"
                -a
                --owner
                --chown=www-data:adm
                --protect-args
                --rsync-path
                rsync
                -e
                '/opt/my tools/jaunt' 'it''s' --quiet
                --exclude
                .vagrant/
                --exclude
                *.log
                /home/me/my project/
                guest:site"#]],
        );
    }

    #[test]
    fn the_copies_are_given_to_their_owners() {
        let named = Folder {
            owner: Some("www".to_owned()),
            group: Some("adm".to_owned()),
            guest: "site".to_owned(),
            ..folder()
        };
        expect![[r#"
            set -e
            cd ~vagrant
            find '/srv/it'\''s here' ! -type l \( ! -user vagrant -o ! -group "$(id -g vagrant)" \) -exec chown vagrant:"$(id -g vagrant)" {} +
            find ./site ! -type l \( ! -user www -o ! -group adm \) -exec chown www:adm {} +
        "#]]
        .assert_eq(&chown_script(&[folder(), named], "vagrant").unwrap());
    }
}
