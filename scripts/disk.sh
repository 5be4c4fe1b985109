# shellcheck shell=bash disable=SC2154
# How a folder becomes a disk that boots. To be sourced after lib.sh; `work` is the caller's scratch folder.

# make_bootable_disk BOOT_FOLDER BOOT_MIB ROOT_FOLDER ROOT_MIB ROOT_LABEL DISK.qcow2
#
# A FAT partition for syslinux and the kernel, the system on ext4 beside it: both are filled as files, so neither root
# nor a loop device is needed, and a container has none.
make_bootable_disk() {
    local boot_folder=$1 boot_size=$2 root_folder=$3 root_size=$4 label=$5 disk=$6
    local raw=$work/disk.raw boot=$work/boot.raw root=$work/root.raw
    truncate -s $((boot_size + root_size + 1))M "$raw"
    sfdisk -q "$raw" <<TABLE
label: dos
label-id: 0x6a61756e
start=1MiB, size=${boot_size}MiB, type=6, bootable
start=$((boot_size + 1))MiB, size=${root_size}MiB, type=83
TABLE
    make_boot_partition "$boot_folder" "$boot_size" "$boot"
    make_root_partition "$root_folder" "$root_size" "$label" "$root"
    dd if="$(master_boot_record)" of="$raw" bs=440 count=1 conv=notrunc status=none
    dd if="$boot" of="$raw" bs=1M seek=1 conv=notrunc,sparse status=none
    dd if="$root" of="$raw" bs=1M seek=$((boot_size + 1)) conv=notrunc,sparse status=none
    qemu-img convert -f raw -O qcow2 "$raw" "$disk"
}

make_boot_partition() {
    local folder=$1 size=$2 image=$3
    truncate -s "${size}M" "$image"
    mkfs.vfat -F 16 -n BOOT "$image" >/dev/null
    syslinux --install "$image"
    mcopy -s -i "$image" "$folder"/* ::
}

make_root_partition() {
    local folder=$1 size=$2 label=$3 image=$4
    # The tables are written here: a fresh guest would otherwise spend its first minute on them.
    mke2fs -q -F -t ext4 -L "$label" -m 0 -E lazy_itable_init=0,lazy_journal_init=0 -d "$folder" "$image" "${size}M" \
        >"$work/mke2fs.log" 2>&1 || die "cannot make the file system $label: $(cat "$work/mke2fs.log")"
}

master_boot_record() {
    local it
    for it in /usr/lib/syslinux/mbr/mbr.bin /usr/lib/SYSLINUX/mbr.bin /usr/lib/EXTLINUX/mbr.bin; do
        [ -f "$it" ] && printf '%s\n' "$it" && return
    done
    die "there is no mbr.bin of syslinux here: run scripts/setup test"
}
