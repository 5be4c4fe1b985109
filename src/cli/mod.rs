//! The command line: one file a command, with its arguments, its help and its `run`.

mod aliases;
mod autocomplete;
mod r#box;
mod cap;
mod complete;
mod completion;
mod config;
mod deferred;
mod destroy;
mod elsewhere;
mod gc;
mod global_status;
mod halt;
mod init;
mod list_commands;
mod man;
mod package;
mod plugin;
mod port;
mod provider;
mod provision;
mod reload;
mod resume;
mod rsync;
mod rsync_auto;
mod rsync_transport;
mod several;
mod snapshot;
mod ssh;
mod ssh_config;
mod status;
mod suspend;
mod template;
mod trust;
mod up;
mod upload;
mod validate;
mod version;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::aliases::Expansion;
use self::deferred::Deferred;
use crate::context::Context;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::faults;
use crate::lifecycle::interrupt::Interrupt;
use crate::project::Target;
use crate::state::home::Home;
use crate::ui::visible::visible_lines;
use crate::ui::{Kind, Style, Ui};

/// Turns the Vagrantfile of a project into a running machine.
#[derive(Debug, Parser)]
#[command(
    name = "jaunt",
    version,
    about,
    disable_version_flag = true,
    propagate_version = false
)]
struct Cli {
    /// Print the version and exit
    #[arg(short, long)]
    version: bool,

    #[command(flatten)]
    global: GlobalOptions,

    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
struct GlobalOptions {
    /// Print lines for programs
    #[arg(long, global = true)]
    machine_readable: bool,

    /// Print JSON: a document for what is reported, one object a line for what happens
    #[arg(long, global = true)]
    json: bool,

    /// Use colours even where the output is no terminal
    #[arg(long, global = true, overrides_with = "no_color")]
    color: bool,

    /// Use no colours
    #[arg(long, global = true)]
    no_color: bool,

    /// Put the time before each line
    #[arg(long, global = true)]
    timestamp: bool,

    /// Tell on stderr what is being done
    #[arg(long, global = true)]
    debug: bool,

    /// The same with the time before each line
    #[arg(long, global = true)]
    debug_timestamp: bool,

    /// Ask nothing and draw no progress bars
    #[arg(long, global = true)]
    no_tty: bool,

    /// Make no connection, but to the project's own machines
    #[arg(long, global = true)]
    offline: bool,

