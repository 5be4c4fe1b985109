//! The puppet provisioner: `puppet apply` in the guest, with manifests and modules that were synced there before.
//!
//! One script does it all: it looks for the folders and for Puppet, writes what is written, and runs it. The manifests and
//! modules themselves are folders of the machine like any other ([`Puppet::folders`]), so that they travel together with them.

use std::path::{Path, PathBuf};

use super::{Action, Error, Refusal, Script, assignments, quote};
use crate::digest;

/// Where modules are looked for besides the given ones.
const DEFAULT_MODULES: &str = "/etc/puppet/modules";

/// Where facts that are tables go.
const FACTS: &str = "/etc/puppetlabs/facter/facts.d/vagrant_facts.yaml";

const NO_PUPPET: u32 = 97;
const NO_FOLDER: u32 = 98;

/// Exit codes of the script that say what is missing: Puppet itself has none of these.
const REFUSALS: &[(u32, Refusal)] = &[(NO_PUPPET, Refusal::NoPuppet), (NO_FOLDER, Refusal::NoFolder)];

/// What `puppet apply` is run with.
#[derive(Debug, Clone, PartialEq)]
pub struct Puppet {
    /// The folder of the manifests; `None` where an environment has them.
    pub manifests_path: Option<Place>,
    /// The manifest in that folder.
    pub manifest_file: Option<String>,
    /// The folder of the environments.
    pub environment_path: Option<Place>,
    /// The environment.
    pub environment: String,
    /// Variables that Puppet sees.
    pub environment_variables: Vec<(String, String)>,
    /// Folders of modules, absolute.
    pub module_path: Vec<PathBuf>,
    /// Hiera's configuration, absolute.
    pub hiera_config_path: Option<PathBuf>,
    /// Facts that the manifests see.
    pub facter: Vec<(String, serde_json::Value)>,
    /// Whether facts may be tables and lists.
    pub structured_facts: bool,
    /// Further arguments, as the guest's shell reads them.
    pub options: Vec<String>,
    /// The kind of folder that brings manifests and modules into the guest.
    pub synced_folder_type: Option<String>,
    /// Arguments of that folder.
    pub synced_folder_args: Vec<String>,
    /// Where Puppet's files are in the guest.
    pub temp_dir: String,
    /// The folder in the guest that Puppet starts in.
    pub working_directory: Option<String>,
    /// The folder in the guest that has Puppet.
    pub binary_path: Option<String>,
}

/// A folder of the host that is brought into the guest, or one that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On the host, absolute.
    Host(PathBuf),
    /// In the guest.
    Guest(String),
}

/// A folder that must be in the guest before Puppet runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFolder {
    /// The folder on the host, absolute.
    pub host: PathBuf,
    /// Where it goes in the guest; the folder's id too.
    pub guest: String,
    /// Who owns it there; `None` is the login user.
    pub owner: Option<&'static str>,
    /// The kind of folder; `None` is the machine's usual one.
    pub kind: Option<String>,
    /// Arguments of that kind.
    pub args: Vec<String>,
}

impl Puppet {
    /// The folders that it needs in the guest.
    pub fn folders(&self) -> Vec<SharedFolder> {
        let mut folders = Vec::new();
        if let Some(Place::Host(host)) = &self.environment_path {
            folders.push(self.shared(host, self.environments()));
        }
        if let (Some(Place::Host(host)), Some(_)) = (&self.manifests_path, &self.manifest_file) {
            folders.push(self.shared(host, self.manifests(host)));
        }
        folders.extend(
            self.module_path
                .iter()
                .map(|host| self.shared(host, self.modules(host))),
        );
        folders
    }

    fn shared(&self, host: &Path, guest: String) -> SharedFolder {
        SharedFolder {
            host: host.to_owned(),
            guest,
            owner: self.synced_folder_type.is_none().then_some("root"),
            kind: self.synced_folder_type.clone(),
            args: self.synced_folder_args.clone(),
        }
    }

