//! `jaunt up`.

use clap::Args;

use super::ProvisionOptions;
use super::several::Several;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::{self, ProvisionWish};
use crate::project::{Project, Wish};

/// Create, start and provision the project's machines
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Names, /patterns/ or ids of machines; all that start by themselves where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// The backend that runs new machines
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// The provider whose blocks of the Vagrantfile are applied when QEMU runs the machine
    #[arg(long = "for", value_name = "PROVIDER")]
    settings_of: Option<String>,

    #[command(flatten)]
    provision: ProvisionOptions,

    /// Take the boxes of Vagrantfile.lock to the byte, or none
    #[arg(long)]
    pub locked: bool,

    /// Accepted for Vagrant's sake: a machine that did not come up is kept, and the next `up` goes on
    #[arg(long, overrides_with = "no_destroy_on_error")]
    destroy_on_error: bool,

    #[arg(long, hide = true)]
    no_destroy_on_error: bool,

    /// Bring up so many machines at once; JAUNT_PARALLEL, else as many as there are processors, where it is not said
    #[arg(
        long,
        value_name = "COUNT",
        num_args = 0..=1,
        require_equals = true,
        value_parser = clap::value_parser!(u16).range(1..),
        overrides_with = "no_parallel"
    )]
    parallel: Option<Option<u16>>,

    /// Bring the machines up one after the other
    #[arg(long)]
    no_parallel: bool,

    /// Accepted for Vagrant's sake: Jaunt installs no backends
    #[arg(long, overrides_with = "no_install_provider")]
    install_provider: bool,

    #[arg(long, hide = true)]
    no_install_provider: bool,
}

impl UpArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let wish = Wish {
            provider: self.provider,
            settings_of: self.settings_of,
            ignore_provider: false,
        };
        let provision = ProvisionWish::from(self.provision);
        let targets = Project::autostart_targets(context, &self.machines)?;
        let several = Several::upwards(context, targets, &wish, true)?;
        let several = match self.parallel.flatten() {
            _ if self.no_parallel => several.one_by_one(),
            Some(bound) => several.at_once(bound.into()),
            None => several,
        };
        several
            .each(context, async |target| {
                lifecycle::up(context, target, &wish, &provision).await
            })
            .await
    }
}