    /// Let the Vagrantfile run commands, connect and write on this computer
    #[arg(long, global = true)]
    trust: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(subcommand)]
    Autocomplete(Deferred<autocomplete::AutocompleteCommand>),
    #[command(subcommand)]
    Box(Deferred<r#box::BoxCommand>),
    #[command(hide = true)]
    Cap(Deferred<cap::CapArgs>),
    #[command(hide = true)]
    Cloud(Deferred<elsewhere::ElsewhereArgs>),
    #[command(hide = true)]
    Complete(Deferred<complete::CompleteArgs>),
    Config(Deferred<config::ConfigArgs>),
    Destroy(Deferred<destroy::DestroyArgs>),
    #[command(hide = true)]
    DockerExec(Deferred<elsewhere::ElsewhereArgs>),
    #[command(hide = true)]
    DockerLogs(Deferred<elsewhere::ElsewhereArgs>),
    #[command(hide = true)]
    DockerRun(Deferred<elsewhere::ElsewhereArgs>),
    Gc(Deferred<gc::GcArgs>),
    GlobalStatus(Deferred<global_status::GlobalStatusArgs>),
    Halt(Deferred<halt::HaltArgs>),
    Init(Deferred<init::InitArgs>),
    #[command(hide = true)]
    ListCommands(Deferred<list_commands::ListCommandsArgs>),
    #[command(hide = true)]
    Login(Deferred<elsewhere::ElsewhereArgs>),
    #[command(hide = true)]
    Man(Deferred<man::ManArgs>),
    #[command(subcommand)]
    Plugin(Deferred<plugin::PluginCommand>),
    Package(Deferred<package::PackageArgs>),
    Port(Deferred<port::PortArgs>),
    #[command(hide = true)]
    Powershell(Deferred<elsewhere::ElsewhereArgs>),
    #[command(hide = true)]
    Provider(Deferred<provider::ProviderArgs>),
    Provision(Deferred<provision::ProvisionArgs>),
    #[command(hide = true)]
    Push(Deferred<elsewhere::ElsewhereArgs>),
    #[command(hide = true)]
    Rdp(Deferred<elsewhere::ElsewhereArgs>),
    Reload(Deferred<reload::ReloadArgs>),
    Resume(Deferred<resume::ResumeArgs>),
    Rsync(Deferred<rsync::RsyncArgs>),
    RsyncAuto(Deferred<rsync_auto::RsyncAutoArgs>),
    #[command(hide = true)]
    RsyncTransport(Deferred<rsync_transport::RsyncTransportArgs>),
    #[command(hide = true)]
    Serve(Deferred<elsewhere::ElsewhereArgs>),
    #[command(subcommand)]
    Snapshot(Deferred<snapshot::SnapshotCommand>),
    Ssh(Deferred<ssh::SshArgs>),
    SshConfig(Deferred<ssh_config::SshConfigArgs>),
    Status(Deferred<status::StatusArgs>),
    Suspend(Deferred<suspend::SuspendArgs>),
    Trust(Deferred<trust::TrustArgs>),
    Up(Deferred<up::UpArgs>),
    Upload(Deferred<upload::UploadArgs>),
    Validate(Deferred<validate::ValidateArgs>),
    Version(Deferred<version::VersionArgs>),
    #[command(hide = true)]
    Winrm(Deferred<elsewhere::ElsewhereArgs>),
    #[command(hide = true)]
    WinrmConfig(Deferred<elsewhere::ElsewhereArgs>),
}

/// Runs the command that the arguments name; returns the exit code.
pub fn main(arguments: Vec<OsString>) -> u8 {
    let environment = match Environment::of_process() {
        Ok(environment) => environment,
        Err(error) => return fail_early(&format!("cannot find out the working folder: {error}")),
    };
    let compatible = environment.variable("JAUNT_COMPAT").is_some() || is_called_vagrant(&arguments);
    let arguments = match unaliased(&environment, &arguments) {
        None => arguments,
        Some(Expansion::Arguments(arguments)) => arguments,
        Some(Expansion::Shell { script, arguments }) => return run_in_shell(&script, &arguments),
    };
    match parse(&arguments) {
        Ok(cli) if cli.version => print_early(&version::line(compatible)),
        Ok(Cli {
            command: Some(command),
            global,
            ..
        }) => start(environment, &global, command),
        Ok(_) => {
            print_early(&built(Cli::command()).render_help().to_string());
            1
        }
        Err(error) => explain_usage(&arguments, &error),
    }
}

/// What the user's own name for a command stands for.
fn unaliased(environment: &Environment, arguments: &[OsString]) -> Option<Expansion> {
    let named = environment.variable("VAGRANT_ALIAS_FILE").map(PathBuf::from);
    let file = named.or_else(|| Home::find(environment).ok()?.aliases())?;
    let text = std::fs::read_to_string(file).ok()?;
    let is_known = |name: &str| name == "help" || Cli::command().find_subcommand(name).is_some();
    aliases::expand(&text, arguments, is_known)
}

fn run_in_shell(script: &str, arguments: &[OsString]) -> u8 {
    let mut shell = std::process::Command::new("sh");
    match shell
        .arg("-c")
        .arg(format!("{script} \"$@\""))
        .arg("sh")
        .args(arguments)
        .status()
    {
        Ok(status) => status.code().and_then(|it| u8::try_from(it).ok()).unwrap_or(1),
        Err(error) => fail_early(&format!("cannot start a shell for `{script}`: {error}")),
    }
}

fn parse(arguments: &[OsString]) -> std::result::Result<Cli, clap::Error> {
    let matches = Cli::command().try_get_matches_from(arguments);
    // Help and advice speak of all commands.
    let matches = matches.or_else(|_| built(Cli::command()).try_get_matches_from(arguments))?;
    Cli::from_arg_matches(&matches)
}

/// With the options and the help of every command.
fn built(mut command: clap::Command) -> clap::Command {
    command.build();
    command
}

/// Vagrant's exit codes: help is 0 on stdout, an unknown command 1 with the usage on stdout, any other mistake 1 on stderr.
fn explain_usage(arguments: &[OsString], error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    let asked_for = |flag: &str| arguments.iter().any(|it| it == flag) && error.use_stderr();
    if asked_for("--json") {
        let ui = Ui::new(Style { json: true, ..PLAIN });
        ui.failure("Vagrant::Errors::CLIInvalidUsage", text.trim_end(), None);
        ui.end(1);
        return 1;
    }
    if asked_for("--machine-readable") {
        let ui = Ui::new(Style {
            machine_readable: true,
            ..PLAIN
        });
        ui.event("", "ui", &["error", text.trim_end()]);
        return 1;
    }
    match error.kind() {
        ErrorKind::DisplayHelp => print_early(&text),
        ErrorKind::InvalidSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            print_early(&text);
            1
        }
        _ => fail_early(text.trim_end()),
    }
}

