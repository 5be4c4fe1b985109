//! From the configuration of a machine's provisioners to what is run.

use crate::config::provisioners::{
    Provisioner as Configured, ProvisionerConfig, Puppet, PuppetPath, Run as When, Shell, ShellArgs, ShellSource,
};
use crate::error::{Error, Result};
use crate::provisioners::puppet::Place;
use crate::provisioners::shell::{Args, Checksum, Source};
use crate::provisioners::{Provisioner, Run, Task, file, puppet, shell};

use super::Machine;

/// The machine's provisioners in the order in which they run. The error names one that is not built in.
pub fn provisioners(machine: &Machine) -> Result<Vec<Provisioner>> {
    machine.config.provisioners.iter().map(provisioner).collect()
}

fn provisioner(configured: &Configured) -> Result<Provisioner> {
    Ok(Provisioner {
        name: configured.name.clone(),
        run: match configured.run {
            When::Once => Run::Once,
            When::Always => Run::Always,
            When::Never => Run::Never,
        },
        task: match &configured.config {
            ProvisionerConfig::Shell(it) => Task::Shell(shell_task(it)),
            ProvisionerConfig::File(it) => Task::File(file::File {
                source: it.source.clone(),
                written_source: it.written_source.clone(),
                destination: it.destination.clone(),
            }),
            ProvisionerConfig::Puppet(it) => Task::Puppet(puppet_task(it)),
            ProvisionerConfig::Other => return Err(not_built_in(configured)),
        },
    })
}

fn not_built_in(configured: &Configured) -> Error {
    Error::Refused {
        what: format!("the provisioner `{}` is not built into this version", configured.kind),
        advice: "`--provision-with` with the names of others leaves it out".to_owned(),
    }
}

fn shell_task(it: &Shell) -> shell::Shell {
    let checksum = it.checksum.as_ref().map(|it| Checksum {
        kind: it.kind.clone(),
        digest: it.digest.clone(),
    });
    shell::Shell {
        source: it.source.as_ref().map(|it| match it {
            ShellSource::Inline(text) => Source::Inline(text.clone()),
            ShellSource::Path(path) => Source::Path(path.clone()),
            ShellSource::Url(url) => Source::Url {
                url: url.clone(),
                checksum: checksum.clone(),
            },
        }),
        args: match &it.args {
            ShellArgs::None => Args::None,
            ShellArgs::Text(text) => Args::Text(text.clone()),
            ShellArgs::List(list) => Args::List(list.clone()),
        },
        env: it.env.clone(),
        privileged: it.privileged,
        binary: it.binary,
        keep_color: it.keep_color,
        name: it.name.clone(),
        sensitive: it.sensitive,
        upload_path: it.upload_path.clone(),
        reboot: it.reboot,
        reset: it.reset,
    }
}

fn puppet_task(it: &Puppet) -> puppet::Puppet {
    let place = |it: &PuppetPath| match it {
        PuppetPath::Host(path) => Place::Host(path.clone()),
        PuppetPath::Guest(path) => Place::Guest(path.clone()),
    };
    puppet::Puppet {
        manifests_path: it.manifests_path.as_ref().map(place),
        manifest_file: it.manifest_file.clone(),
        environment_path: it.environment_path.as_ref().map(place),
        environment: it.environment.clone(),
        environment_variables: it.environment_variables.clone(),
        module_path: it.module_path.clone(),
        hiera_config_path: it.hiera_config_path.clone(),
        facter: it
            .facter
            .iter()
            .map(|(name, value)| (name.clone(), super::json::json(value)))
            .collect(),
        structured_facts: it.structured_facts,
        options: it.options.clone(),
        synced_folder_type: it.synced_folder_type.clone(),
        synced_folder_args: it.synced_folder_args.clone(),
        temp_dir: it.temp_dir.clone(),
        working_directory: it.working_directory.clone(),
        binary_path: it.binary_path.clone(),
    }
}
