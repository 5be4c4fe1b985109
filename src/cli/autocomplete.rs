//! `jaunt autocomplete`: completion for the shells. Their part is a few lines; what may stand where is asked of `jaunt complete`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use crate::context::Context;
use crate::error::{Error, Result};

/// Let the shell complete commands, options and names
#[derive(Debug, Subcommand)]
pub enum AutocompleteCommand {
    /// Add completion to the start-up files of the shells
    Install(InstallArgs),
    /// Print what a shell's start-up file is to have
    Print(PrintArgs),
}

#[derive(Debug, Args)]
pub struct InstallArgs {
    /// The shells; those whose start-up files are there where none is given
    #[arg(value_enum)]
    shells: Vec<Shell>,

    /// The same as `bash`
    #[arg(short, long)]
    bash: bool,

    /// The same as `zsh`
    #[arg(short, long)]
    zsh: bool,

    /// The same as `fish`
    #[arg(short, long)]
    fish: bool,
}

#[derive(Debug, Args)]
pub struct PrintArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

const ALL: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

impl AutocompleteCommand {
    pub fn run(self, context: &Context) -> Result<u8> {
        match self {
            AutocompleteCommand::Install(it) => it.run(context),
            AutocompleteCommand::Print(it) => {
                context.ui.data(it.shell.script());
                Ok(0)
            }
        }
    }
}

impl InstallArgs {
    fn run(self, context: &Context) -> Result<u8> {
        let Some(home) = context.environment.user_home() else {
            return Err(crate::state::Error::NoHome.into());
        };
        let mut installed = Vec::new();
        for shell in self.shells() {
            let file = shell.start_up_file(&home);
            if self.is_named(shell) || file.exists() {
                shell.install(&file)?;
                installed.push(file);
            }
        }
        if installed.is_empty() {
            return Err(Error::Refused {
                what: "no shell's start-up file was found".to_owned(),
                advice: "name the shell: `jaunt autocomplete install bash`".to_owned(),
            });
        }
        context.ui.data("Autocomplete installed at paths:\n");
        for file in installed {
            context.ui.data(&format!("- {}\n", file.display()));
        }
        Ok(0)
    }

    fn shells(&self) -> Vec<Shell> {
        let is_any_named = ALL.iter().any(|it| self.is_named(*it));
        ALL.into_iter()
            .filter(|it| !is_any_named || self.is_named(*it))
            .collect()
    }

    fn is_named(&self, shell: Shell) -> bool {
        let by_flag = match shell {
            Shell::Bash => self.bash,
            Shell::Zsh => self.zsh,
            Shell::Fish => self.fish,
        };
        by_flag || self.shells.contains(&shell)
    }
}

impl Shell {
    fn start_up_file(self, home: &Path) -> PathBuf {
        home.join(match self {
            Shell::Bash => ".bashrc",
            Shell::Zsh => ".zshrc",
            Shell::Fish => ".config/fish/config.fish",
        })
    }

    /// The line for the start-up file: the script comes from the program, so that it is never older than that.
    fn line(self) -> &'static str {
        match self {
            Shell::Bash => "command -v jaunt >/dev/null && eval \"$(jaunt autocomplete print bash)\"",
            Shell::Zsh => "command -v jaunt >/dev/null && eval \"$(jaunt autocomplete print zsh)\"",
            Shell::Fish => "command -q jaunt; and jaunt autocomplete print fish | source",
        }
    }

    /// Adds the line at the end, once. A start-up file may be a link into somebody's collection, and stays one.
    fn install(self, file: &Path) -> Result<()> {
        use std::io::Write;
        let failed = |source| Error::WriteFile {
            path: file.to_owned(),
            source,
        };
        let before = crate::state::read_optional(file)?.unwrap_or_default();
        if before.contains(self.line()) {
            return Ok(());
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let start = if before.is_empty() || before.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        let mut options = std::fs::OpenOptions::new();
        let opened = options.append(true).create(true).open(file);
        let text = format!("{start}# Completion for jaunt\n{}\n", self.line());
        opened.and_then(|mut it| it.write_all(text.as_bytes())).map_err(failed)
    }

    fn script(self) -> &'static str {
        match self {
            Shell::Bash => BASH,
            Shell::Zsh => ZSH,
            Shell::Fish => FISH,
        }
    }
}

/// Bash completes files where nothing is offered.
const BASH: &str = r#"_jaunt() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$(printf '%q' "${line%%$'\t'*}")")
    done < <(jaunt complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
}
complete -o default -o bashdefault -F _jaunt jaunt
"#;

const ZSH: &str = r#"_jaunt() {
    local -a lines candidates
    local line
    lines=("${(@f)$(jaunt complete -- "${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
    for line in $lines; do
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( ${#candidates} )); then
        _describe 'jaunt' candidates
    else
        _files
    fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _jaunt jaunt
"#;

const FISH: &str = r#"function __jaunt_complete
    set -l words (commandline -opc) (commandline -ct)
    test (count $words) -gt (count (commandline -opc)); or set -a words ''
    jaunt complete -- $words[2..-1] 2>/dev/null </dev/null
end
complete -c jaunt -f -n 'test (count (__jaunt_complete)) -gt 0' -a '(__jaunt_complete)'
complete -c jaunt -n 'test (count (__jaunt_complete)) -eq 0' -F
"#;
