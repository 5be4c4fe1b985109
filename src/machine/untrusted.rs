//! What a Vagrantfile wants of this computer itself, beyond the guest: options that start programs here, or read what they like.
//!
//! **Invariant:** what is not known to be harmless counts as reaching this computer.

use providers::qemu::QemuBlock;
use vagrantfile::host::Code;
use vagrantfile::layer::Origin;

use crate::config::{Config, Mistakes, Ssh, SyncedFolder};
use crate::error::Result;
use crate::project::TRUST_ADVICE;

/// An option that reaches this computer.
struct Reach {
    section: &'static str,
    what: String,
    origin: Option<Origin>,
}

/// One mistake for each option of the configuration that reaches this computer, and was not set by a trusted file. `untrusted` gives the
/// code that is not; most files have no such option, and it is not asked.
pub fn mistakes_of(
    config: &Config,
    qemu: &QemuBlock,
    untrusted: impl FnOnce() -> Result<Vec<Code>>,
) -> Result<Mistakes> {
    let mut mistakes = Mistakes::default();
    let mut reaching = of_qemu(config, qemu)
        .into_iter()
        .chain(of_ssh(config))
        .chain(of_folders(&config.synced_folders))
        .peekable();
    if reaching.peek().is_none() {
        return Ok(mistakes);
    }
    let untrusted = untrusted()?;
    let is_ours = |it: &Reach| untrusted.is_empty() || is_set_by_others(it, &untrusted);
    for reach in reaching.filter(|it| !is_ours(it)) {
        let message = format!(
            "{} reaches this computer itself, and the file is not trusted",
            reach.what
        );
        mistakes
            .at(reach.origin.as_ref(), reach.section, message)
            .advise(TRUST_ADVICE);
    }
    mistakes.read_source_lines();
    Ok(mistakes)
}

/// Whether a file set the option that none of these is. An evaluated text has no file, and is nobody else's.
fn is_set_by_others(reach: &Reach, untrusted: &[Code]) -> bool {
    let file = reach
        .origin
        .as_ref()
        .and_then(|it| std::fs::canonicalize(&it.file).ok());
    file.is_some_and(|it| untrusted.iter().all(|code| code.file != it))
}

fn of_qemu(config: &Config, qemu: &QemuBlock) -> Vec<Reach> {
    let options = &qemu.options;
    let wanted = [
        ("extra_arguments", !options.extra_arguments.is_empty()),
        ("extra_netdev_arguments", options.extra_netdev_arguments.is_some()),
        ("program", options.program.is_some()),
    ];
    let written = config.provider("qemu").map(|it| &it.body.options);
    let reach = |name: &str| Reach {
        section: "qemu provider",
        what: format!("`{name}`"),
        origin: written.and_then(|it| it.get(name)?.origin.clone()),
    };
    chosen(&wanted).map(reach).collect()
}

fn of_ssh(config: &Config) -> Vec<Reach> {
    let ssh: &Ssh = &config.ssh;
    let program = ssh.ssh_command.as_deref().unwrap_or_default();
    let wanted = [
        ("ssh.proxy_command", ssh.proxy_command.is_some()),
        ("ssh.ssh_command", !matches!(program, "" | "ssh")),
        ("ssh.config", ssh.connect.config.is_some()),
        ("ssh.extra_args", !are_harmless_to_ssh(&ssh.connect.extra_args)),
    ];
    let reach = |name: &str| Reach {
        section: "SSH",
        what: format!("`config.{name}`"),
        origin: config.origin(name).cloned(),
    };
    chosen(&wanted).map(reach).collect()
}

fn of_folders(folders: &[SyncedFolder]) -> Vec<Reach> {
    let by_rsync = folders
        .iter()
        .filter(|it| !it.disabled && it.kind.as_deref() == Some("rsync"));
    let mut all = Vec::new();
    for folder in by_rsync {
        if let Some(word) = folder.rsync.args.as_deref().and_then(first_beyond_rsync) {
            let written = folder.options.get("rsync__args").and_then(|it| it.origin.clone());
            all.push(Reach {
                section: "synced folder",
                what: format!("`{}` in `rsync__args`", word.escape_debug()),
                origin: written.or_else(|| folder.origin.clone()),
            });
        }
    }
    all
}

fn chosen<'a>(wanted: &'a [(&'static str, bool)]) -> impl Iterator<Item = &'static str> + 'a {
    wanted.iter().filter(|(_, is_so)| *is_so).map(|(name, _)| *name)
}

/// The flags of `ssh` that start nothing, open no port and read no file.
const HARMLESS_SSH_LETTERS: &str = "ACqv";

/// The same of what follows `-o`.
const HARMLESS_SSH_OPTIONS: [&str; 2] = ["ForwardAgent", "ServerAliveInterval"];

fn are_harmless_to_ssh(arguments: &[String]) -> bool {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let option = match word.strip_prefix("-o") {
            Some("") => words.next().map(String::as_str),
            rest => rest,
        };
        let is_harmless = match option {
            Some(option) => is_harmless_ssh_option(option.trim_start_matches(' ')),
            None => are_letters(word, HARMLESS_SSH_LETTERS),
        };
        if !is_harmless {
            return false;
        }
    }
    true
}

