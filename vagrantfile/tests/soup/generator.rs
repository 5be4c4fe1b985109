//! Inputs from their numbers.

use std::fs;
use std::path::Path;

use super::words::{Language, Words};

/// Makes the inputs of a language.
pub struct Generator {
    words: Words,
    /// Real files, to be mutated.
    seeds: Vec<String>,
}

impl Generator {
    /// A generator with the project's own fixtures as seeds.
    pub fn new(language: Language) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vagrantfiles");
        let folders = fs::read_dir(fixtures).expect("the fixtures are there");
        let mut files: Vec<_> = folders
            .map(|it| it.expect("a folder").path().join(language.file_name()))
            .collect();
        files.sort();
        let seeds: Vec<String> = files.iter().filter_map(|it| fs::read_to_string(it).ok()).collect();
        assert!(!seeds.is_empty());
        Self {
            words: Words::of(language),
            seeds,
        }
    }

    /// The input of a number.
    pub fn input(&self, index: u64) -> String {
        let mut chance = Chance::new(index);
        match chance.below(100) {
            0..=24 => self.soup(&mut chance),
            25..=59 => self.mutant(&mut chance),
            60..=98 => self.calls(&mut chance),
            _ => self.nest(&mut chance),
        }
    }

    /// Words in any order.
    fn soup(&self, chance: &mut Chance) -> String {
        let mut text = String::new();
        for _ in 0..1 + chance.below(60) {
            let (word, gap): (&String, &&str) = (chance.of(&self.words.all), chance.of(&["", " ", " ", " ", "\n"]));
            text.push_str(word);
            text.push_str(gap);
        }
        text
    }

    /// A real file with a few changes.
    fn mutant(&self, chance: &mut Chance) -> String {
        let mut text: Vec<char> = chance.of(&self.seeds).chars().collect();
        for _ in 0..1 + chance.below(6) {
            let from = chance.below(text.len() + 1);
            let to = (from + chance.below(30)).min(text.len());
            let with: Vec<char> = match chance.below(6) {
                0 => Vec::new(),
                1 => text[from..to].repeat(1 + chance.below(4)),
                2 => self.piece(chance),
                3 => char::from_u32(chance.below(0x3000) as u32).into_iter().collect(),
                4 => chance.of(&self.words.values).chars().collect(),
                _ => chance.of(&self.words.all).chars().collect(),
            };
            let to = if chance.below(2) == 0 { from } else { to };
            text.splice(from..to, with);
        }
        text.into_iter().collect()
    }

    /// Some lines of another real file.
    fn piece(&self, chance: &mut Chance) -> Vec<char> {
        let lines: Vec<&str> = chance.of(&self.seeds).lines().collect();
        let from = chance.below(lines.len());
        let to = (from + 1 + chance.below(4)).min(lines.len());
        lines[from..to].join("\n").chars().collect()
    }

    /// Known calls with values that they do not expect.
    fn calls(&self, chance: &mut Chance) -> String {
        let lines = 1 + chance.below(12);
        let calls: Vec<String> = (0..lines).map(|_| self.words.call(chance)).collect();
        self.words.within_a_file(&calls.join("\n"))
    }

    /// The same bracket again and again.
    fn nest(&self, chance: &mut Chance) -> String {
        let (open, close) = *chance.of(self.words.brackets);
        let depth = 1 << chance.below(15);
        let close = if chance.below(2) == 0 { close } else { "" };
        format!(
            "{}{}{}",
            open.repeat(depth),
            chance.of(&self.words.values),
            close.repeat(depth)
        )
    }
}

/// Numbers that look random and follow from a seed (SplitMix64).
pub struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// One of several.
    pub fn of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }
}
