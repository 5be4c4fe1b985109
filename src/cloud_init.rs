//! The disk that tells a cloud image who it is: cloud-init's NoCloud form, a FAT file system called CIDATA with two files.
//!
//! Pure: a value becomes bytes. It is not told what a machine is, nor where the bytes go.

use std::io::{self, Cursor, Write};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};

use crate::digest;

/// The name by which cloud-init knows the file system, filled up as FAT has it.
const LABEL: [u8; 11] = *b"CIDATA     ";

/// A small FAT file system and what scripts may need; more user data make a larger disk.
const SMALLEST_DISK: usize = 1 << 20;

const CLOUD_CONFIG: &str = "text/cloud-config";

/// What a guest is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Who the guest is: another one makes cloud-init begin anew.
    pub instance_id: String,
    /// The guest's name.
    pub host_name: String,
    /// The user who logs in.
    pub user: String,
    /// Lines of `authorized_keys`.
    pub keys: Vec<String>,
    /// Further data of the Vagrantfile's.
    pub parts: Vec<Part>,
}

/// A piece of user data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its MIME type.
    pub content_type: String,
    /// The file name that it gets.
    pub filename: Option<String>,
    /// The data.
    pub content: String,
}

impl Seed {
    /// The disk, byte for byte; the same for the same value.
    pub fn disk(&self) -> io::Result<Vec<u8>> {
        let (meta_data, user_data) = (self.meta_data(), self.user_data());
        let size = SMALLEST_DISK + (meta_data.len() + user_data.len()).next_multiple_of(SMALLEST_DISK);
        let mut disk = Cursor::new(vec![0; size]);
        let options = FormatVolumeOptions::new().volume_label(LABEL).fat_type(FatType::Fat12);
        fatfs::format_volume(&mut disk, options)?;
        let files = FileSystem::new(&mut disk, FsOptions::new())?;
        for (name, content) in [("meta-data", meta_data), ("user-data", user_data)] {
            let mut file = files.root_dir().create_file(name)?;
            file.truncate()?;
            file.write_all(content.as_bytes())?;
            file.flush()?;
        }
        files.unmount()?;
        Ok(disk.into_inner())
    }

    fn meta_data(&self) -> String {
        let (instance_id, host_name) = (quoted(&self.instance_id), quoted(&self.host_name));
        format!("instance-id: {instance_id}\nlocal-hostname: {host_name}\n")
    }

    /// The user's part alone, or all parts as a message of several. The user's comes last, and adds to what is there.
    fn user_data(&self) -> String {
        let user = self.user_part();
        if self.parts.is_empty() {
            return user.content;
        }
        let parts: Vec<&Part> = self.parts.iter().chain([&user]).collect();
        let boundary = boundary(&parts);
        let mut message = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n");
        for part in parts {
            message.push_str(&format!("--{boundary}\n{}", part.as_mime()));
        }
        message + &format!("--{boundary}--\n")
    }

    fn user_part(&self) -> Part {
        let mut content = format!(
            "#cloud-config\nmerge_how:\n  - {{name: list, settings: [append]}}\n  - {{name: dict, settings: [no_replace, \
             recurse_list]}}\nusers:\n  - default\n  - name: {}\n    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n    shell: /bin/bash\n    \
             lock_passwd: true\n    ssh_authorized_keys:\n",
            quoted(&self.user)
        );
        for key in &self.keys {
            content.push_str(&format!("      - {}\n", quoted(key)));
        }
        Part {
            content_type: CLOUD_CONFIG.to_owned(),
            filename: None,
            content,
        }
    }
}

impl Part {
    fn as_mime(&self) -> String {
        let disposition = self.filename.as_ref().map(|it| {
            let name: String = it.chars().filter(|it| !it.is_control() && *it != '"').collect();
            format!("Content-Disposition: attachment; filename=\"{name}\"\n")
        });
        format!(
            "Content-Type: {}; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n{}\n{}\n",
            self.content_type,
            disposition.unwrap_or_default(),
            self.content.trim_end_matches('\n')
        )
    }
}

/// A line that none of the parts has, and the same for the same parts.
fn boundary(parts: &[&Part]) -> String {
    let contents: String = parts.iter().map(|it| it.content.as_str()).collect();
    format!("seed-{:.32}", digest::sha256(contents))
}