/// `ForwardAgent` may name a socket, and a line's end would begin another option: only a plain word is harmless.
fn is_harmless_ssh_option(option: &str) -> bool {
    let Some((name, value)) = option.split_once('=') else {
        return false;
    };
    let is_known = HARMLESS_SSH_OPTIONS.iter().any(|it| it.eq_ignore_ascii_case(name));
    is_known && !value.is_empty() && value.chars().all(|it| it.is_ascii_alphanumeric())
}

/// The letters of rsync that say how the host's folder is sent, and no more.
const HARMLESS_RSYNC_LETTERS: &str = "vazrltpogDLuhcO";

/// The same as words.
const HARMLESS_RSYNC_WORDS: [&str; 22] = [
    "--verbose",
    "--archive",
    "--delete",
    "--delete-excluded",
    "--compress",
    "--copy-links",
    "--links",
    "--recursive",
    "--update",
    "--times",
    "--perms",
    "--owner",
    "--group",
    "--no-owner",
    "--no-group",
    "--progress",
    "--stats",
    "--partial",
    "--inplace",
    "--checksum",
    "--omit-dir-times",
    "--human-readable",
];

/// The words with a value, which stands behind `=` or is the next word.
const HARMLESS_RSYNC_VALUES: [&str; 3] = ["--chmod", "--exclude", "--include"];

/// The first word that does more than say how the folder is sent: `-e` starts programs, a lone path is another source.
fn first_beyond_rsync(arguments: &[String]) -> Option<&str> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let with_value = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        let is_harmless = if HARMLESS_RSYNC_VALUES.contains(&with_value) {
            // Without a word of its own, it would swallow the next one, whoever that is meant for.
            word.contains('=') || words.next().is_some()
        } else {
            HARMLESS_RSYNC_WORDS.contains(&word.as_str()) || are_letters(word, HARMLESS_RSYNC_LETTERS)
        };
        if !is_harmless {
            return Some(word);
        }
    }
    None
}

/// Whether the word is a dash and some of these letters.
fn are_letters(word: &str, letters: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|it| !it.is_empty() && it.chars().all(|letter| letters.contains(letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[track_caller]
    fn check_rsync(arguments: &str, beyond: Option<&str>) {
        assert_eq!(first_beyond_rsync(&words(arguments)), beyond, "{arguments}");
    }

    #[test]
    fn what_says_how_a_folder_is_sent_needs_no_trust() {
        check_rsync("--verbose|--archive|--delete|-z|--copy-links", None);
        check_rsync("-avz|--exclude=.git/|--chmod=Du=rwx|--exclude|-e sh", None);
    }

    #[test]
    fn what_starts_programs_or_sends_other_files_needs_trust() {
        check_rsync("-a|-e|sh -c id", Some("-e"));
        check_rsync("-ave|sh", Some("-ave"));
        check_rsync("--rsh=sh", Some("--rsh=sh"));
        check_rsync("-a|/home/me/.ssh", Some("/home/me/.ssh"));
        check_rsync("--files-from=/etc/passwd", Some("--files-from=/etc/passwd"));
        check_rsync("--log-file=/tmp/x", Some("--log-file=/tmp/x"));
        check_rsync("-a|--exclude", Some("--exclude"));
        check_rsync("-", Some("-"));
    }

    #[track_caller]
    fn check_ssh(arguments: &str, is_harmless: bool) {
        assert_eq!(are_harmless_to_ssh(&words(arguments)), is_harmless, "{arguments}");
    }

    #[test]
    fn flags_that_open_nothing_need_no_trust() {
        assert!(are_harmless_to_ssh(&[]));
        check_ssh("-A|-C|-q|-vvv", true);
        check_ssh("-o|ForwardAgent=yes|-oServerAliveInterval=30|-o forwardagent=no", true);
    }

    #[test]
    fn forwards_and_options_that_run_commands_need_trust() {
        check_ssh("-L|8080:localhost:80", false);
        check_ssh("-D1080", false);
        check_ssh("-oProxyCommand=id", false);
        check_ssh("-o|ForwardAgent=/tmp/socket", false);
        check_ssh("-o|ForwardAgent=yes\nProxyCommand=id", false);
        check_ssh("-o", false);
        check_ssh("-A|reboot", false);
    }
}