    /// What is done; `hiera` is the content of Hiera's configuration, `color` whether Puppet may use colours.
    pub fn actions(&self, hiera: Option<&str>, color: bool) -> Result<Vec<Action>, Error> {
        let what = match (&self.environment_path, &self.manifest_file) {
            (Some(_), _) => format!("environment {}", self.environment),
            (None, manifest) => manifest.clone().unwrap_or_default(),
        };
        let script = Script {
            text: self.script(hiera, color)?,
            as_root: true,
            also_good: &[2],
            refusals: REFUSALS,
            ..Script::default()
        };
        Ok(vec![
            Action::Say(format!("Running Puppet with {what}...")),
            Action::Script(script),
        ])
    }

    fn script(&self, hiera: Option<&str>, color: bool) -> Result<String, Error> {
        let mut script = format!("temp_dir={}\nmkdir -p \"$temp_dir\" || exit\n", quote(&self.temp_dir));
        for folder in self.folders() {
            let guest = quote(&folder.guest);
            script += &format!("[ -d {guest} ] || {{ printf '%s\\n' {guest} >&2; exit {NO_FOLDER}; }}\n");
        }
        script += &self.find_puppet();
        script += &self.find_manifest()?;
        if let Some(hiera) = hiera {
            script += &format!("printf %s {} > \"$temp_dir/hiera.yaml\" || exit\n", quote(hiera));
        }
        script += &self.write_facts();
        if let Some(folder) = &self.working_directory {
            script += &format!("cd {} || exit\n", quote(folder));
        }
        let variables = self
            .environment_variables
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        let all: Vec<(String, String)> = variables.chain(self.plain_facts()).collect();
        script += &assignments(all.iter().map(|(name, value)| (&**name, &**value)))?;
        script += &format!(
            "\"$puppet\" apply{} \"$manifest\"\n",
            self.arguments(hiera.is_some(), color)
        );
        Ok(script)
    }

    fn find_puppet(&self) -> String {
        match &self.binary_path {
            Some(folder) => {
                let puppet = quote(&format!("{}/puppet", folder.trim_end_matches('/')));
                format!("puppet={puppet}\n[ -x \"$puppet\" ] || exit {NO_PUPPET}\n")
            }
            None => format!(
                "puppet=puppet\n\
                 if ! command -v puppet >/dev/null 2>&1; then\n  \
                 puppet=/opt/puppetlabs/bin/puppet\n  \
                 [ -x \"$puppet\" ] || exit {NO_PUPPET}\n\
                 fi\n"
            ),
        }
    }

    fn find_manifest(&self) -> Result<String, Error> {
        if let Some(file) = &self.manifest_file {
            let folder = match &self.manifests_path {
                Some(Place::Host(host)) => self.manifests(host),
                Some(Place::Guest(guest)) => guest.clone(),
                // An environment's own folder holds it then.
                None => format!("{}/{}/manifests", self.environments(), self.environment_name()?),
            };
            return Ok(format!("manifest={}\n", quote(&join(&folder, file))));
        }
        let (environments, environment) = (self.environments(), self.environment_name()?);
        let code_folder = Path::new(&environments)
            .parent()
            .map_or(String::new(), |it| it.display().to_string());
        let (environments, code_folder) = (quote(&environments), quote(&code_folder));
        let variables = format!("environments={environments}\ncode_folder={code_folder}\nenvironment={environment}\n");
        Ok(variables + FIND_ENVIRONMENTS_MANIFEST)
    }

