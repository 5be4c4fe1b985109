//! `Digest`, `Base64` and `SecureRandom`.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use sha2::{Digest, Sha256, Sha384, Sha512};

pub fn install(it: &mut Interpreter) {
    for name in ["MD5", "SHA1", "SHA256", "SHA2", "SHA384", "SHA512"] {
        let class = it.core.class_at(&format!("Digest::{name}"), &it.core.object.clone());
        it.own_methods(&class, CHECKSUMS);
        it.methods(&class, CHECKSUM);
    }
    let base64 = it.core.module_at("Base64");
    it.own_methods(&base64, BASE64);
    let random = it.core.module_at("SecureRandom");
    it.own_methods(&random, RANDOM);
    let random = it.core.class_at("Random", &it.core.object.clone());
    it.own_methods(&random, &[("rand", any_number), ("new_seed", any_number)]);
    it.methods(&random, &[("rand", any_number), ("seed", any_number)]);
}

/// A number of chance. A seed has no effect: the numbers that follow from one are Ruby's own.
fn any_number(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let kernel = Value::Class(it.core.kernel.clone());
    let name = crate::ruby::symbol::Symbol::new("rand");
    it.dispatch(&kernel, name, arguments.clone(), true)
}

/// What is checked so far.
type Content = std::cell::RefCell<Vec<u8>>;

const CHECKSUMS: Methods = &[
    ("hexdigest", |it, this, arguments| {
        let sum = of_argument(it, this, arguments)?;
        Ok(Value::string(hex(&sum)))
    }),
    ("base64digest", |it, this, arguments| {
        let sum = of_argument(it, this, arguments)?;
        Ok(Value::string(to_base64(&sum)))
    }),
    ("file", |it, this, arguments| {
        let path = super::file::path_argument(it, arguments.get(0))?;
        let content = it.shared.world.borrow().read(&path);
        let content = content.map_err(|error| super::file::failed(it, error, &path))?;
        started(it, this, content)
    }),
    ("new", |it, this, _| started(it, this, Vec::new())),
];

const CHECKSUM: Methods = &[
    ("update", update),
    ("<<", update),
    ("reset", |_, this, _| {
        if let Some(content) = content_of(this) {
            content.borrow_mut().clear();
        }
        Ok(this.clone())
    }),
    ("hexdigest", shown),
    ("to_s", shown),
    ("base64digest", |it, this, _| {
        let sum = of_content(it, this)?;
        Ok(Value::string(to_base64(&sum)))
    }),
];

fn started(it: &mut Interpreter, class: &Value, content: Vec<u8>) -> Eval {
    let class = super::module::class_argument(it, Some(class))?;
    let checksum = it.core.instance(&class);
    if let Value::Object(object) = &checksum {
        let content: Content = content.into();
        *object.native.borrow_mut() = Some(std::rc::Rc::new(content));
    }
    Ok(checksum)
}

fn content_of(this: &Value) -> Option<std::rc::Rc<Content>> {
    let Value::Object(object) = this else { return None };
    let native = object.native.borrow().clone();
    native?.downcast().ok()
}

fn update(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let text = it.text_of(arguments.get(0))?;
    it.reserve(text.len())?;
    if let Some(content) = content_of(this) {
        content.borrow_mut().extend_from_slice(text.as_bytes());
    }
    Ok(this.clone())
}

fn shown(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    let sum = of_content(it, this)?;
    Ok(Value::string(hex(&sum)))
}

fn of_argument(it: &mut Interpreter, class: &Value, arguments: &Arguments) -> Outcome<Vec<u8>> {
    let class = super::module::class_argument(it, Some(class))?;
    let text = it.text_of(arguments.get(0))?;
    it.work(text.len())?;
    Ok(checksum(&class.name.borrow(), text.as_bytes()))
}

fn of_content(it: &mut Interpreter, this: &Value) -> Outcome<Vec<u8>> {
    let class = it.class_of(this).name.borrow().clone();
    let content = content_of(this).map(|it| it.borrow().clone()).unwrap_or_default();
    it.work(content.len())?;
    Ok(checksum(&class, &content))
}

fn checksum(class: &str, content: &[u8]) -> Vec<u8> {
    match class {
        "Digest::MD5" => md5(content),
        "Digest::SHA1" => sha1(content),
        "Digest::SHA384" => Sha384::digest(content).to_vec(),
        "Digest::SHA512" => Sha512::digest(content).to_vec(),
        _ => Sha256::digest(content).to_vec(),
    }
}