fn is_called_vagrant(arguments: &[OsString]) -> bool {
    arguments
        .first()
        .map(Path::new)
        .and_then(Path::file_stem)
        .is_some_and(|it| it == "vagrant")
}

/// Before anything is known of the user's wishes, there is only plain text.
fn print_early(text: &str) -> u8 {
    plain_ui().data(&format!("{}\n", text.trim_end()));
    0
}

fn fail_early(text: &str) -> u8 {
    plain_ui().say(Kind::Error, text);
    1
}

fn plain_ui() -> Ui {
    Ui::new(PLAIN)
}

/// No colours, no bars, no questions.
const PLAIN: Style = Style {
    machine_readable: false,
    json: false,
    color: false,
    timestamp: false,
    bars: false,
    interactive: false,
};

fn start(environment: Environment, global: &GlobalOptions, command: Command) -> u8 {
    faults::arm(&environment);
    let ui = Arc::new(Ui::new(style(&environment, global)));
    start_log(&environment, global, &ui);
    // What these print is not the program's own.
    let is_passed_on = matches!(
        command,
        Command::Ssh(_) | Command::RsyncTransport(_) | Command::Complete(_)
    );
    let result = Home::find(&environment).map_err(Error::from).and_then(|home| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Runtime)?;
        // A session passes signals on to the guest.
        let is_session = matches!(command, Command::Ssh(_));
        let interrupt = if is_session {
            Interrupt::deaf()
        } else {
            Interrupt::listen().map_err(Error::Runtime)?
        };
        let code = runtime.block_on(async {
            let context = Context {
                environment,
                home,
                ui: ui.clone(),
                interrupt,
                no_tty: global.no_tty,
                box_turn: tokio::sync::Mutex::default(),
                offline: global.offline,
                locked: command.is_locked(),
                trust: global.trust,
            };
            tokio::select! {
                result = command.run(&context) => result.unwrap_or_else(|error| report(&context.ui, &error)),
                () = context.interrupt.raised_twice() => 1,
            }
        });
        // What a dropped step has left on other threads must not keep the user waiting.
        runtime.shutdown_background();
        Ok(code)
    });
    let code = result.unwrap_or_else(|error| report(&ui, &error));
    if !is_passed_on {
        ui.end(code);
    }
    code
}

/// Tells the user what went wrong; returns the exit code.
pub fn report(ui: &Ui, error: &Error) -> u8 {
    if ui.style().json {
        ui.failure(error.class(), &error.explanation(), error.advice().as_deref());
    } else if ui.style().machine_readable {
        ui.event("", "error-exit", &[error.class(), &error.render()]);
    } else {
        // An error repeats what files and guests say, which may hold what steers a terminal.
        ui.say(Kind::Error, &visible_lines(&error.render()));
    }
    error.exit_code()
}

fn style(environment: &Environment, global: &GlobalOptions) -> Style {
    let forced = global.color || environment.variable("VAGRANT_FORCE_COLOR").is_some();
    let forbidden = global.no_color
        || ["NO_COLOR", "VAGRANT_NO_COLOR"]
            .iter()
            .any(|it| environment.variable(it).is_some());
    let for_programs = global.machine_readable || global.json;
    Style {
        machine_readable: global.machine_readable && !global.json,
        json: global.json,
        color: !for_programs && !forbidden && (forced || environment.stdout_is_terminal),
        timestamp: global.timestamp || global.debug_timestamp,
        bars: environment.stderr_is_terminal && !global.no_tty && !for_programs,
        interactive: environment.stdin_is_terminal && environment.stderr_is_terminal && !global.no_tty && !for_programs,
    }
}

/// What `--debug` shows: this program's own parts. The libraries below it log keys and headers, too.
const OWN_PARTS: &str = "warn,jaunt=debug,boxes=debug,providers=debug,synced_folders=debug,vagrantfile=debug";

/// `--debug`, or `VAGRANT_LOG` with a level as in Vagrant.
fn start_log(environment: &Environment, global: &GlobalOptions, ui: &Arc<Ui>) {
    let wanted = (global.debug || global.debug_timestamp).then(|| OWN_PARTS.to_owned());
    let Some(level) = wanted
        .or_else(|| environment.text("JAUNT_LOG"))
        .or_else(|| environment.text("VAGRANT_LOG"))
    else {
        return;
    };
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(if level == "fatal" { "error" } else { &level });
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(ui.style().color && environment.stderr_is_terminal)
        .with_writer(Aside(ui.clone()));
    if global.debug_timestamp {
        subscriber.init()
    } else {
        subscriber.without_time().init()
    }
}

/// The log's way to the user, past the masking of secrets. A line comes in one piece.
struct Aside(Arc<Ui>);