    fn environment_name(&self) -> Result<&str, Error> {
        let name = &self.environment;
        if name.is_empty() || !name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_') {
            return Err(Error::EnvironmentName { name: name.clone() });
        }
        Ok(name)
    }

    fn write_facts(&self) -> String {
        if !self.structured_facts || self.facter.is_empty() {
            return String::new();
        }
        // JSON is YAML.
        let facts: serde_json::Map<_, _> = self.facter.iter().cloned().collect();
        let text = serde_json::Value::Object(facts).to_string();
        let folder = Path::new(FACTS)
            .parent()
            .map_or(String::new(), |it| it.display().to_string());
        format!(
            "mkdir -p {folder} && printf '%s\\n' {} > {FACTS} || exit\n",
            quote(&text)
        )
    }

    /// Facts as variables, where they are no tables.
    fn plain_facts(&self) -> Vec<(String, String)> {
        if self.structured_facts {
            return Vec::new();
        }
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        self.facter
            .iter()
            .map(|(name, value)| (format!("FACTER_{name}"), text(value)))
            .collect()
    }

    fn arguments(&self, has_hiera: bool, color: bool) -> String {
        let mut arguments: String = self.options.iter().map(|it| format!(" {it}")).collect();
        if !self.module_path.is_empty() {
            let guests = self.module_path.iter().map(|it| self.modules(it));
            let path: Vec<String> = guests.chain([DEFAULT_MODULES.to_owned()]).collect();
            arguments += &format!(" --modulepath {}", quote(&path.join(":")));
        }
        if has_hiera {
            arguments += " --hiera_config=\"$temp_dir/hiera.yaml\"";
        }
        if !color {
            arguments += " --color=false";
        }
        arguments += " --detailed-exitcodes";
        if self.environment_path.is_some() {
            let (path, name) = (quote(&format!("{}/", self.environments())), quote(&self.environment));
            arguments += &format!(" --environmentpath {path} --environment {name}");
        }
        arguments
    }

    fn manifests(&self, host: &Path) -> String {
        join(&self.temp_dir, &format!("manifests-{:.32}", digest(host)))
    }

    fn modules(&self, host: &Path) -> String {
        join(&self.temp_dir, &format!("modules-{:.32}", digest(host)))
    }

    fn environments(&self) -> String {
        match &self.environment_path {
            Some(Place::Guest(guest)) => guest.trim_end_matches('/').to_owned(),
            Some(Place::Host(_)) | None => join(&self.temp_dir, "environments"),
        }
    }
}

