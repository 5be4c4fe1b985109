//! Turning a guest off and on.

/// Shuts a Linux down, whatever its first process is.
pub(super) const HALT: &str = "if [ -d /run/systemd/system ]; then
  systemctl poweroff
else
  shutdown -h now 2>/dev/null || poweroff
fi
";

/// Reboots a Linux.
pub(super) const REBOOT: &str = "if [ -d /run/systemd/system ]; then
  systemctl reboot
else
  reboot
fi
";

/// A script that says which boot this is: another answer means that the guest has been rebooted.
pub const BOOT_ID: &str = "cat /proc/sys/kernel/random/boot_id\n";
