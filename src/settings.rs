//! The user's settings: `settings.toml` in the home folder. docs/settings.md says what it may say.
//!
//! **Invariant:** a secret in the file itself counts only where nobody else can read the file.

use std::path::{Path, PathBuf};

use boxes::{Access, Account, Mirror, Place, PlaceKind};
use serde::Deserialize;

use crate::context::Context;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::state::read_optional;

/// What the user wants, besides Vagrantfiles.
#[derive(Debug, Default)]
pub struct Settings {
    /// Whether `Vagrantfile.lock` is written and read.
    pub lock: bool,
    /// The places that are asked for boxes by name, in their order; empty for the usual ones.
    pub places: Vec<Place>,
    /// Who the user is to which server.
    pub accounts: Vec<Account>,
    /// Other places of what is at some address.
    pub mirrors: Vec<Mirror>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    boxes: Boxes,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Boxes {
    lock: Option<bool>,
    #[serde(default, rename = "place")]
    places: Vec<PlaceText>,
    #[serde(default, rename = "mirror")]
    mirrors: Vec<MirrorText>,
    #[serde(default, rename = "account")]
    accounts: Vec<AccountText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceText {
    kind: String,
    #[serde(default)]
    url: String,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
    token_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountText {
    url: String,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
    token_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MirrorText {
    of: String,
    at: String,
}

/// Where a secret is: in the settings themselves, in a file, or in a variable of the environment.
struct Secret<'a> {
    here: &'a Option<String>,
    file: &'a Option<PathBuf>,
    variable: &'a Option<String>,
}

impl Settings {
    /// Reads the user's settings; where there are none, the usual ones. Secrets are never shown from now on.
    pub fn load(context: &Context) -> Result<Self> {
        let path = context.home.settings();
        let Some(text) = read_optional(&path)? else {
            return Ok(Self {
                lock: true,
                ..Self::default()
            });
        };
        let reader = Reader {
            environment: &context.environment,
            path: &path,
        };
        let settings = reader.read(&text)?;
        for account in &settings.accounts {
            match &account.access {
                Access::Token(secret) | Access::Password { password: secret, .. } => context.ui.keep_secret(secret),
            }
        }
        Ok(settings)
    }
}

struct Reader<'a> {
    environment: &'a Environment,
    path: &'a Path,
}

impl Reader<'_> {
    fn read(&self, text: &str) -> Result<Settings> {
        let Text { boxes } = toml::from_str(text).map_err(|error| self.wrong(located(&error, text)))?;
        let mut settings = Settings {
            lock: boxes.lock.unwrap_or(true),
            ..Settings::default()
        };
        for it in boxes.places {
            let account = AccountText {
                url: it.url,
                user: it.user,
                password: it.password,
                password_file: it.password_file,
                password_env: it.password_env,
                token: it.token,
                token_file: it.token_file,
                token_env: it.token_env,
            };
            settings.accounts.extend(self.accounts(&account)?);
            settings.places.push(self.place(&it.kind, &account.url)?);
        }
        for it in &boxes.accounts {
            let accounts = self.accounts(it)?;
            if accounts.is_empty() {
                return Err(self.wrong(format!("the account for {} has neither a token nor a user", it.url)));
            }
            settings.accounts.extend(accounts);
        }
        let mirrors = boxes.mirrors.into_iter();
        settings.mirrors = mirrors.map(|it| Mirror { of: it.of, at: it.at }).collect();
        Ok(settings)
    }

    fn place(&self, kind: &str, url: &str) -> Result<Place> {
        let kind = PlaceKind::named(kind).ok_or_else(|| {
            self.wrong(format!(
                "`{kind}` is no kind of place: catalog, files, gitea, hcp, images and oci are"
            ))
        })?;
        if url.is_empty() && kind != PlaceKind::Images {
            return Err(self.wrong("a place has no `url`".to_owned()));
        }
        let is_path = !url.is_empty() && !url.contains("://");
        let url = match is_path {
            true => self.absolute(Path::new(url)).display().to_string(),
            false => url.to_owned(),
        };
        Ok(Place { kind, url })
    }

    fn accounts(&self, text: &AccountText) -> Result<Vec<Account>> {
        let token = self.secret(&Secret {
            here: &text.token,
            file: &text.token_file,
            variable: &text.token_env,
        })?;
        let password = self.secret(&Secret {
            here: &text.password,
            file: &text.password_file,
            variable: &text.password_env,
        })?;
        let access = match (token, &text.user, password) {
            (Some(token), None, None) => Access::Token(token),
            (None, Some(user), Some(password)) => Access::Password {
                user: user.clone(),
                password,
            },
            (None, None, None) => return Ok(Vec::new()),
            _ => {
                return Err(self.wrong(format!(
                    "{} has not either a token, or a user and a password",
                    boxes::shown_address(&text.url)
                )));
            }
        };
        Ok(accounts_of(&text.url, &access))
    }

    fn secret(&self, secret: &Secret<'_>) -> Result<Option<String>> {
        match (secret.here, secret.file, secret.variable) {
            (None, None, None) => Ok(None),
            (Some(here), None, None) => {
                self.check_private(self.path)?;
                Ok(Some(here.clone()))
            }
            (None, Some(file), None) => {
                let path = self.absolute(file);
                self.check_private(&path)?;
                let text = read_optional(&path)?;
                let text = text.ok_or_else(|| self.wrong(format!("{} is not there", path.display())))?;
                Ok(Some(text.trim().to_owned()))
            }
            // A variable that is not set is no secret: the place is asked without one.
            (None, None, Some(variable)) => Ok(self.environment.text(variable)),
            _ => Err(self.wrong("a secret is given in more than one way".to_owned())),
        }
    }

    /// Relative to the folder of the settings; `~/` is the user's home.
    fn absolute(&self, path: &Path) -> PathBuf {
        if let (Ok(rest), Some(home)) = (path.strip_prefix("~"), self.environment.user_home()) {
            return home.join(rest);
        }
        self.path.parent().unwrap_or(Path::new("/")).join(path)
    }

    #[cfg(unix)]
    fn check_private(&self, path: &Path) -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let is_open = path.metadata().is_ok_and(|it| it.mode() & 0o077 != 0);
        match is_open {
            false => Ok(()),
            true => Err(Error::Refused {
                what: format!("{} holds a secret, and others may read it", path.display()),
                advice: format!("`chmod 600 {}` closes it", path.display()),
            }),
        }
    }

