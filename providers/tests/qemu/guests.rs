//! Guests of one sector: they boot in a tenth of a second and do the one thing a test is about.

/// Says so on the serial port, then sleeps until the power button is pressed, and powers off.
pub const OBEDIENT: &[u8] = &[
    0xfa, // cli
    0x31, 0xc0, // xor ax, ax
    0x8e, 0xd8, // mov ds, ax
    0xbc, 0x00, 0x7c, // mov sp, 0x7c00
    0x8e, 0xd0, // mov ss, ax
    0xbe, 0x33, 0x7c, // mov si, message
    0xba, 0xf8, 0x03, // mov dx, 0x3f8      the first serial port
    0xac, // next: lodsb
    0x84, 0xc0, // test al, al
    0x74, 0x03, // jz listen
    0xee, // out dx, al
    0xeb, 0xf8, // jmp next
    0xba, 0x02, 0x06, // listen: mov dx, 0x602   ACPI's PM1 enable register
    0xb8, 0x00, 0x01, // mov ax, 0x100      the power button
    0xef, // out dx, ax
    0xfb, // sti
    0xf4, // sleep: hlt                    the timer wakes it
    0xba, 0x00, 0x06, // mov dx, 0x600      PM1 status
    0xed, // in ax, dx
    0xf6, 0xc4, 0x01, // test ah, 1
    0x74, 0xf6, // jz sleep
    0xba, 0x04, 0x06, // mov dx, 0x604      PM1 control
    0xb8, 0x00, 0x20, // mov ax, 0x2000     sleep state S5
    0xef, // out dx, ax
    0xeb, 0xed, // jmp sleep
    b'g', b'u', b'e', b's', b't', b' ', b'i', b's', b' ', b'u', b'p', b'\r', b'\n', 0,
];

/// Sleeps for ever.
pub const DEAF: &[u8] = &[
    0xfb, // sti
    0xf4, // sleep: hlt
    0xeb, 0xfd, // jmp sleep
];

/// Writes `1` and resets the machine; when it has been reset, writes `2` and sleeps for ever.
pub const REBOOTING: &[u8] = &[
    0x31, 0xc0, // xor ax, ax
    0x8e, 0xd8, // mov ds, ax
    0xba, 0xf8, 0x03, // mov dx, 0x3f8
    0xb0, 0x7f, // mov al, 0x7f           a byte of the clock's memory, which a reset keeps
    0xe6, 0x70, // out 0x70, al
    0xe4, 0x71, // in al, 0x71
    0x3c, 0x4a, // cmp al, 0x4a
    0x74, 0x14, // je again
    0xb0, 0x7f, // mov al, 0x7f
    0xe6, 0x70, // out 0x70, al
    0xb0, 0x4a, // mov al, 0x4a
    0xe6, 0x71, // out 0x71, al
    0xb0, 0x31, // mov al, '1'
    0xee, // out dx, al
    0xb0, 0x06, // mov al, 6
    0xba, 0xf9, 0x0c, // mov dx, 0xcf9      reset control
    0xee, // out dx, al
    0xf4, // hlt
    0xeb, 0xfd, // jmp $-1
    0xb0, 0x32, // again: mov al, '2'
    0xee, // out dx, al
    0xfb, // sti
    0xf4, // sleep: hlt
    0xeb, 0xfd, // jmp sleep
];

/// A disk image with that guest in its boot sector. The firmware reads no disk of less than a cylinder.
pub fn disk_image(guest: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 4 * 1024 * 1024];
    image[..guest.len()].copy_from_slice(guest);
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    image
}