const BASE64: Methods = &[
    ("encode64", |it, _, arguments| {
        let text = to_base64(it.text_of(arguments.get(0))?.as_bytes());
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(60)
            .map(|it| std::str::from_utf8(it).unwrap_or_default())
            .collect();
        Ok(Value::string(
            lines.iter().map(|it| format!("{it}\n")).collect::<String>(),
        ))
    }),
    ("strict_encode64", |it, _, arguments| {
        Ok(Value::string(to_base64(it.text_of(arguments.get(0))?.as_bytes())))
    }),
    ("urlsafe_encode64", |it, _, arguments| {
        let text = to_base64(it.text_of(arguments.get(0))?.as_bytes());
        Ok(Value::string(text.replace('+', "-").replace('/', "_")))
    }),
    ("decode64", decode),
    ("strict_decode64", decode),
    ("urlsafe_decode64", decode),
];

const RANDOM: Methods = &[
    ("hex", |it, _, arguments| {
        let count = if arguments.list.is_empty() {
            16
        } else {
            it.integer_of(arguments.get(0))?.clamp(0, 4096)
        };
        Ok(Value::string(hex(&bytes(it, count as usize))))
    }),
    ("uuid", |it, _, _| {
        let text = hex(&bytes(it, 16));
        Ok(Value::string(format!(
            "{}-{}-4{}-a{}-{}",
            &text[..8],
            &text[8..12],
            &text[13..16],
            &text[17..20],
            &text[20..32]
        )))
    }),
    ("alphanumeric", |it, _, arguments| {
        let count = if arguments.list.is_empty() {
            16
        } else {
            it.integer_of(arguments.get(0))?.clamp(0, 4096)
        };
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        Ok(Value::string(
            bytes(it, count as usize)
                .iter()
                .map(|it| char::from(LETTERS[usize::from(*it) % LETTERS.len()]))
                .collect::<String>(),
        ))
    }),
    ("base64", |it, _, arguments| {
        let count = base64_length(it, arguments)?;
        Ok(Value::string(to_base64(&bytes(it, count))))
    }),
    ("urlsafe_base64", |it, _, arguments| {
        let count = base64_length(it, arguments)?;
        Ok(Value::string(
            to_base64(&bytes(it, count))
                .replace('+', "-")
                .replace('/', "_")
                .replace('=', ""),
        ))
    }),
    ("random_number", |it, _, arguments| {
        let kernel = Value::Class(it.core.kernel.clone());
        it.dispatch(
            &kernel,
            crate::ruby::symbol::Symbol::new("rand"),
            arguments.clone(),
            true,
        )
    }),
];

fn base64_length(it: &mut Interpreter, arguments: &Arguments) -> Outcome<usize> {
    match arguments.get(0) {
        None | Some(Value::Nil) => Ok(16),
        count => Ok(it.integer_of(count)?.clamp(0, 4096) as usize),
    }
}

fn bytes(it: &mut Interpreter, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        bytes.extend(it.shared.world.borrow_mut().host.random().to_be_bytes());
    }
    bytes.truncate(count);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

fn decode(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let text = it.text_of(arguments.get(0))?;
    Ok(Value::string(String::from_utf8_lossy(&from_base64(&text)).into_owned()))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in base 64.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |sum, it| sum << 8 | u32::from(*it)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]);
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

/// Bytes from base 64; what is not of the alphabet is passed over.
pub fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes() {
        let letter = match letter {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let Some(value) = ALPHABET.iter().position(|it| *it == letter) else {
            continue;
        };
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// The text with the padding that MD5 and SHA-1 share.
fn padded(text: &[u8], length: [u8; 8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend(length);
    bytes
}

fn md5(content: &[u8]) -> Vec<u8> {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded(content, (content.len() as u64 * 8).to_le_bytes()).chunks_exact(64) {
        let words: Vec<u32> = block
            .chunks_exact(4)
            .map(|it| u32::from_le_bytes([it[0], it[1], it[2], it[3]]))
            .collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mix, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let constant = ((step as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mix).wrapping_add(constant).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (own, new) in state.iter_mut().zip([a, b, c, d]) {
            *own = own.wrapping_add(new);
        }
    }
    state.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn sha1(content: &[u8]) -> Vec<u8> {
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded(content, (content.len() as u64 * 8).to_be_bytes()).chunks_exact(64) {
        let mut words: Vec<u32> = block
            .chunks_exact(4)
            .map(|it| u32::from_be_bytes([it[0], it[1], it[2], it[3]]))
            .collect();
        for at in 16..80 {
            words.push((words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (step, word) in words.iter().enumerate() {
            let (mix, constant) = match step / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let sum = a
                .rotate_left(5)
                .wrapping_add(mix)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, sum);
        }
        for (own, new) in state.iter_mut().zip([a, b, c, d, e]) {
            *own = own.wrapping_add(new);
        }
    }
    state.iter().flat_map(|it| it.to_be_bytes()).collect()
}
