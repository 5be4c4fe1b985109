//! What every command works with. It stands below the commands, so that projects, machines and lifecycle need not know them.

use std::sync::Arc;

use crate::environment::Environment;
use crate::lifecycle::interrupt::Interrupt;
use crate::state::home::Home;
use crate::ui::Ui;

/// The surroundings of one run of the program.
pub struct Context {
    /// The process's surroundings.
    pub environment: Environment,
    /// The user's folder.
    pub home: Home,
    /// The way to the user.
    pub ui: Arc<Ui>,
    /// Whether the user wants it to end.
    pub interrupt: Interrupt,
    /// Machines that come up at once and lack a box take turns: the first one fetches it for all.
    pub box_turn: tokio::sync::Mutex<()>,
    /// `--no-tty`: terminals are not to be used as such.
    pub no_tty: bool,
    /// `--offline`: no connection is made, but to the project's own machines.
    pub offline: bool,
    /// `--locked`: boxes are those of the lock file, to the byte.
    pub locked: bool,
    /// `--trust`: the Vagrantfile may act on this computer.
    pub trust: bool,
}