/// `puppet apply` does not read the manifest's place from the environment's configuration: this does.
const FIND_ENVIRONMENTS_MANIFEST: &str = r#"manifest=$environments/$environment/manifests
configuration=$environments/$environment/environment.conf
if [ -e "$configuration" ]; then
  found=$(sed -n 's/^[[:space:]]*manifest[[:space:]]*=[[:space:]]*\([^[:space:]]*\).*/\1/p' "$configuration" | tail -n 1)
  while :; do
    case $found in
      *'$codedir'*) found=${found%%'$codedir'*}$code_folder${found#*'$codedir'} ;;
      *'$environment'*) found=${found%%'$environment'*}$environment${found#*'$environment'} ;;
      *) break ;;
    esac
  done
  case $found in
    '') ;;
    /*) manifest=$found ;;
    *) manifest=$environments/$environment/$found ;;
  esac
fi
"#;

fn join(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

fn digest(path: &Path) -> String {
    digest::sha256(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::super::run::show;
    use super::*;

    fn puppet() -> Puppet {
        Puppet {
            manifests_path: Some(Place::Host("/project/manifests".into())),
            manifest_file: Some("site.pp".to_owned()),
            environment_path: None,
            environment: String::new(),
            environment_variables: Vec::new(),
            module_path: Vec::new(),
            hiera_config_path: None,
            facter: Vec::new(),
            structured_facts: false,
            options: Vec::new(),
            synced_folder_type: None,
            synced_folder_args: Vec::new(),
            temp_dir: "/tmp/vagrant-puppet".to_owned(),
            working_directory: None,
            binary_path: None,
        }
    }

    fn check(puppet: &Puppet, hiera: Option<&str>, color: bool, expected: Expect) {
        let text = match puppet.actions(hiera, color) {
            Ok(actions) => show(&actions),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn the_seeds_manifest_is_applied() {
        check(
            &puppet(),
            None,
            false,
            expect![[r#"
                say: Running Puppet with site.pp...
                run as root, 0 and [2] are good:
                temp_dir='/tmp/vagrant-puppet'
                mkdir -p "$temp_dir" || exit
                [ -d '/tmp/vagrant-puppet/manifests-65368140b29d23f37f2c50fd0332d0cc' ] || { printf '%s\n' '/tmp/vagrant-puppet/manifests-65368140b29d23f37f2c50fd0332d0cc' >&2; exit 98; }
                puppet=puppet
                if ! command -v puppet >/dev/null 2>&1; then
                  puppet=/opt/puppetlabs/bin/puppet
                  [ -x "$puppet" ] || exit 97
                fi
                manifest='/tmp/vagrant-puppet/manifests-65368140b29d23f37f2c50fd0332d0cc/site.pp'
                "$puppet" apply --color=false --detailed-exitcodes "$manifest"
            "#]],
        );
    }

    #[test]
    fn every_option_has_its_place() {
        let puppet = Puppet {
            module_path: vec!["/project/modules".into(), "/other modules".into()],
            hiera_config_path: Some("/project/hiera.yaml".into()),
            facter: vec![("role".to_owned(), json!("it's web")), ("count".to_owned(), json!(3))],
            options: vec!["--verbose --debug".to_owned(), "--noop".to_owned()],
            environment_variables: vec![("HTTP_PROXY".to_owned(), "http://proxy/$x".to_owned())],
            working_directory: Some("/vagrant".to_owned()),
            binary_path: Some("/opt/puppet/bin/".to_owned()),
            ..puppet()
        };
        check(
            &puppet,
            Some("version: 5\n"),
            true,
            expect![[r#"
                say: Running Puppet with site.pp...
                run as root, 0 and [2] are good:
                temp_dir='/tmp/vagrant-puppet'
                mkdir -p "$temp_dir" || exit
                [ -d '/tmp/vagrant-puppet/manifests-65368140b29d23f37f2c50fd0332d0cc' ] || { printf '%s\n' '/tmp/vagrant-puppet/manifests-65368140b29d23f37f2c50fd0332d0cc' >&2; exit 98; }
                [ -d '/tmp/vagrant-puppet/modules-ce399df749700465dcda76cad2ab56ce' ] || { printf '%s\n' '/tmp/vagrant-puppet/modules-ce399df749700465dcda76cad2ab56ce' >&2; exit 98; }
                [ -d '/tmp/vagrant-puppet/modules-d7d537dd9ed77e4bed5feab005f1650b' ] || { printf '%s\n' '/tmp/vagrant-puppet/modules-d7d537dd9ed77e4bed5feab005f1650b' >&2; exit 98; }
                puppet='/opt/puppet/bin/puppet'
                [ -x "$puppet" ] || exit 97
                manifest='/tmp/vagrant-puppet/manifests-65368140b29d23f37f2c50fd0332d0cc/site.pp'
                printf %s 'version: 5
                ' > "$temp_dir/hiera.yaml" || exit
                cd '/vagrant' || exit
                HTTP_PROXY='http://proxy/$x' FACTER_role='it'\''s web' FACTER_count='3' "$puppet" apply --verbose --debug --noop --modulepath '/tmp/vagrant-puppet/modules-ce399df749700465dcda76cad2ab56ce:/tmp/vagrant-puppet/modules-d7d537dd9ed77e4bed5feab005f1650b:/etc/puppet/modules' --hiera_config="$temp_dir/hiera.yaml" --detailed-exitcodes "$manifest"
            "#]],
        );
    }

    #[test]
    fn an_environment_names_its_own_manifest() {
        let puppet = Puppet {
            manifests_path: None,
            manifest_file: None,
            environment_path: Some(Place::Host("/project/environments".into())),
            environment: "production".to_owned(),
            structured_facts: true,
            facter: vec![("roles".to_owned(), json!(["web", {"a": "it's"}]))],
            ..puppet()
        };
        check(
            &puppet,
            None,
            true,
            expect![[r#"
                say: Running Puppet with environment production...
                run as root, 0 and [2] are good:
                temp_dir='/tmp/vagrant-puppet'
                mkdir -p "$temp_dir" || exit
                [ -d '/tmp/vagrant-puppet/environments' ] || { printf '%s\n' '/tmp/vagrant-puppet/environments' >&2; exit 98; }
                puppet=puppet
                if ! command -v puppet >/dev/null 2>&1; then
                  puppet=/opt/puppetlabs/bin/puppet
                  [ -x "$puppet" ] || exit 97
                fi
                environments='/tmp/vagrant-puppet/environments'
                code_folder='/tmp/vagrant-puppet'
                environment=production
                manifest=$environments/$environment/manifests
                configuration=$environments/$environment/environment.conf
                if [ -e "$configuration" ]; then
                  found=$(sed -n 's/^[[:space:]]*manifest[[:space:]]*=[[:space:]]*\([^[:space:]]*\).*/\1/p' "$configuration" | tail -n 1)
                  while :; do
                    case $found in
                      *'$codedir'*) found=${found%%'$codedir'*}$code_folder${found#*'$codedir'} ;;
                      *'$environment'*) found=${found%%'$environment'*}$environment${found#*'$environment'} ;;
                      *) break ;;
                    esac
                  done
                  case $found in
                    '') ;;
                    /*) manifest=$found ;;
                    *) manifest=$environments/$environment/$found ;;
                  esac
                fi
                mkdir -p /etc/puppetlabs/facter/facts.d && printf '%s\n' '{"roles":["web",{"a":"it'\''s"}]}' > /etc/puppetlabs/facter/facts.d/vagrant_facts.yaml || exit
                "$puppet" apply --detailed-exitcodes --environmentpath '/tmp/vagrant-puppet/environments/' --environment 'production' "$manifest"
            "#]],
        );
    }

    #[test]
    fn manifests_in_the_guest_are_used_where_they_are() {
        let puppet = Puppet {
            manifests_path: Some(Place::Guest("/vagrant/manifests/".to_owned())),
            ..puppet()
        };
        check(
            &puppet,
            None,
            true,
            expect![[r#"
                say: Running Puppet with site.pp...
                run as root, 0 and [2] are good:
                temp_dir='/tmp/vagrant-puppet'
                mkdir -p "$temp_dir" || exit
                puppet=puppet
                if ! command -v puppet >/dev/null 2>&1; then
                  puppet=/opt/puppetlabs/bin/puppet
                  [ -x "$puppet" ] || exit 97
                fi
                manifest='/vagrant/manifests/site.pp'
                "$puppet" apply --detailed-exitcodes "$manifest"
            "#]],
        );
        assert_eq!(puppet.folders(), []);
    }

    #[test]
    fn an_environment_cannot_smuggle_in_a_command() {
        let puppet = Puppet {
            manifest_file: None,
            environment_path: Some(Place::Guest("/etc/puppet/environments".to_owned())),
            environment: "a'; reboot".to_owned(),
            ..puppet()
        };
        check(
            &puppet,
            None,
            true,
            expect![[
                r#""a'; reboot" cannot be the name of a Puppet environment: letters, digits and underscores are"#
            ]],
        );
    }

    #[test]
    fn folders_are_the_roots_unless_a_kind_is_asked_for() {
        let puppet = Puppet {
            module_path: vec!["/project/modules".into()],
            synced_folder_type: Some("rsync".to_owned()),
            synced_folder_args: vec!["-a".to_owned()],
            ..puppet()
        };
        expect![[r#"
            [
                SharedFolder {
                    host: "/project/manifests",
                    guest: "/tmp/vagrant-puppet/manifests-65368140b29d23f37f2c50fd0332d0cc",
                    owner: None,
                    kind: Some(
                        "rsync",
                    ),
                    args: [
                        "-a",
                    ],
                },
                SharedFolder {
                    host: "/project/modules",
                    guest: "/tmp/vagrant-puppet/modules-ce399df749700465dcda76cad2ab56ce",
                    owner: None,
                    kind: Some(
                        "rsync",
                    ),
                    args: [
                        "-a",
                    ],
                },
            ]"#]]
        .assert_eq(&format!("{:#?}", puppet.folders()));
    }

    #[test]
    fn the_environments_configuration_is_read_by_a_real_shell() {
        let folder = tempfile::tempdir().unwrap();
        let environments = folder.path().join("it's code/environments");
        let production = environments.join("production");
        std::fs::create_dir_all(&production).unwrap();
        let puppet = Puppet {
            manifests_path: None,
            manifest_file: None,
            environment_path: Some(Place::Guest(environments.display().to_string())),
            environment: "production".to_owned(),
            ..puppet()
        };
        let manifest = |configuration: Option<&str>| {
            if let Some(text) = configuration {
                std::fs::write(production.join("environment.conf"), text).unwrap();
            }
            let script = format!("{}printf %s \"$manifest\"", puppet.find_manifest().unwrap());
            let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
            String::from_utf8(output.stdout)
                .unwrap()
                .replace(&folder.path().display().to_string(), "")
        };
        assert_eq!(manifest(None), "/it's code/environments/production/manifests");
        assert_eq!(
            manifest(Some("modulepath = x\n")),
            "/it's code/environments/production/manifests"
        );
        assert_eq!(
            manifest(Some("manifest = site.pp\n")),
            "/it's code/environments/production/site.pp"
        );
        let both = "manifest = $codedir/environments/$environment/$environment.pp # x\n";
        assert_eq!(manifest(Some(both)), "/it's code/environments/production/production.pp");
    }
}
