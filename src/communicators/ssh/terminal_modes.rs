//! What the guest's terminal should be like: the local one's special keys and settings, in the protocol's numbers.

use std::os::fd::AsFd;

use russh::Pty;
use rustix::termios::{ControlModes, InputModes, LocalModes, OutputModes, SpecialCodeIndex, Termios, tcgetattr};

/// The settings of a terminal; none where it is none.
pub(super) fn of(terminal: impl AsFd) -> Vec<(Pty, u32)> {
    tcgetattr(terminal).map(|it| modes(&it)).unwrap_or_default()
}

fn modes(terminal: &Termios) -> Vec<(Pty, u32)> {
    let speeds = [
        (Pty::TTY_OP_ISPEED, terminal.input_speed()),
        (Pty::TTY_OP_OSPEED, terminal.output_speed()),
    ];
    let keys = KEYS
        .iter()
        .map(|&(pty, index)| (pty, u32::from(terminal.special_codes[index])));
    let input = INPUT
        .iter()
        .map(|&(pty, mode)| (pty, terminal.input_modes.contains(mode).into()));
    let local = LOCAL
        .iter()
        .map(|&(pty, mode)| (pty, terminal.local_modes.contains(mode).into()));
    let output = OUTPUT
        .iter()
        .map(|&(pty, mode)| (pty, terminal.output_modes.contains(mode).into()));
    let control = [(Pty::CS8, terminal.control_modes.contains(ControlModes::CS8).into())];
    speeds
        .into_iter()
        .chain(keys)
        .chain(input)
        .chain(local)
        .chain(output)
        .chain(control)
        .collect()
}

const KEYS: &[(Pty, SpecialCodeIndex)] = &[
    (Pty::VINTR, SpecialCodeIndex::VINTR),
    (Pty::VQUIT, SpecialCodeIndex::VQUIT),
    (Pty::VERASE, SpecialCodeIndex::VERASE),
    (Pty::VKILL, SpecialCodeIndex::VKILL),
    (Pty::VEOF, SpecialCodeIndex::VEOF),
    (Pty::VEOL, SpecialCodeIndex::VEOL),
    (Pty::VEOL2, SpecialCodeIndex::VEOL2),
    (Pty::VSTART, SpecialCodeIndex::VSTART),
    (Pty::VSTOP, SpecialCodeIndex::VSTOP),
    (Pty::VSUSP, SpecialCodeIndex::VSUSP),
    (Pty::VREPRINT, SpecialCodeIndex::VREPRINT),
    (Pty::VWERASE, SpecialCodeIndex::VWERASE),
    (Pty::VLNEXT, SpecialCodeIndex::VLNEXT),
    (Pty::VDISCARD, SpecialCodeIndex::VDISCARD),
];

const INPUT: &[(Pty, InputModes)] = &[
    (Pty::IGNPAR, InputModes::IGNPAR),
    (Pty::PARMRK, InputModes::PARMRK),
    (Pty::INPCK, InputModes::INPCK),
    (Pty::ISTRIP, InputModes::ISTRIP),
    (Pty::INLCR, InputModes::INLCR),
    (Pty::IGNCR, InputModes::IGNCR),
    (Pty::ICRNL, InputModes::ICRNL),
    (Pty::IXON, InputModes::IXON),
    (Pty::IXANY, InputModes::IXANY),
    (Pty::IXOFF, InputModes::IXOFF),
    (Pty::IMAXBEL, InputModes::IMAXBEL),
    #[cfg(target_os = "linux")]
    (Pty::IUTF8, InputModes::IUTF8),
];

const LOCAL: &[(Pty, LocalModes)] = &[
    (Pty::ISIG, LocalModes::ISIG),
    (Pty::ICANON, LocalModes::ICANON),
    (Pty::ECHO, LocalModes::ECHO),
    (Pty::ECHOE, LocalModes::ECHOE),
    (Pty::ECHOK, LocalModes::ECHOK),
    (Pty::ECHONL, LocalModes::ECHONL),
    (Pty::NOFLSH, LocalModes::NOFLSH),
    (Pty::TOSTOP, LocalModes::TOSTOP),
    (Pty::IEXTEN, LocalModes::IEXTEN),
    (Pty::ECHOCTL, LocalModes::ECHOCTL),
    (Pty::ECHOKE, LocalModes::ECHOKE),
];

const OUTPUT: &[(Pty, OutputModes)] = &[
    (Pty::OPOST, OutputModes::OPOST),
    (Pty::ONLCR, OutputModes::ONLCR),
    (Pty::OCRNL, OutputModes::OCRNL),
    (Pty::ONOCR, OutputModes::ONOCR),
    (Pty::ONLRET, OutputModes::ONLRET),
];
