//! The signals that SSH can name, and their numbers.

use russh::Sig;

/// The number of a signal, as Linux counts; what a shell adds to 128.
pub(super) fn number(signal: &Sig) -> Option<u32> {
    let number = match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(name) => return custom(name),
    };
    Some(number)
}

fn custom(name: &str) -> Option<u32> {
    // OpenSSH sends what the protocol does not name as `BUS@openssh.com`.
    let plain = name.split('@').next().unwrap_or(name);
    let number = match plain {
        "TRAP" => 5,
        "BUS" => 7,
        "USR2" => 12,
        "XCPU" => 24,
        "XFSZ" => 25,
        "SYS" => 31,
        _ => return None,
    };
    Some(number)
}
