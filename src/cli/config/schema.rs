//! `jaunt config schema`.

use clap::{Args, ValueEnum};

use crate::context::Context;
use crate::error::Result;
use crate::options::{json_schema, lua_annotations, pages};

/// Print every option that a Vagrantfile can set, for editors
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What to print: a JSON Schema for Vagrantfile.toml, LuaCATS annotations for Vagrantfile.lua, or the reference for people
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Luacats,
    Markdown,
}

impl SchemaArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let text = match self.format {
            Format::Json => format!("{:#}\n", json_schema::schema()),
            Format::Luacats => lua_annotations::annotations(),
            Format::Markdown => pages::pages()
                .into_iter()
                .map(|it| format!("<!-- {} -->\n\n{}\n", it.file, it.text))
                .collect(),
        };
        context.ui.data(&text);
        Ok(0)
    }
}
