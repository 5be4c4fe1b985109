//! Vagrantfiles in Ruby, Lua and TOML, read into layers.

pub mod layer;