/// Text as YAML reads it, whatever is in it: JSON's form is one of YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use expect_test::{Expect, expect};

    use super::*;

    fn seed(parts: Vec<Part>) -> Seed {
        Seed {
            instance_id: "i-0123".to_owned(),
            host_name: "web".to_owned(),
            user: "vagrant".to_owned(),
            keys: vec!["ssh-ed25519 AAAA jaunt".to_owned()],
            parts,
        }
    }

    /// A file of the disk, read as a guest reads it.
    fn file(disk: &[u8], name: &str) -> String {
        let files = FileSystem::new(Cursor::new(disk.to_vec()), FsOptions::new()).unwrap();
        let mut text = String::new();
        files
            .root_dir()
            .open_file(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    fn check(seed: &Seed, expected: Expect) {
        let disk = seed.disk().unwrap();
        expected.assert_eq(&format!(
            "{}---\n{}",
            file(&disk, "meta-data"),
            file(&disk, "user-data")
        ));
    }

    #[test]
    fn the_disk_has_the_name_the_user_and_the_key() {
        check(
            &seed(Vec::new()),
            expect![[r#"
            instance-id: "i-0123"
            local-hostname: "web"
            ---
            #cloud-config
            merge_how:
              - {name: list, settings: [append]}
              - {name: dict, settings: [no_replace, recurse_list]}
            users:
              - default
              - name: "vagrant"
                sudo: "ALL=(ALL) NOPASSWD:ALL"
                shell: /bin/bash
                lock_passwd: true
                ssh_authorized_keys:
                  - "ssh-ed25519 AAAA jaunt"
        "#]],
        );
    }

    #[test]
    fn what_the_vagrantfile_adds_comes_as_parts_of_a_message() {
        let part = |kind: &str, filename: Option<&str>, content: &str| Part {
            content_type: kind.to_owned(),
            filename: filename.map(str::to_owned),
            content: content.to_owned(),
        };
        let parts = vec![
            part("text/cloud-config", None, "#cloud-config\npackages: [tree]\n"),
            part("text/x-shellscript", Some("a\"b\n.sh"), "#!/bin/sh\ndate\n"),
        ];
        check(
            &seed(parts),
            expect![[r#"
            instance-id: "i-0123"
            local-hostname: "web"
            ---
            Content-Type: multipart/mixed; boundary="seed-ecd74fd8db7fea38295eee267c306066"
            MIME-Version: 1.0

            --seed-ecd74fd8db7fea38295eee267c306066
            Content-Type: text/cloud-config; charset="utf-8"
            MIME-Version: 1.0
            Content-Transfer-Encoding: 8bit

            #cloud-config
            packages: [tree]
            --seed-ecd74fd8db7fea38295eee267c306066
            Content-Type: text/x-shellscript; charset="utf-8"
            MIME-Version: 1.0
            Content-Transfer-Encoding: 8bit
            Content-Disposition: attachment; filename="ab.sh"

            #!/bin/sh
            date
            --seed-ecd74fd8db7fea38295eee267c306066
            Content-Type: text/cloud-config; charset="utf-8"
            MIME-Version: 1.0
            Content-Transfer-Encoding: 8bit

            #cloud-config
            merge_how:
              - {name: list, settings: [append]}
              - {name: dict, settings: [no_replace, recurse_list]}
            users:
              - default
              - name: "vagrant"
                sudo: "ALL=(ALL) NOPASSWD:ALL"
                shell: /bin/bash
                lock_passwd: true
                ssh_authorized_keys:
                  - "ssh-ed25519 AAAA jaunt"
            --seed-ecd74fd8db7fea38295eee267c306066--
        "#]],
        );
    }

    #[test]
    fn the_file_system_is_called_as_cloud_init_looks_for_it() {
        let disk = seed(Vec::new()).disk().unwrap();
        let files = FileSystem::new(Cursor::new(disk), FsOptions::new()).unwrap();

        assert_eq!(files.volume_label(), "CIDATA");
        assert_eq!(
            files.read_volume_label_from_root_dir().unwrap().as_deref(),
            Some("CIDATA")
        );
    }

    #[test]
    fn a_name_that_is_yaml_of_its_own_is_text() {
        let seed = Seed {
            host_name: "x\"\nusers: []".to_owned(),
            ..seed(Vec::new())
        };

        assert_eq!(
            seed.meta_data(),
            "instance-id: \"i-0123\"\nlocal-hostname: \"x\\\"\\nusers: []\"\n"
        );
    }
}
