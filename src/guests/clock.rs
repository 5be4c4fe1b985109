//! Setting a guest's clock.

/// Sets the clock where it is more than a second off. GNU and busybox take the time with `-s`, the BSDs with `-f`.
pub(super) fn set(seconds_since_epoch: u64) -> String {
    format!(
        "now={seconds_since_epoch}
have=$(date +%s) || exit
off=$((have - now))
[ \"${{off#-}}\" -le 1 ] || date -u -s \"@$now\" >/dev/null 2>&1 || date -u -f %s \"$now\" >/dev/null
"
    )
}
