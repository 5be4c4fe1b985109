//! Carrying out what the provisioners decided: one call an action, output handed on as it comes.

use std::path::Path;

use async_trait::async_trait;

use super::lines::Lines;
use super::shell::{Checksum, Shell, Source};
use super::{Action, Error, GuestPath, Provisioner, Refusal, Script, Task, quote};
use crate::communicators::{Command, Communicator, Exit, Stream};

/// What provisioners need besides the connection.
pub struct Context<'a> {
    /// The way into the guest.
    pub communicator: &'a dyn Communicator,
    /// Gets scripts from URLs.
    pub fetch: &'a dyn Fetch,
    /// Whether output may have colours.
    pub color: bool,
}

/// Gets what is behind a URL.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Downloads it. An implementation MUST fail where the content has not the digest that is asked for.
    async fn fetch(
        &self,
        url: &str,
        checksum: Option<&Checksum>,
    ) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// What a provisioner says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// What comes now.
    Message(&'a str),
    /// A line of a script.
    Line {
        /// The stream that it came from.
        stream: Stream,
        /// The line, without its end.
        text: &'a str,
        /// Whether the script's own colours are to be left alone.
        keep_color: bool,
    },
}

/// Takes what provisioners say.
pub type OnSaid<'a> = dyn for<'s> FnMut(Said<'s>) + Send + 'a;

/// What is to be done with the machine once a provisioner is through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// Nothing.
    Nothing,
    /// The connection is opened anew.
    Reset,
    /// The guest is rebooted.
    Reboot,
}

/// Runs a provisioner.
pub async fn run(
    provisioner: &Provisioner,
    context: &Context<'_>,
    on_said: &mut OnSaid<'_>,
) -> Result<Afterwards, Error> {
    let (actions, afterwards) = decide(&provisioner.task, context).await?;
    for action in &actions {
        carry_out(action, provisioner, context, on_said).await?;
    }
    Ok(afterwards)
}

/// Reads what has to be read on the host, and leaves the rest to the pure part.
async fn decide(task: &Task, context: &Context<'_>) -> Result<(Vec<Action>, Afterwards), Error> {
    Ok(match task {
        Task::Shell(shell) => {
            let content = content(shell, context.fetch).await?;
            (shell.actions(&content)?, afterwards(shell))
        }
        Task::File(file) => {
            let metadata = tokio::fs::metadata(&file.source).await;
            let metadata = metadata.map_err(|source| Error::Read {
                path: file.source.clone(),
                source,
            })?;
            (file.actions(metadata.is_dir()), Afterwards::Nothing)
        }
        Task::Puppet(puppet) => {
            let hiera = match &puppet.hiera_config_path {
                Some(path) => Some(String::from_utf8_lossy(&read(path).await?).into_owned()),
                None => None,
            };
            (puppet.actions(hiera.as_deref(), context.color)?, Afterwards::Nothing)
        }
    })
}

fn afterwards(shell: &Shell) -> Afterwards {
    match (shell.reboot, shell.reset) {
        (true, _) => Afterwards::Reboot,
        (false, true) => Afterwards::Reset,
        (false, false) => Afterwards::Nothing,
    }
}