    #[cfg(not(unix))]
    fn check_private(&self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn wrong(&self, reason: String) -> Error {
        Error::Settings {
            path: self.path.to_owned(),
            reason,
        }
    }
}

/// The mistake with its line. The line itself is not shown: it may hold a secret.
fn located(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|it| text.get(..it.start));
    let line = before.map(|it| it.matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

/// The account for a server, under the URLs that its requests have.
pub fn accounts_of(url: &str, access: &Access) -> Vec<Account> {
    let account = |url: String| Account {
        url,
        access: access.clone(),
    };
    let Some(rest) = url.strip_prefix("oci://") else {
        return vec![account(url.to_owned())];
    };
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let mut accounts = vec![account(format!("https://{host}/"))];
    // A registry on this computer itself may do without TLS.
    if matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        accounts.push(account(format!("http://{host}/")));
    }
    accounts
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = if text.contains("# closed") { 0o600 } else { 0o644 };
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let reader = Reader {
            environment: &Environment::of_process().unwrap(),
            path: &path,
        };
        let shown = match reader.read(text) {
            Ok(it) => format!("{it:#?}\n"),
            Err(error) => error.render() + "\n",
        };
        expected.assert_eq(&shown.replace(&folder.path().display().to_string(), "HOME"));
    }

    #[test]
    fn places_mirrors_and_accounts_are_read_in_their_order() {
        check(
            r#"# closed
                [boxes]
                lock = false

                [[boxes.place]]
                kind = "oci"
                url = "oci://localhost:5000/team"
                user = "me"
                password = "secret"

                [[boxes.place]]
                kind = "catalog"
                url = "shelf"

                [[boxes.mirror]]
                of = "https://a/"
                at = "https://b/"
            "#,
            expect![[r#"
                Settings {
                    lock: false,
                    places: [
                        Place {
                            kind: Oci,
                            url: "oci://localhost:5000/team",
                        },
                        Place {
                            kind: Catalog,
                            url: "HOME/shelf",
                        },
                    ],
                    accounts: [
                        Account {
                            url: "https://localhost:5000/",
                            access: Password(me, ...),
                        },
                        Account {
                            url: "http://localhost:5000/",
                            access: Password(me, ...),
                        },
                    ],
                    mirrors: [
                        Mirror {
                            of: "https://a/",
                            at: "https://b/",
                        },
                    ],
                }
            "#]],
        );
    }

    #[test]
    fn a_mistake_names_its_line_and_no_secret() {
        check(
            "[boxes]\n\ntoken = \"hunter2\"\n",
            expect![[r#"
                the settings in HOME/settings.toml cannot be used: line 3: unknown field `token`, expected one of `lock`, `place`, `mirror`, `account`
                  what to do: docs/settings.md says what they may say
            "#]],
        );
        check(
            "[[boxes.place]]\nkind = \"ftp\"\nurl = \"x\"\n",
            expect![[r#"
                the settings in HOME/settings.toml cannot be used: `ftp` is no kind of place: catalog, files, gitea, hcp, images and oci are
                  what to do: docs/settings.md says what they may say
            "#]],
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        check(
            "[[boxes.place]]\nkind = \"hcp\"\nurl = \"https://a\"\ntoken = \"hunter2\"\n",
            expect![[r#"
                HOME/settings.toml holds a secret, and others may read it
                  what to do: `chmod 600 HOME/settings.toml` closes it
            "#]],
        );
    }
}