impl std::io::Write for &Aside {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.aside(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Aside {
    type Writer = &'a Aside;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Command {
    /// Whether boxes are to be those of the lock file.
    fn is_locked(&self) -> bool {
        matches!(self, Command::Up(it) if it.0.locked)
    }

    async fn run(self, context: &Context) -> Result<u8> {
        match self {
            Command::Autocomplete(it) => it.0.run(context),
            Command::Box(it) => it.0.run(context).await,
            Command::Cap(it) => it.0.run(context).await,
            Command::Cloud(it) => it.0.run(context, "cloud"),
            Command::Complete(it) => it.0.run(context).await,
            Command::Config(it) => it.0.run(context),
            Command::Destroy(it) => it.0.run(context).await,
            Command::DockerExec(it) => it.0.run(context, "docker-exec"),
            Command::DockerLogs(it) => it.0.run(context, "docker-logs"),
            Command::DockerRun(it) => it.0.run(context, "docker-run"),
            Command::Gc(it) => it.0.run(context).await,
            Command::GlobalStatus(it) => it.0.run(context).await,
            Command::Halt(it) => it.0.run(context).await,
            Command::Package(it) => it.0.run(context).await,
            Command::Init(it) => it.0.run(context),
            Command::ListCommands(it) => it.0.run(context),
            Command::Login(it) => it.0.run(context, "login"),
            Command::Man(it) => it.0.run(context),
            Command::Plugin(it) => it.0.run(context),
            Command::Powershell(it) => it.0.run(context, "powershell"),
            Command::Provider(it) => it.0.run(context).await,
            Command::Push(it) => it.0.run(context, "push"),
            Command::Rdp(it) => it.0.run(context, "rdp"),
            Command::Port(it) => it.0.run(context).await,
            Command::Provision(it) => it.0.run(context).await,
            Command::Reload(it) => it.0.run(context).await,
            Command::Resume(it) => it.0.run(context).await,
            Command::Rsync(it) => it.0.run(context).await,
            Command::RsyncAuto(it) => it.0.run(context).await,
            Command::RsyncTransport(it) => it.0.run().await,
            Command::Serve(it) => it.0.run(context, "serve"),
            Command::Snapshot(it) => it.0.run(context).await,
            Command::Ssh(it) => it.0.run(context).await,
            Command::SshConfig(it) => it.0.run(context).await,
            Command::Status(it) => it.0.run(context).await,
            Command::Suspend(it) => it.0.run(context).await,
            Command::Trust(it) => it.0.run(context),
            Command::Up(it) => it.0.run(context).await,
            Command::Upload(it) => it.0.run(context).await,
            Command::Validate(it) => it.0.run(context).await,
            Command::Version(it) => it.0.run(context),
            Command::Winrm(it) => it.0.run(context, "winrm"),
            Command::WinrmConfig(it) => it.0.run(context, "winrm-config"),
        }
    }
}

/// Does the same to several machines, one after the other. One that fails is reported, and the others go on.
async fn for_each(
    context: &Context,
    targets: Vec<Target>,
    mut action: impl AsyncFnMut(&Target) -> Result<()>,
) -> Result<u8> {
    let mut first_error = None;
    let count = targets.len();
    for target in targets {
        match action(&target).await {
            Ok(()) => {}
            Err(error) if error.is_interrupt() || count == 1 => return Err(error),
            Err(error) => {
                report(&context.ui, &error);
                first_error.get_or_insert(error.exit_code());
            }
        }
    }
    Ok(first_error.unwrap_or(0))
}

/// `--provision`, `--no-provision` and `--provision-with`, which several commands share.
#[derive(Debug, Clone, Default, Args)]
pub struct ProvisionOptions {
    /// Run the provisioners, also where they have run before
    #[arg(long, overrides_with = "no_provision")]
    pub provision: bool,

    /// Run no provisioners
    #[arg(long)]
    pub no_provision: bool,

    /// Run only these provisioners, named or typed, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub provision_with: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn the_log_shows_no_secret() {
        let mut shown = tempfile::tempfile().unwrap();
        let style = plain_ui().style();
        let err = shown.try_clone().unwrap();
        let ui = Arc::new(Ui::on(style, Box::new(std::io::sink()), Box::new(err)));
        ui.keep_secret("hunter2");
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(Aside(ui))
            .finish();

        tracing::subscriber::with_default(subscriber, || tracing::warn!(password = "hunter2", "logging in"));

        let mut text = String::new();
        shown.rewind().unwrap();
        shown.read_to_string(&mut text).unwrap();
        assert_eq!(
            text.replace(module_path!(), "HERE"),
            " WARN HERE: logging in password=\"*****\"\n"
        );
    }
}