async fn content(shell: &Shell, fetch: &dyn Fetch) -> Result<Vec<u8>, Error> {
    match &shell.source {
        None => Ok(Vec::new()),
        Some(Source::Inline(text)) => Ok(text.clone().into_bytes()),
        Some(Source::Path(path)) => read(path).await,
        Some(Source::Url { url, checksum }) => {
            let fetched = fetch.fetch(url, checksum.as_ref()).await;
            fetched.map_err(|source| Error::Fetch {
                url: url.clone(),
                source,
            })
        }
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, Error> {
    tokio::fs::read(path).await.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

async fn carry_out(
    action: &Action,
    provisioner: &Provisioner,
    context: &Context<'_>,
    on_said: &mut OnSaid<'_>,
) -> Result<(), Error> {
    let communicator = context.communicator;
    match action {
        Action::Say(text) => on_said(Said::Message(text)),
        Action::UploadBytes { content, to } => communicator.upload_bytes(content, to).await?,
        Action::UploadFile { from, to } => communicator.upload(from, &expanded(to, communicator).await?).await?,
        Action::UploadFolder { from, to } => {
            upload_folder(from, &expanded(to, communicator).await?, communicator).await?
        }
        Action::Script(script) => run_script(script, provisioner, communicator, on_said).await?,
    }
    Ok(())
}

async fn run_script(
    script: &Script,
    provisioner: &Provisioner,
    communicator: &dyn Communicator,
    on_said: &mut OnSaid<'_>,
) -> Result<(), Error> {
    let mut lines = Lines::new(&script.secrets);
    let mut on_line = |stream: Stream, text: &str| {
        on_said(Said::Line {
            stream,
            text,
            keep_color: script.keep_color,
        })
    };
    let command = Command {
        as_root: script.as_root,
        private: !script.secrets.is_empty(),
        ..Command::new(&*script.text)
    };
    let exit = communicator
        .run(command, &mut |stream, piece| lines.take(stream, piece, &mut on_line))
        .await;
    let last_lines = lines.finish(&mut on_line);
    let code = exit?.code;
    if code == 0 || script.also_good.contains(&code) {
        return Ok(());
    }
    Err(match script.refusals.iter().find(|(refusal, _)| *refusal == code) {
        Some((_, Refusal::NoPuppet)) => Error::NoPuppet,
        Some((_, Refusal::NoFolder)) => Error::NoFolder {
            folder: last_lines.last().cloned().unwrap_or_default(),
        },
        None => Error::Failed {
            title: provisioner.title(),
            code,
            last_lines,
        },
    })
}

/// The path, as the guest's shell makes it out where it has to.
async fn expanded(path: &GuestPath, communicator: &dyn Communicator) -> Result<String, Error> {
    if !path.needs_shell() {
        return Ok(path.0.clone());
    }
    let (exit, output, error) = ask(Command::new(path.expansion()), communicator).await?;
    let expanded = String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned();
    match exit.is_success() && !expanded.is_empty() {
        true => Ok(expanded),
        false => Err(Error::Path {
            path: path.0.clone(),
            said: error,
        }),
    }
}

/// Runs a command, and returns what it said on both streams.
async fn ask(command: Command, communicator: &dyn Communicator) -> Result<(Exit, Vec<u8>, String), Error> {
    let (mut output, mut error) = (Vec::new(), Vec::new());
    let mut keep = |stream: Stream, piece: &[u8]| match stream {
        Stream::Output => output.extend_from_slice(piece),
        Stream::Error => error.extend_from_slice(piece),
    };
    let exit = communicator.run(command, &mut keep).await?;
    Ok((exit, output, String::from_utf8_lossy(&error).trim().to_owned()))
}

async fn upload_folder(from: &Path, to: &str, communicator: &dyn Communicator) -> Result<(), Error> {
    let (stream, packing) = synced_folders::copy::pack(from, to).await?;
    let command = Command {
        input: Some(stream),
        ..Command::new(unpack(to))
    };
    let asked = ask(command, communicator).await;
    // A file that could not be read explains a stream that broke off.
    packing.finish().await?;
    match asked? {
        (exit, ..) if exit.is_success() => Ok(()),
        (exit, _, said) => Err(Error::Write {
            to: to.to_owned(),
            code: exit.code,
            said,
        }),
    }
}

/// Unpacks beside what is there already: nothing is removed.
fn unpack(to: &str) -> String {
    let to = match to.strip_prefix("~/") {
        Some(below_home) => format!("\"$HOME\"/{}", quote(below_home)),
        None if to == "~" => "\"$HOME\"".to_owned(),
        None => quote(to),
    };
    format!("mkdir -p -- {to} && cd -- {to} && exec tar -xpf -\n")
}

/// Actions as text, for golden tests.
#[cfg(test)]
pub(super) fn show(actions: &[Action]) -> String {
    let show_one = |action: &Action| match action {
        Action::Say(text) => format!("say: {text}\n"),
        Action::UploadBytes { content, to } => format!("upload {} bytes to {to}\n", content.len()),
        Action::UploadFile { from, to } => format!("upload {} to {}\n", from.display(), to.0),
        Action::UploadFolder { from, to } => format!("unpack {} into {}\n", from.display(), to.0),
        Action::Script(script) => {
            let root = if script.as_root { " as root" } else { "" };
            let secrets = if script.secrets.is_empty() {
                String::new()
            } else {
                format!(", hides {:?}", script.secrets)
            };
            format!(
                "run{root}, 0 and {:?} are good{secrets}:\n{}",
                script.also_good, script.text
            )
        }
    };
    actions.iter().map(show_one).collect()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Stdio;

    use expect_test::{Expect, expect};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::puppet::{Place, Puppet};
    use super::super::shell::Args;
    use super::super::{Run, file};
    use super::*;
    use crate::communicators;

    /// This host's shell in the place of a guest.
    struct LocalShell;

    #[async_trait]
    impl Communicator for LocalShell {
        async fn run(
            &self,
            command: Command,
            output: &mut communicators::OnOutput<'_>,
        ) -> communicators::Result<communicators::Exit> {
            let mut child = tokio::process::Command::new("sh");
            child
                .arg("-c")
                .arg(&command.script)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut child = child.spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            if let Some(mut input) = command.input {
                let mut content = Vec::new();
                input.read_to_end(&mut content).await.unwrap();
                stdin.write_all(&content).await.unwrap();
            }
            drop(stdin);
            let done = child.wait_with_output().await.unwrap();
            // In the smallest pieces that there are.
            done.stdout.chunks(1).for_each(|it| output(Stream::Output, it));
            done.stderr.chunks(1).for_each(|it| output(Stream::Error, it));
            Ok(communicators::Exit {
                code: done.status.code().unwrap_or(255).unsigned_abs(),
            })
        }

        async fn upload(&self, from: &Path, to: &str) -> communicators::Result<()> {
            std::fs::copy(from, to).unwrap();
            Ok(())
        }

        async fn upload_bytes(&self, content: &[u8], to: &str) -> communicators::Result<()> {
            std::fs::write(to, content).unwrap();
            Ok(())
        }
    }

    /// A web with one page, and an outage for everything else.
    struct OnePage;

    #[async_trait]
    impl Fetch for OnePage {
        async fn fetch(
            &self,
            url: &str,
            _checksum: Option<&Checksum>,
        ) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
            match url {
                "https://example.com/hello.sh" => Ok(b"echo hello".to_vec()),
                _ => Err("no such page".into()),
            }
        }
    }

    async fn provision(task: Task) -> String {
        let provisioner = Provisioner {
            name: Some("it".to_owned()),
            run: Run::Once,
            task,
        };
        let context = Context {
            communicator: &LocalShell,
            fetch: &OnePage,
            color: false,
        };
        let mut text = String::new();
        let mut on_said = |said: Said<'_>| match said {
            Said::Message(message) => text += &format!("{message}\n"),
            Said::Line { stream, text: line, .. } => text += &format!("{stream:?}: {line}\n"),
        };
        let ended = run(&provisioner, &context, &mut on_said).await;
        text + &ended.map_or_else(|it| format!("error: {it}"), |it| format!("{it:?}"))
    }

    fn shell(source: Source) -> Shell {
        Shell {
            source: Some(source),
            args: Args::None,
            env: Vec::new(),
            privileged: true,
            binary: false,
            keep_color: false,
            name: None,
            sensitive: false,
            upload_path: None,
            reboot: false,
            reset: false,
        }
    }

    async fn check(task: Task, expected: Expect) {
        expected.assert_eq(&provision(task).await);
    }

    #[tokio::test]
    async fn a_script_gets_its_arguments_and_variables_and_says_its_lines() {
        let script = Shell {
            args: Args::List(vec!["a  b".to_owned(), "it's $HOME".to_owned()]),
            env: vec![("KEY".to_owned(), "hunter2 `id`".to_owned())],
            sensitive: true,
            reset: true,
            ..shell(Source::Inline(
                "#!/bin/sh\r\nprintf '%s|' \"$@\"\r\necho \"$KEY\" >&2\r\ncat\r\n".to_owned(),
            ))
        };
        check(
            Task::Shell(script),
            expect![[r#"
            Running: inline script
            Error: *****
            Output: a  b|it's $HOME|
            Reset"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_script_that_fails_names_its_code_and_its_last_lines() {
        let text = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; done; exit 3";
        let text = provision(Task::Shell(shell(Source::Inline(text.to_owned())))).await;
        expect![[r#"
            the provisioner it (shell) failed with exit code 3; its last lines:
            3
            4
            5
            6
            7
            8
            9
            10
            11
            12"#]]
        .assert_eq(text.split_once("error: ").unwrap().1);
    }

    #[tokio::test]
    async fn a_script_comes_from_a_url_and_leaves_nothing_behind() {
        let url = |url: &str| Source::Url {
            url: url.to_owned(),
            checksum: None,
        };
        check(
            Task::Shell(shell(url("https://example.com/hello.sh"))),
            expect![[r#"
            Running: https://example.com/hello.sh
            Output: hello
            Nothing"#]],
        )
        .await;
        check(
            Task::Shell(shell(url("https://example.com/other.sh"))),
            expect!["error: cannot download the script https://example.com/other.sh"],
        )
        .await;
        let place = provision(Task::Shell(shell(Source::Inline("echo \"$0\"".to_owned())))).await;
        let place = place.lines().find_map(|it| it.strip_prefix("Output: ")).unwrap();
        assert!(place.starts_with("/tmp/vagrant-shell."), "{place}");
        assert!(!Path::new(place).exists());
    }

    #[tokio::test]
    async fn a_binary_is_run_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        std::fs::write(&script, b"#!/bin/sh\necho binary; exit\n\0\xff").unwrap();
        let text = provision(Task::Shell(Shell {
            binary: true,
            ..shell(Source::Path(script))
        }))
        .await;
        assert!(text.ends_with("Output: binary\nNothing"), "{text}");
    }

    #[tokio::test]
    async fn a_folder_is_unpacked_beside_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("conf"), folder.path().join("it's a target"));
        std::fs::create_dir_all(source.join("inner")).unwrap();
        std::fs::write(source.join("inner/file"), "content").unwrap();
        std::fs::create_dir_all(target.join("conf/mine")).unwrap();
        let task = file::File {
            source,
            written_source: "conf".to_owned(),
            destination: format!("{}/", target.display()),
        };

        provision(Task::File(task)).await;

        assert_eq!(
            std::fs::read_to_string(target.join("conf/inner/file")).unwrap(),
            "content"
        );
        assert!(target.join("conf/mine").exists());
    }

    #[tokio::test]
    async fn a_path_with_variables_is_asked_of_the_guest() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("source"), "content").unwrap();
        let home = std::env::var("HOME").unwrap();
        let climb = "../".repeat(home.matches('/').count());
        let task = file::File {
            source: folder.path().join("source"),
            written_source: "source".to_owned(),
            destination: format!("$HOME/{climb}{}/a b", folder.path().display()),
        };

        provision(Task::File(task)).await;

        assert_eq!(std::fs::read_to_string(folder.path().join("a b")).unwrap(), "content");
    }

    /// A program in the place of Puppet, which shows what it was called with and ends as it is told.
    fn puppet(folder: &Path, program: Option<&str>) -> Puppet {
        if let Some(program) = program {
            std::fs::write(folder.join("puppet"), format!("#!/bin/sh\n{program}\n")).unwrap();
            std::fs::set_permissions(folder.join("puppet"), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Puppet {
            manifests_path: Some(Place::Guest("/manifests".to_owned())),
            manifest_file: Some("site.pp".to_owned()),
            environment_path: None,
            environment: String::new(),
            environment_variables: Vec::new(),
            module_path: Vec::new(),
            hiera_config_path: None,
            facter: vec![("role".to_owned(), "web".into())],
            structured_facts: false,
            options: vec!["--verbose".to_owned()],
            synced_folder_type: None,
            synced_folder_args: Vec::new(),
            temp_dir: folder.join("temporary").display().to_string(),
            working_directory: None,
            binary_path: Some(folder.display().to_string()),
        }
    }

    #[tokio::test]
    async fn changes_that_puppet_made_are_a_success_and_failures_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let called = "echo \"$FACTER_role $*\"; exit 2";
        check(
            Task::Puppet(puppet(folder.path(), Some(called))),
            expect![[r#"
            Running Puppet with site.pp...
            Output: web apply --verbose --color=false --detailed-exitcodes /manifests/site.pp
            Nothing"#]],
        )
        .await;
        check(
            Task::Puppet(puppet(folder.path(), Some("echo broken >&2; exit 6"))),
            expect![[r#"
                Running Puppet with site.pp...
                Error: broken
                error: the provisioner it (puppet) failed with exit code 6; its last lines:
                broken"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_guest_without_puppet_is_told_how_to_get_it() {
        let folder = tempfile::tempdir().unwrap();
        check(Task::Puppet(puppet(folder.path(), None)), expect![[r#"
            Running Puppet with site.pp...
            error: the guest has no `puppet`: install it in the box, or with a shell provisioner that comes first, as `apt-get install -y puppet-agent`; where it is in an unusual place, set `binary_path`"#]]).await;
    }

    #[tokio::test]
    async fn a_folder_that_was_not_synced_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let puppet = Puppet {
            manifests_path: Some(Place::Host("/project/manifests".into())),
            ..puppet(folder.path(), Some("exit 0"))
        };
        let text = provision(Task::Puppet(puppet))
            .await
            .replace(&folder.path().display().to_string(), "");
        expect![[r#"
            Running Puppet with site.pp...
            Error: /temporary/manifests-65368140b29d23f37f2c50fd0332d0cc
            error: /temporary/manifests-65368140b29d23f37f2c50fd0332d0cc is not in the guest: `reload` the machine, so that it gets the folders of its Puppet provisioner"#]].assert_eq(&text);
    }
}
