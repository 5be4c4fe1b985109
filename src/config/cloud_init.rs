//! `config.vm.cloud_init`: data that the Vagrantfile gives to the guest's cloud-init.

use std::path::PathBuf;

use schema::{Default, Descriptor, Kind};

use super::ProjectFacts;
use super::mistake::Mistakes;
use super::reader::Reader;
use super::table::{Body, Called, Table};
use super::value::to_text;

const SECTION: &str = "vm";

/// The one kind of data that there is.
const USER_DATA: &str = "user_data";

/// What cloud-init knows of.
const CONTENT_TYPES: &[&str] = &[
    "text/cloud-boothook",
    "text/cloud-config",
    "text/cloud-config-archive",
    "text/jinja2",
    "text/part-handler",
    "text/upstart-job",
    "text/x-include-once-url",
    "text/x-include-url",
    "text/x-shellscript",
];

/// The options of one piece of data.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "type",
        Kind::Word(&[USER_DATA]),
        Default::Symbol(USER_DATA),
        "What the data are; there is user data only.",
    ),
    Descriptor::attribute(
        "content_type",
        Kind::Word(CONTENT_TYPES),
        Default::Nil,
        "The MIME type by which cloud-init knows what to do with the data.",
    ),
    Descriptor::attribute(
        "content_disposition_filename",
        Kind::String,
        Default::Nil,
        "The file name that the data get in the guest.",
    ),
    Descriptor::attribute("path", Kind::HostPath, Default::Nil, "The file that has the data."),
    Descriptor::attribute("inline", Kind::String, Default::Nil, "The data themselves."),
    Descriptor::reading("id", "What Vagrant tells pieces apart by."),
];

/// A piece of user data.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudInit {
    /// Its MIME type.
    pub content_type: String,
    /// The file name that it gets.
    pub filename: Option<String>,
    /// Where it is.
    pub source: Source,
}

/// Where data are.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// In the Vagrantfile.
    Inline(String),
    /// In a file of the host's.
    File(PathBuf),
}

impl CloudInit {
    /// Reads all pieces, in the order of the file; what is wrong with one is noted, and it is left out.
    pub fn read_all(calls: &[Called], project: &ProjectFacts, mistakes: &mut Mistakes) -> Vec<Self> {
        calls
            .iter()
            .filter_map(|it| Self::read(it, project, mistakes))
            .collect()
    }

    fn read(called: &Called, project: &ProjectFacts, mistakes: &mut Mistakes) -> Option<Self> {
        let body = body_of(called);
        let descriptors = [OPTIONS];
        let mut reader = Reader::new(&body.options, &descriptors, SECTION, Some(&called.origin), mistakes);
        reader.refuse_unknown("of cloud_init", &body);
        reader.word("type");
        let content_type = reader.word("content_type");
        if content_type.is_none() && !body.options.contains("content_type") {
            let mistake = reader.mistake("content_type", "cloud_init needs a `content_type`");
            mistake.advise("`text/cloud-config` is the usual one");
        }
        let source = match (reader.text("inline"), reader.text("path")) {
            (Some(text), None) => Some(Source::Inline(text)),
            (None, Some(path)) => Some(file(&mut reader, project.expand(&path))),
            _ => {
                reader.mistake("path", "cloud_init needs either `inline` or `path`");
                None
            }
        };
        Some(Self {
            content_type: content_type?,
            filename: reader.text("content_disposition_filename"),
            source: source?,
        })
    }
}

fn file(reader: &mut Reader<'_>, path: PathBuf) -> Source {
    if !path.is_file() {
        let message = format!(
            "the file {} is not there: cloud_init cannot take its data from it",
            path.display()
        );
        reader.mistake("path", message);
    }
    Source::File(path)
}

/// The options of a call, whether they stand in it or in its block.
fn body_of(called: &Called) -> Body {
    let mut body = Body {
        options: Table::of_call(&called.call, &called.origin),
        calls: Vec::new(),
    };
    if let Some(kind) = called.call.positional.iter().find(|it| to_text(it).is_some()) {
        body.assign("type", kind, &called.origin, &[OPTIONS]);
    }
    body.run(&called.call.body, &[OPTIONS]);
    body
}
